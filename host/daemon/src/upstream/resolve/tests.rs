//! A resolver against a server that answers as the test says.
//!
//! Nothing here sleeps. What has been learnt is known from what is asked next: a name is
//! asked for again only when the answer before was taken in.

use super::known::MOST;
use super::system::{Directory, Source};
use super::*;
use crate::config::value::{Family, Resolve};
use std::net::SocketAddr;
use test_backend::dns::{
    Data, Kind, NXDOMAIN, REFUSED, Raw, Record, Reply, SERVFAIL, ScriptedDns, message,
    read_question,
};

/// Longer than anything here takes, however busy the machine.
const LONG: Duration = Duration::from_secs(30);
/// So long a server may be silent where a test waits for it.
const SHORT: Duration = Duration::from_millis(300);

struct World {
    dns: ScriptedDns,
    resolver: Arc<Resolver>,
}

impl World {
    fn new(timeout: Duration) -> Self {
        let dns = ScriptedDns::start().unwrap();
        let config = value::Resolver {
            servers: vec![dns.address()],
            timeout,
        };
        let resolver = Resolver::new(&config).unwrap();
        Self { dns, resolver }
    }

    async fn first(&self, name: &Name) {
        self.resolver.first(std::slice::from_ref(name), LONG).await;
    }

    fn addresses(&self, name: &Name) -> Vec<String> {
        texts(&self.resolver.addresses(name))
    }

    fn failure(&self, name: &Name) -> String {
        self.resolver.failure(name).unwrap_or_default()
    }

    /// Waits until answers to questions that came after this call have been taken in.
    fn rounds(&self, host: &str) {
        let times = self.dns.asked(host, Kind::A) + 3;
        assert!(self.dns.wait_asked(host, Kind::A, times, LONG), "{host}");
    }

    /// Waits for a state that the name comes to if its answers come in time.
    fn until(&self, host: &str, state: impl Fn() -> bool) {
        let end = Instant::now() + LONG;
        while !state() {
            assert!(Instant::now() < end, "{host} does not come to it");
            self.rounds(host);
        }
    }
}

