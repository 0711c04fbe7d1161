//! What a seed stands for: rules, and endpoints with a future.

use super::random::Random;
use std::num::NonZeroU32;
use std::time::Duration;
use tidegate_policy::{
    Backoff, BreakerRule, BudgetRule, Cause, FailureShare, HealthRule, Outcome, OutlierRule,
    QueueRule, RetryOn, RetryRule, StatusSet, Verdict,
};

/// How an endpoint behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Fine,
    /// Refuses connections.
    Dead,
    /// Takes requests and never answers.
    Frozen,
    /// Every other answer is a status from 500 to 504.
    Halves,
    /// Fine for two seconds, then broken for two.
    Flapping,
    /// Answers, but often too late.
    Slow,
}

const MOODS: [Mood; 6] = [
    Mood::Fine,
    Mood::Dead,
    Mood::Frozen,
    Mood::Halves,
    Mood::Flapping,
    Mood::Slow,
];

impl Mood {
    /// What becomes of an attempt, and after how long.
    pub fn answer(self, elapsed: Duration, random: &mut Random) -> (Duration, Outcome) {
        let soon = random.milliseconds(5..=20);
        let failed = Outcome::Failure;
        match self {
            Self::Fine => (soon, Outcome::Success),
            Self::Dead => (Duration::from_millis(1), failed(Cause::ConnectFailure)),
            Self::Frozen => (Duration::MAX, failed(Cause::ResponseTimeout)),
            Self::Halves if random.chance(50) => {
                let status = random.number(500..=504) as u16;
                (soon, failed(Cause::Status(status)))
            }
            Self::Flapping if !self.is_well(elapsed) && random.chance(50) => {
                (soon, failed(Cause::Reset))
            }
            Self::Flapping if !self.is_well(elapsed) => (soon, failed(Cause::ConnectFailure)),
            Self::Halves | Self::Flapping => (soon, Outcome::Success),
            Self::Slow => (random.milliseconds(100..=900), Outcome::Success),
        }
    }

    /// What a probe finds out.
    pub fn is_well(self, elapsed: Duration) -> bool {
        match self {
            Self::Fine | Self::Halves | Self::Slow => true,
            Self::Dead | Self::Frozen => false,
            Self::Flapping => elapsed.as_secs() % 4 < 2,
        }
    }
}

/// An endpoint to be.
#[derive(Clone, Debug)]
pub struct Site {
    pub priority: u32,
    pub weight: u32,
    /// Its moods, each with the time when it begins, the last one [`Mood::Fine`].
    pub moods: Vec<(Duration, Mood)>,
}

impl Site {
    pub fn mood(&self, elapsed: Duration) -> Mood {
        let begun = self.moods.iter().rfind(|(from, _)| *from <= elapsed);
        begun.map_or(Mood::Fine, |(_, mood)| *mood)
    }

    /// Since when it has been fine without a break; `None` when it is not.
    pub fn fine_since(&self, elapsed: Duration) -> Option<Duration> {
        let begun = self.moods.iter().filter(|(from, _)| *from <= elapsed);
        let fine = begun.rev().take_while(|(_, mood)| *mood == Mood::Fine);
        fine.last().map(|(from, _)| *from)
    }
}

#[derive(Clone, Debug)]
pub struct Plan {
    /// The first endpoint is always fine, all others are dead or frozen until the trouble is
    /// over, and nothing is ever full.
    pub steady: bool,
    /// Some passes of breakers are never settled, until the trouble is over.
    pub lossy: bool,
    /// From one request to the next, on average.
    pub pause: Duration,
    pub deadline: Duration,
    pub sites: Vec<Site>,
    /// Requests in flight at an endpoint.
    pub limit: Option<u32>,
    pub queue: QueueRule,
    pub breaker: BreakerRule,
    pub health: Option<HealthRule>,
    pub outlier: OutlierRule,
    pub panic_percent: u32,
    pub ramp: Option<Duration>,
    pub retry: RetryRule,
    pub budget: BudgetRule,
}

/// Then all endpoints are fine for the rest.
pub const TROUBLE: Duration = Duration::from_secs(60);
/// How long they are watched in the end.
pub const WATCH: Duration = Duration::from_secs(20);

impl Plan {
    pub fn new(random: &mut Random) -> Self {
        let steady = random.chance(25);
        let loose = steady || random.chance(30);
        Self {
            steady,
            lossy: random.chance(20),
            pause: random.milliseconds(10..=50),
            deadline: random.milliseconds(1_000..=3_000),
            sites: sites(random, steady),
            limit: (!loose).then(|| random.number(6..=30)),
            queue: QueueRule {
                max_in_flight: (!loose).then(|| random.number(10..=60)),
                length: random.number(20..=50),
                timeout: random.milliseconds(200..=1_000),
            },
            breaker: breaker(random, steady),
            health: random.chance(60).then(|| health(random)),
            outlier: outlier(random),
            panic_percent: random.pick(&[0, 30, 50]),
            ramp: random
                .chance(50)
                .then(|| random.milliseconds(1_000..=8_000)),
            retry: retry(random),
            budget: BudgetRule {
                percent: random.number(5..=50),
                floor: random.number(3..=20),
            },
        }
    }

