//! Time and chance as plugins get them: the real ones, or those of a test or a simulation,
//! which go only where they are told to and repeat themselves by a seed.

use fastrand::Rng;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The arbitrary origin that all instances share, so that they can compare what they measured.
static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Where the instances of one use of a plugin have their time and their random numbers from.
/// It concerns what a plugin reads and the ends of what it keeps in `state`; deadlines are
/// always real.
#[derive(Clone, Default)]
pub enum Ambient {
    /// The machine's clocks, and numbers that nobody can foretell.
    #[default]
    Real,
    /// A clock that is set, and numbers that follow from a seed.
    Set(Arc<Simulated>),
}

/// A clock that stands until it is moved, and a seed.
pub struct Simulated {
    origin: Instant,
    elapsed: AtomicU64,
    wall: Duration,
    seed: u64,
}

impl Simulated {
    /// A clock at its origin. On the wall it is then `wall` after the Unix epoch. Each
    /// instance draws numbers that follow from `seed` and from when it was made.
    pub fn new(wall: Duration, seed: u64) -> Arc<Self> {
        Arc::new(Self {
            origin: Instant::now(),
            elapsed: AtomicU64::new(0),
            wall,
            seed,
        })
    }

    /// Moves the clock to that time after its origin. It does not go back.
    pub fn move_to(&self, elapsed: Duration) {
        self.elapsed.fetch_max(nanos(elapsed), Relaxed);
    }

    /// The time since its origin.
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.elapsed.load(Relaxed))
    }
}

impl Ambient {
    /// Nanoseconds since an origin that all instances share.
    pub(crate) fn now(&self) -> u64 {
        match self {
            Self::Real => nanos(ORIGIN.elapsed()),
            Self::Set(simulated) => simulated.elapsed.load(Relaxed),
        }
    }

    /// Time since the Unix epoch.
    pub(crate) fn wall(&self) -> Duration {
        match self {
            Self::Real => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
            Self::Set(simulated) => simulated.wall + simulated.elapsed(),
        }
    }

    /// For what has an end.
    pub(crate) fn instant(&self) -> Instant {
        match self {
            Self::Real => Instant::now(),
            Self::Set(simulated) => simulated.origin + simulated.elapsed(),
        }
    }

    /// The numbers of an instance that is made now.
    pub(crate) fn chance(&self) -> Chance {
        match self {
            Self::Real => Chance::Real,
            Self::Set(simulated) => {
                let made = simulated.elapsed.load(Relaxed);
                Chance::Seeded(Rng::with_seed(simulated.seed ^ made.rotate_left(32)))
            }
        }
    }
}

/// Random numbers for one instance.
pub(crate) enum Chance {
    /// The thread's generator, which the system seeds.
    Real,
    /// The same numbers for the same seed.
    Seeded(Rng),
}

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        match self {
            Self::Real => fastrand::u64(..),
            Self::Seeded(numbers) => numbers.u64(..),
        }
    }
}

impl fmt::Debug for Ambient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Real => f.write_str("Real"),
            Self::Set(simulated) => write!(f, "Set({:?})", simulated.elapsed()),
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_clock_stands_until_it_is_moved_and_does_not_go_back() {
        let simulated = Simulated::new(Duration::from_secs(1_000), 7);
        let ambient = Ambient::Set(simulated.clone());
        let began = ambient.instant();
        assert_eq!((ambient.now(), ambient.instant()), (0, began));
        simulated.move_to(Duration::from_secs(3));
        simulated.move_to(Duration::from_secs(2));
        assert_eq!(ambient.now(), 3_000_000_000);
        assert_eq!(ambient.wall(), Duration::from_secs(1_003));
        assert_eq!(ambient.instant() - began, Duration::from_secs(3));
    }

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let numbers = |seed, at| {
            let simulated = Simulated::new(Duration::ZERO, seed);
            simulated.move_to(Duration::from_secs(at));
            let mut chance = Ambient::Set(simulated).chance();
            [(); 4].map(|()| chance.next())
        };
        assert_eq!(numbers(7, 1), numbers(7, 1));
        assert_ne!(numbers(7, 1), numbers(8, 1));
        assert_ne!(numbers(7, 1), numbers(7, 2), "a later instance is another");
    }
}
