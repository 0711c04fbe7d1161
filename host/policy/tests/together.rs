//! All policies together against simulated endpoints, by seed.
//!
//! A seed stands for rules, an upstream of one to eight endpoints, and what befalls them in a
//! minute: they die, freeze, fail by halves, flap, are slow. Then all of them are fine. Asked
//! of every seed:
//!
//! - What was admitted is given back: in the end nothing is in flight and nobody in line.
//! - No endpoint is locked out for ever: once all have been fine for as long as the rules say
//!   recovery takes, each of the best level gets traffic again, each is eligible, and no
//!   request fails any more.
//! - Over any 10 s retries are at most the floor and their share of the requests, and none is
//!   refused that the budget had left, to a second.
//! - An endpoint is ejected only while another is eligible, and never more than the share.
//! - No retry is granted that would begin at the deadline or later.
//! - A breaker's state changes only by a pass of that state, and an open one is never listed.
//! - A request fails for a reason that is true: the line was full or the wait in it over, the
//!   budget was spent, the time was over, or the rule of retries lets the failure stand. That
//!   nobody is listed happens only when no endpoint has been fine for as long as recovery
//!   takes, and never with panic while one is merely in doubt.
//! - Where one endpoint is fine all the time and the others fail always, requests that fail
//!   are bounded by what the breakers let through, however many there are.
//!
//! A failure prints its seed; `TIDEGATE_SEED=n` runs that one alone.
//!
//! Faults that were planted and found, each by itself: a probe's place that is not given back
//! after an unknown outcome, or never lost; a pass of an earlier state, or settled twice,
//! that counts; a probe too few or too many; a cooldown that does not end, does not double or
//! knows no bound; retries that the budget forgets after nine seconds, requests that it
//! remembers for eleven, a budget that pays half; a retry that waits beyond the deadline; the
//! last endpoint ejected, or more than the share; an ejection without an end; panic that
//! lists nobody in doubt, or an open breaker; a place in the queue or at an endpoint that is
//! given back never or twice; health that takes five times as long to rise.

#[path = "together/log.rs"]
mod log;
#[path = "together/plan.rs"]
mod plan;
#[path = "together/random.rs"]
mod random;
#[path = "together/world.rs"]
mod world;

use plan::{Plan, TROUBLE, WATCH};
use random::Random;
use std::collections::BTreeMap;
use std::time::Instant;
use tidegate_policy::Standing;
use world::World;

/// As many as take a few seconds.
const SEEDS: u64 = 700;

/// What must happen in a sweep, or it proves little.
const EVERYTHING: [&str; 10] = [
    "blocked",
    "closing",
    "down",
    "ejection",
    "nobody",
    "panic",
    "spill",
    "trip",
    "unaffordable",
    "wait",
];

/// Says which seed it was when a test fails.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("run it again with TIDEGATE_SEED={}", self.0);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "replays a seed by hand")]
fn seeds() -> Vec<u64> {
    match std::env::var("TIDEGATE_SEED") {
        Ok(seed) => vec![seed.parse().expect("TIDEGATE_SEED is a number")],
        Err(_) => (0..SEEDS).collect(),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "an origin for the test's own clock"
)]
fn origin() -> Instant {
    Instant::now()
}

/// What happened, and how often.
fn live(seed: u64) -> BTreeMap<&'static str, u32> {
    let mut random = Random::new(seed);
    let plan = Plan::new(&mut random);
    let mut world = World::new(&plan, random, origin());
    world.run();
    nothing_is_left(&world);
    all_are_trusted_again(&plan, &world);
    world.log.assert_affordable(plan.budget);
    if plan.steady {
        failures_are_bounded(&plan, &world);
    }
    world.log.tried
}

fn nothing_is_left(world: &World) {
    assert_eq!((world.queue.in_flight(), world.queue.waiting()), (0, 0));
    for endpoint in &world.endpoints {
        assert_eq!(endpoint.limit.in_flight(), 0);
    }
}

fn all_are_trusted_again(plan: &Plan, world: &World) {
    let watched = world.start + plan.end() - WATCH;
    let failed: Vec<_> = world
        .log
        .failures
        .iter()
        .filter(|(when, _)| *when >= watched)
        .collect();
    assert!(failed.is_empty(), "all are fine, and yet: {failed:?}");
    for (position, endpoint) in world.endpoints.iter().enumerate() {
        assert_eq!(world.standing(position), Standing::Eligible);
        assert!(endpoint.breaker.eligible(world.now) && endpoint.limit.eligible());
        let served = endpoint.last_success.is_some_and(|when| when >= watched);
        assert!(
            served || endpoint.site.priority > 0,
            "{position} gets no traffic"
        );
    }
}

fn failures_are_bounded(plan: &Plan, world: &World) {
    let failing = world.endpoints.iter().skip(1);
    let most: u32 = failing
        .map(|endpoint| plan.failures_let_through(endpoint.most_in_flight))
        .sum();
    let failed = world.log.failures_before(world.start + TROUBLE);
    assert!(
        failed <= most as usize,
        "{failed} requests failed, not {most} at most"
    );
}

#[test]
fn policies_hold_together() {
    let seeds = seeds();
    let mut all = BTreeMap::<_, u32>::new();
    for seed in &seeds {
        let seed = Seed(*seed);
        for (what, times) in live(seed.0) {
            *all.entry(what).or_default() += times;
        }
    }
    println!("{all:?}");
    if seeds.len() > 1 {
        let happened: Vec<_> = all.into_keys().collect();
        assert_eq!(happened, EVERYTHING, "a sweep must meet everything");
    }
}