    /// After this long all policies trust an endpoint that is fine: the longest cooldown and
    /// ejection, the probes that prove it, the ramp, and some time for enough traffic. A pass
    /// that was lost costs its patience besides.
    pub fn recovery(&self) -> Duration {
        let probing = self.health.map_or(Duration::ZERO, |health| {
            health.down_interval * (health.rise.get() + 1) * 2
        });
        let patience = Duration::from_secs(if self.lossy { 60 } else { 0 });
        let out = self.breaker.max_cooldown + self.outlier.max_eject_for + probing;
        out + patience + self.ramp.unwrap_or_default() + Duration::from_secs(5)
    }

    /// When the last request arrives.
    pub fn end(&self) -> Duration {
        TROUBLE + self.recovery() + WATCH
    }

    /// Failed attempts that a breaker lets through to an endpoint that only ever fails: those
    /// that trip it, with what is in flight then, and a few in each half-open spell.
    pub fn failures_let_through(&self, in_flight: u32) -> u32 {
        let row = self.breaker.consecutive_failures.map_or(0, NonZeroU32::get);
        let (mut elapsed, mut cooldown, mut spells) = (Duration::ZERO, self.breaker.cooldown, 0);
        while elapsed < TROUBLE {
            elapsed += cooldown;
            cooldown = (cooldown * 2).min(self.breaker.max_cooldown);
            spells += 1;
        }
        row + in_flight + spells * self.breaker.probes.get()
    }
}

fn sites(random: &mut Random, steady: bool) -> Vec<Site> {
    let count = random.pick(&[1, 2, 3, 5, 8]);
    let levels = if steady { 0 } else { random.pick(&[0, 0, 1]) };
    (0..count)
        .map(|position| {
            let mut moods = match steady {
                true if position == 0 => vec![(Duration::ZERO, Mood::Fine)],
                true => vec![(Duration::ZERO, random.pick(&[Mood::Dead, Mood::Frozen]))],
                false => moods(random),
            };
            moods.push((TROUBLE, Mood::Fine));
            Site {
                // The first is always of the best level.
                priority: random.number(0..=levels).min(position),
                weight: random.number(1..=3),
                moods,
            }
        })
        .collect()
}

fn moods(random: &mut Random) -> Vec<(Duration, Mood)> {
    let (mut from, mut moods) = (Duration::ZERO, Vec::new());
    while from < TROUBLE {
        moods.push((from, random.pick(&MOODS)));
        from += random.milliseconds(5_000..=30_000);
    }
    moods
}

fn breaker(random: &mut Random, steady: bool) -> BreakerRule {
    let share = FailureShare {
        percent: random.number(30..=80) as u8,
        window: random.milliseconds(2_000..=10_000),
        minimum: some(random, 5..=20),
    };
    BreakerRule {
        consecutive_failures: (steady || random.chance(80)).then(|| some(random, 2..=6)),
        failure_share: random.chance(50).then_some(share),
        statuses: StatusSet::range(random.pick(&[500, 502]), 504),
        cooldown: random.milliseconds(500..=3_000),
        max_cooldown: random.milliseconds(3_000..=15_000),
        probes: some(random, 1..=4),
    }
}

fn health(random: &mut Random) -> HealthRule {
    HealthRule {
        rise: some(random, 1..=3),
        fall: some(random, 1..=3),
        interval: random.milliseconds(500..=3_000),
        down_interval: random.milliseconds(500..=2_000),
        initial: random.pick(&[Verdict::Up, Verdict::Down]),
    }
}

fn outlier(random: &mut Random) -> OutlierRule {
    let rule = OutlierRule::default();
    OutlierRule {
        gateway_failures: random.chance(70).then(|| some(random, 2..=6)),
        local_failures: random.chance(70).then(|| some(random, 2..=6)),
        success_rate: rule.success_rate.filter(|_| random.chance(70)),
        interval: random.milliseconds(1_000..=5_000),
        eject_for: random.milliseconds(1_000..=5_000),
        max_eject_for: random.milliseconds(5_000..=15_000),
        max_ejected_percent: random.number(10..=100),
    }
}

fn retry(random: &mut Random) -> RetryRule {
    RetryRule {
        attempts: some(random, 2..=4),
        on: RetryOn {
            connect_failure: true,
            reset: random.chance(70),
            timeout: random.chance(70),
            statuses: StatusSet::range(random.pick(&[500, 503]), 504),
        },
        backoff: Backoff::default(),
        per_attempt: Some(random.milliseconds(300..=800)),
        non_idempotent: random.chance(10),
    }
}

fn some(random: &mut Random, range: std::ops::RangeInclusive<u32>) -> NonZeroU32 {
    NonZeroU32::new(random.number(range)).expect("from 1")
}
