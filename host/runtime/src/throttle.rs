//! How often something may be said: so many times a second, and how many times it
//! was not.

use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// Allows `per_second` events in each second that begins with an event.
#[derive(Debug)]
pub(crate) struct Throttle {
    per_second: u32,
    window: Mutex<Window>,
}

#[derive(Debug)]
struct Window {
    start: Instant,
    said: u32,
    swallowed: u64,
}

/// Leave to speak.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Leave {
    /// Events that were swallowed since the last leave.
    pub(crate) swallowed: u64,
}

impl Throttle {
    pub(crate) fn new(per_second: u32) -> Self {
        let window = Window {
            start: Instant::now(),
            said: 0,
            swallowed: 0,
        };
        Self {
            per_second,
            window: Mutex::new(window),
        }
    }

    /// Events that were swallowed since the last leave.
    pub(crate) fn swallowed(&self) -> u64 {
        self.window.lock().swallowed
    }

    /// Leave for one event, or nothing when it is to be swallowed.
    pub(crate) fn ask(&self, now: Instant) -> Option<Leave> {
        let mut window = self.window.lock();
        if now.saturating_duration_since(window.start) >= Duration::from_secs(1) {
            window.start = now;
            window.said = 0;
        }
        if window.said >= self.per_second {
            window.swallowed += 1;
            return None;
        }
        window.said += 1;
        Some(Leave {
            swallowed: std::mem::take(&mut window.swallowed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swallows_the_rest_and_says_how_many() {
        let throttle = Throttle::new(2);
        let start = Instant::now();
        let leaves = (0..5).filter(|_| throttle.ask(start).is_some()).count();
        assert_eq!(leaves, 2);
        let later = start + Duration::from_secs(2);
        assert_eq!(throttle.ask(later), Some(Leave { swallowed: 3 }));
    }
}