fn texts(addresses: &[IpAddr]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

/// A name that is asked for again after 10 to 20 ms, whatever its time to live.
fn brisk(host: &str, family: Family) -> Name {
    name(host, 10, 20, family)
}

fn name(host: &str, floor: u64, ceiling: u64, family: Family) -> Name {
    Name {
        host: host.into(),
        port: 80,
        resolve: Resolve {
            floor: Duration::from_millis(floor),
            ceiling: Duration::from_millis(ceiling),
            family,
        },
    }
}

fn alias(name: &str, target: &str) -> Record {
    Record {
        name: name.into(),
        ttl: 60,
        data: Data::Alias(target.into()),
    }
}

fn numbered(name: &str, count: u32) -> Vec<Record> {
    let record = |n: u32| Record {
        name: name.into(),
        ttl: 60,
        data: Data::Address(IpAddr::V4((0x0a00_0000 + n).into())),
    };
    (0..count).map(record).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_has_the_addresses_of_the_families_that_count() {
    let world = World::new(LONG);
    world
        .dns
        .set_addresses("web.test", 60, &["10.0.0.2", "10.0.0.1", "fd00::1"]);
    let any = brisk("web.test", Family::Any);
    world.first(&any).await;
    assert_eq!(world.addresses(&any), ["10.0.0.1", "10.0.0.2", "fd00::1"]);
    let v4 = brisk("web.test", Family::V4);
    world.first(&v4).await;
    assert_eq!(world.addresses(&v4), ["10.0.0.1", "10.0.0.2"]);
    assert_eq!(world.dns.asked("web.test", Kind::Aaaa), 1);
    let v6 = brisk("web.test", Family::V6);
    world.first(&v6).await;
    assert_eq!(world.addresses(&v6), ["fd00::1"]);
    assert_eq!(world.dns.asked("web.test", Kind::A), 2);
    assert_eq!(world.resolver.failure(&any), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_differ_by_port_are_asked_for_once() {
    let world = World::new(LONG);
    world.dns.set_addresses("web.test", 60, &["10.0.0.1"]);
    let one = name("web.test", 60_000, 60_000, Family::Any);
    let other = Name {
        port: 81,
        ..one.clone()
    };
    world
        .resolver
        .first(&[one.clone(), other.clone()], LONG)
        .await;
    world.first(&one).await;
    assert_eq!(world.addresses(&other), ["10.0.0.1"]);
    assert_eq!(world.dns.asked("web.test", Kind::A), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_seen_and_ticks() {
    let world = World::new(LONG);
    // Both live for an hour: that they are asked for again shows that the ceiling holds
    // and that no cache answers.
    world.dns.set_addresses("web.test", 3_600, &["10.0.0.1"]);
    let web = brisk("web.test", Family::Any);
    let mut changes = world.resolver.changes();
    world.first(&web).await;
    world.resolver.follow(vec![web.clone()]);
    world.rounds("web.test");
    assert!(!changes.has_changed().unwrap(), "not followed, no change");

    let steps: [&[&str]; 3] = [
        &["10.0.0.1", "10.0.0.2"],
        &["10.0.0.2", "fd00::1"],
        &["10.0.0.3"],
    ];
    for step in steps {
        world.dns.set_addresses("web.test", 3_600, step);
        while world.addresses(&web) != step {
            let changed = tokio::time::timeout(LONG, changes.changed()).await;
            changed.expect("in time").unwrap();
        }
    }
    world.rounds("web.test");
    changes.borrow_and_update();
    world.rounds("web.test");
    assert!(!changes.has_changed().unwrap(), "the same is no change");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_floor_holds_back() {
    let world = World::new(LONG);
    for host in ["web.test", "slow.test", "pace.test"] {
        world.dns.set_addresses(host, 0, &["10.0.0.1"]);
    }
    let slow = name("slow.test", 3_600_000, 3_600_000, Family::V4);
    let pace = name("pace.test", 50, 50, Family::V4);
    let names = vec![slow, pace, brisk("web.test", Family::V4)];
    world.resolver.first(&names, LONG).await;
    let began = Instant::now();
    world.resolver.follow(names);
    // Five answers after the first one, which came before we looked at the clock.
    assert!(world.dns.wait_asked("pace.test", Kind::A, 6, LONG));
    assert!(began.elapsed() >= Duration::from_millis(4 * 50));
    world.rounds("web.test");
    assert_eq!(world.dns.asked("slow.test", Kind::A), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_answer_keeps_the_last_good_one() {
    let world = World::new(SHORT);
    // One family: of two, one may be answered before the script changes and one after.
    let web = brisk("web.test", Family::V4);
    world.resolver.follow(vec![web.clone()]);
    let garbage = Reply::Raw(Arc::new(|question| {
        vec![[&question[..2], &[0xff; 9]].concat()]
    }));
    let bad = [
        (Reply::Code(SERVFAIL), "Server Failure"),
        (Reply::Code(REFUSED), "Query Refused"),
        (Reply::Code(NXDOMAIN), "there is no name web.test."),
        (Reply::Records(Vec::new()), "web.test. has no A records"),
        (Reply::Silence, "no answer within 300ms"),
        (garbage, ""),
    ];
    for (reply, cause) in bad {
        world.dns.set_addresses("web.test", 60, &["10.0.0.1"]);
        world.until("web.test", || {
            world.resolver.failure(&web).is_none() && world.addresses(&web) == ["10.0.0.1"]
        });
        world.dns.set_both("web.test", &reply);
        world.rounds("web.test");
        assert!(world.resolver.failure(&web).is_some());
        world.until("web.test", || world.failure(&web).contains(cause));
        assert_eq!(world.addresses(&web), ["10.0.0.1"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_family_that_fails_keeps_its_addresses_and_the_other_one_moves() {
    let world = World::new(SHORT);
    let web = brisk("web.test", Family::Any);
    world.resolver.follow(vec![web.clone()]);
    world
        .dns
        .set_addresses("web.test", 60, &["10.0.0.1", "fd00::1"]);
    world.until("web.test", || world.addresses(&web).len() == 2);
    world.dns.set("web.test", Kind::Aaaa, Reply::Code(SERVFAIL));
    world.rounds("web.test");
    let other = Record {
        name: "web.test".into(),
        ttl: 60,
        data: Data::Address("10.0.0.2".parse().unwrap()),
    };
    world
        .dns
        .set("web.test", Kind::A, Reply::Records(vec![other]));
    world.until("web.test", || {
        world.addresses(&web) == ["10.0.0.2", "fd00::1"]
    });
    world.until("web.test", || {
        world.failure(&web).starts_with("AAAA of web.test.: ")
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_never_resolved_is_empty_and_asked_for_again() {
    let world = World::new(LONG);
    let web = name("web.test", 60_000, 60_000, Family::Any);
    assert!(world.addresses(&web).is_empty() && world.failure(&web).is_empty());
    world.first(&web).await;
    assert!(world.addresses(&web).is_empty());
    assert_eq!(world.failure(&web), "there is no name web.test.");
    world.dns.set_addresses("web.test", 60, &["10.0.0.1"]);
    world.first(&web).await;
    assert_eq!(world.addresses(&web), ["10.0.0.1"]);
    assert_eq!(world.resolver.failure(&web), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_follows_is_not_known_for_ever() {
    let world = World::new(LONG);
    world.dns.set_addresses("web.test", 0, &["10.0.0.1"]);
    let web = name("web.test", 1, 1, Family::Any);
    world.first(&web).await;
    world.dns.set_addresses("web.test", 0, &["10.0.0.2"]);
    let end = Instant::now() + LONG;
    while world.addresses(&web) != ["10.0.0.2"] {
        assert!(Instant::now() < end);
        world.first(&web).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_comes_over_tcp_and_only_so_much_of_it_is_used() {
    let world = World::new(LONG);
    let long = brisk("long.test", Family::V4);
    world.dns.set(
        "long.test",
        Kind::A,
        Reply::TooLong(numbered("long.test", 40)),
    );
    world.first(&long).await;
    assert_eq!(world.addresses(&long).len(), 40, "{}", world.failure(&long));
    assert!(world.dns.over_tcp() > 0);

    let huge = brisk("huge.test", Family::V4);
    world.dns.set(
        "huge.test",
        Kind::A,
        Reply::TooLong(numbered("huge.test", 2_500)),
    );
    world.first(&huge).await;
    let kept = texts(&world.resolver.addresses(&huge));
    assert_eq!(kept.len(), MOST, "{}", world.failure(&huge));
    assert_eq!((&*kept[0], &*kept[255]), ("10.0.0.0", "10.0.0.255"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_is_not_taken_for_the_whole() {
    let world = World::new(LONG);
    let cut: Raw = Arc::new(|question| {
        let end = read_question(question).unwrap().2;
        vec![message(&question[..end], 0, true, &numbered("web.test", 1))]
    });
    world.dns.set("web.test", Kind::A, Reply::Raw(cut));
    let web = brisk("web.test", Family::V4);
    world.first(&web).await;
    assert!(world.addresses(&web).is_empty());
    assert!(
        world.failure(&web).contains("truncated"),
        "{}",
        world.failure(&web)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aliases_are_followed_within_an_answer_and_across() {
    let world = World::new(LONG);
    let mut records = numbered("c.test", 1);
    records.insert(0, alias("b.test", "c.test"));
    records.insert(0, alias("one.test", "b.test"));
    world.dns.set("one.test", Kind::A, Reply::Records(records));
    let reply = Reply::Records(vec![alias("two.test", "three.test")]);
    world.dns.set("two.test", Kind::A, reply);
    let mut records = numbered("four.test", 2);
    records.insert(0, alias("three.test", "four.test"));
    world
        .dns
        .set("three.test", Kind::A, Reply::Records(records));
    world.dns.set(
        "four.test",
        Kind::A,
        Reply::Records(numbered("four.test", 2)),
    );
    let (one, two) = (brisk("one.test", Family::V4), brisk("two.test", Family::V4));
    world
        .resolver
        .first(&[one.clone(), two.clone()], LONG)
        .await;
    assert_eq!(
        world.addresses(&one),
        ["10.0.0.0"],
        "{}",
        world.failure(&one)
    );
    assert_eq!(
        world.addresses(&two),
        ["10.0.0.0", "10.0.0.1"],
        "{}",
        world.failure(&two)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aliases_that_never_end_do_end() {
    let world = World::new(LONG);
    let circle = |from: &str, to: &str| Reply::Records(vec![alias(from, to)]);
    world.dns.set("a.test", Kind::A, circle("a.test", "b.test"));
    world.dns.set("b.test", Kind::A, circle("b.test", "a.test"));
    let both = vec![alias("c.test", "d.test"), alias("d.test", "c.test")];
    world.dns.set("c.test", Kind::A, Reply::Records(both));
    // Each answer leads to a name that nobody has asked for yet.
    for n in 0..100 {
        let (from, to) = (format!("n{n}.test"), format!("n{}.test", n + 1));
        world.dns.set(&from, Kind::A, circle(&from, &to));
    }
    for host in ["a.test", "c.test", "n0.test"] {
        let name = brisk(host, Family::V4);
        world.first(&name).await;
        assert!(world.addresses(&name).is_empty());
        assert!(world.resolver.failure(&name).is_some());
    }
    assert_eq!(world.dns.asked("n20.test", Kind::A), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_to_another_question_is_not_believed() {
    let world = World::new(LONG);
    // The wrong number, then another name, then the answer.
    let forged: Raw = Arc::new(|question| {
        let end = read_question(question).unwrap().2;
        let evil = message(&question[..end], 0, false, &numbered("web.test", 9));
        let mut number = evil.clone();
        number[0] ^= 1;
        let mut name = evil;
        name[13] ^= 1;
        let good = message(&question[..end], 0, false, &numbered("web.test", 1));
        vec![number, name, good]
    });
    world.dns.set("web.test", Kind::A, Reply::Raw(forged));
    let web = brisk("web.test", Family::V4);
    world.first(&web).await;
    assert_eq!(
        world.addresses(&web),
        ["10.0.0.0"],
        "{}",
        world.failure(&web)
    );

    let mut records = numbered("other.test", 5);
    records.extend(numbered("more.test", 2));
    world.dns.set("more.test", Kind::A, Reply::Records(records));
    let more = brisk("more.test", Family::V4);
    world.first(&more).await;
    assert_eq!(world.addresses(&more), ["10.0.0.0", "10.0.0.1"]);
}

/// A small generator of bytes, the same for the same seed.
fn bytes(seed: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    let length = random.usize(0..600);
    std::iter::repeat_with(|| random.u8(..))
        .take(length)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_fails_and_does_no_harm() {
    let world = World::new(SHORT);
    let names: Vec<Name> = (0..200)
        .map(|seed| brisk(&format!("g{seed}.test"), Family::V4))
        .collect();
    for (seed, name) in names.iter().enumerate() {
        // Over both, garbage that bears the right number, and every other time garbage
        // behind a head that promises records, pointers and all.
        let garbage: Raw = Arc::new(move |question| {
            let end = read_question(question).unwrap().2;
            let mut reply = match seed % 3 {
                0 => question[..2].to_vec(),
                1 => message(&question[..end], 0, false, &[]),
                _ => message(&question[..end], 0, true, &[]),
            };
            if reply.len() > 12 {
                reply[6..12].copy_from_slice(&[0xff, 0xff, 0, 9, 0xff, 0xff]);
            }
            reply.extend(bytes(seed as u64));
            vec![reply]
        });
        world.dns.set(&name.host, Kind::A, Reply::Raw(garbage));
    }
    world.resolver.first(&names, LONG).await;
    for name in &names {
        assert!(world.addresses(name).is_empty(), "{name}");
        assert!(world.resolver.failure(name).is_some(), "{name}");
        world.dns.set_addresses(&name.host, 60, &["10.0.0.1"]);
    }
    world.resolver.follow(names.clone());
    for name in &names {
        world.until(&name.host, || world.addresses(name) == ["10.0.0.1"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_followed_is_forgotten() {
    let world = World::new(LONG);
    world.dns.set_addresses("a.test", 60, &["10.0.0.1"]);
    world.dns.set_addresses("b.test", 60, &["10.0.0.2"]);
    let (a, b) = (brisk("a.test", Family::V4), brisk("b.test", Family::V4));
    world.resolver.follow(vec![a.clone(), b.clone()]);
    world.until("a.test", || !world.addresses(&a).is_empty());
    world.resolver.follow(vec![b.clone()]);
    assert!(world.addresses(&a).is_empty());
    world.rounds("b.test");
    // A question may have been on its way.
    let asked = world.dns.asked("a.test", Kind::A);
    for _ in 0..5 {
        world.rounds("b.test");
    }
    assert!(world.dns.asked("a.test", Kind::A) <= asked + 1);
    assert!(world.addresses(&a).is_empty());

    let mut changes = world.resolver.changes();
    changes.borrow_and_update();
    drop(world.resolver);
    let end = tokio::time::timeout(LONG, changes.changed()).await;
    assert!(end.expect("in time").is_err(), "its work ends with it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_server_holds_up_nobody_for_longer_than_the_bound() {
    let world = World::new(LONG * 2);
    let web = brisk("web.test", Family::Any);
    world.dns.set_both("web.test", &Reply::Silence);
    world
        .resolver
        .first(std::slice::from_ref(&web), SHORT)
        .await;
    assert!(world.addresses(&web).is_empty());
    assert_eq!(world.failure(&web), "no answer within 300ms");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_names_take_turns() {
    let world = World::new(LONG);
    let names: Vec<Name> = (0..300)
        .map(|n| name(&format!("n{n}.test"), 60_000, 60_000, Family::Any))
        .collect();
    for name in &names {
        world.dns.set_addresses(&name.host, 60, &["10.0.0.1"]);
    }
    world.resolver.first(&names, LONG).await;
    for name in &names {
        assert_eq!(
            world.addresses(name),
            ["10.0.0.1"],
            "{}",
            world.failure(name)
        );
    }
}

/// Two servers that are asked in this order, each answer waited for as long as said.
fn two(timeout: Duration) -> (ScriptedDns, World) {
    let one = ScriptedDns::start().unwrap();
    let dns = ScriptedDns::start().unwrap();
    let servers: Vec<SocketAddr> = vec![one.address(), dns.address()];
    let resolver = Resolver::new(&value::Resolver { servers, timeout }).unwrap();
    (one, World { dns, resolver })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_server_is_asked_when_one_fails_and_not_when_it_says_no() {
    let (one, world) = two(SHORT);
    world.dns.set_addresses("web.test", 60, &["10.0.0.2"]);
    for bad in [Reply::Code(SERVFAIL), Reply::Code(REFUSED), Reply::Silence] {
        one.set_both("web.test", &bad);
        let web = brisk("web.test", Family::V4);
        let end = Instant::now() + LONG;
        while world.addresses(&web) != ["10.0.0.2"] {
            assert!(Instant::now() < end, "{}", world.failure(&web));
            world.first(&web).await;
        }
        world.resolver.follow(Vec::new());
    }
    let (one, world) = two(LONG);
    one.set_both("web.test", &Reply::Code(NXDOMAIN));
    world.dns.set_addresses("web.test", 60, &["10.0.0.2"]);
    let web = brisk("web.test", Family::V4);
    world.first(&web).await;
    assert!(world.addresses(&web).is_empty());
    assert_eq!(world.dns.asked("web.test", Kind::A), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_name_is_completed_and_a_failure_is_no_reason_to_try_another_one() {
    let dns = ScriptedDns::start().unwrap();
    let source = Source::Given(Arc::new(Directory {
        servers: vec![dns.address()],
        search: vec!["a.test.".parse().unwrap(), "b.test.".parse().unwrap()],
        ndots: 1,
        ..Directory::default()
    }));
    let resolver = Resolver::with(Asker::with(source, LONG));
    let world = World { dns, resolver };
    world.dns.set_addresses("web.b.test", 60, &["10.0.0.2"]);
    let web = name("web", 1, 1, Family::Any);
    world.first(&web).await;
    assert_eq!(world.addresses(&web), ["10.0.0.2"]);
    assert_eq!(world.dns.asked("web", Kind::A), 0);

    world.dns.set_both("web.a.test", &Reply::Code(SERVFAIL));
    world.resolver.follow(Vec::new());
    world.first(&web).await;
    assert!(world.addresses(&web).is_empty());
    assert!(world.failure(&web).contains("A of web.a.test."));
}
