//! Sets a plugin aside that keeps failing, and finds out when it works again: a breaker, as
//! endpoints have, that costs nothing while all is well.

use parking_lot::Mutex;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tidegate_policy::{
    Breaker, BreakerRule, BreakerState, Cause, FailureShare, Outcome, Pass, StatusSet,
};

/// Ten faults in a row, or half of at least 20 calls within 10 s. Set aside for a second, and
/// for twice as long each time that the trial fails, up to a minute.
const RULE: BreakerRule = BreakerRule {
    consecutive_failures: NonZeroU32::new(10),
    failure_share: Some(FailureShare {
        percent: 50,
        window: Duration::from_secs(10),
        minimum: NonZeroU32::new(20).expect("not zero"),
    }),
    statuses: StatusSet::range(500, 599),
    cooldown: Duration::from_secs(1),
    max_cooldown: CALM,
    probes: NonZeroU32::new(1).expect("not zero"),
};

/// After so long without a fault nothing is remembered.
const CALM: Duration = Duration::from_secs(60);

/// The quarantine of one use of a plugin.
pub struct Quarantine {
    /// Whether there was a fault lately: only then does a call ask the breaker.
    troubled: AtomicBool,
    state: Mutex<State>,
}

struct State {
    breaker: Breaker,
    last_fault: Option<Instant>,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// As the contract wants it.
    Sound,
    /// No instance was free: that says nothing of the plugin.
    NotMade,
    /// With a fault of the plugin.
    Failed,
}

/// The leave to make one call.
#[must_use = "a leave that is not settled keeps a trial's place until it is lost"]
pub struct Leave(Option<Pass>);

impl Default for Quarantine {
    fn default() -> Self {
        Self {
            troubled: AtomicBool::new(false),
            state: Mutex::new(State {
                breaker: Breaker::new(RULE),
                last_fault: None,
            }),
        }
    }
}

impl Quarantine {
    /// Leave to call; none while the plugin is set aside.
    pub fn leave(&self) -> Option<Leave> {
        if !self.troubled.load(Relaxed) {
            return Some(Leave(None));
        }
        let pass = self.state.lock().breaker.admit(Instant::now())?;
        Some(Leave(Some(pass)))
    }

    /// A call has ended. Answers whether this set the plugin aside, or brought it back.
    pub fn settle(&self, leave: Leave, call: Call) -> bool {
        let sound = call != Call::Failed;
        if sound && leave.0.is_none() {
            return false;
        }
        let now = Instant::now();
        let mut state = self.state.lock();
        let Some(pass) = leave.0.or_else(|| state.breaker.admit(now)) else {
            return false; // It was set aside meanwhile.
        };
        let outcome = match call {
            Call::Sound => Outcome::Success,
            Call::NotMade => Outcome::Unknown,
            Call::Failed => {
                self.troubled.store(true, Relaxed);
                state.last_fault = Some(now);
                Outcome::Failure(Cause::Reset)
            }
        };
        let moved = state.breaker.settle(now, pass, outcome);
        let calm = state
            .last_fault
            .is_none_or(|last| now.saturating_duration_since(last) >= CALM);
        if calm && state.breaker.state(now) == BreakerState::Closed {
            self.troubled.store(false, Relaxed);
            state.breaker.reset();
        }
        match moved {
            Some(BreakerState::Open) => !sound,
            Some(BreakerState::Closed) => sound,
            _ => false,
        }
    }

    /// Whether the plugin is set aside.
    pub fn holds(&self) -> bool {
        self.troubled.load(Relaxed)
            && self.state.lock().breaker.state(Instant::now()) != BreakerState::Closed
    }

    /// Forgets everything: another version begins.
    pub fn reset(&self) {
        let mut state = self.state.lock();
        self.troubled.store(false, Relaxed);
        *state = State {
            breaker: Breaker::new(RULE),
            last_fault: None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(quarantine: &Quarantine, sound: bool) -> Option<bool> {
        let leave = quarantine.leave()?;
        let call = if sound { Call::Sound } else { Call::Failed };
        Some(quarantine.settle(leave, call))
    }

    #[test]
    fn a_trial_that_found_no_instance_proves_nothing() {
        let quarantine = Quarantine::default();
        (0..10).for_each(|_| {
            call(&quarantine, false);
        });
        let later = Instant::now() + Duration::from_secs(2);
        let pass = quarantine.state.lock().breaker.admit(later);
        let trial = Leave(Some(pass.expect("a trial after the cooldown")));
        assert!(
            !quarantine.settle(trial, Call::NotMade),
            "nothing has moved"
        );
        assert!(quarantine.holds());
        let mut state = quarantine.state.lock();
        assert!(state.breaker.admit(later).is_some(), "another may try");
    }

    #[test]
    fn ten_faults_in_a_row_set_it_aside_and_a_trial_brings_it_back() {
        let quarantine = Quarantine::default();
        for _ in 0..9 {
            assert_eq!(call(&quarantine, false), Some(false));
        }
        assert!(!quarantine.holds());
        assert_eq!(call(&quarantine, false), Some(true));
        assert!(quarantine.holds());
        assert_eq!(call(&quarantine, true), None, "it is not called");
        // The cooldown is the breaker's, whose own tests move its clock.
        let mut state = quarantine.state.lock();
        let later = Instant::now() + Duration::from_secs(2);
        let pass = state
            .breaker
            .admit(later)
            .expect("a trial after the cooldown");
        assert!(state.breaker.admit(later).is_none(), "one trial at a time");
        assert_eq!(
            state.breaker.settle(later, pass, Outcome::Success),
            Some(BreakerState::Closed)
        );
    }

    #[test]
    fn one_fault_in_ten_is_no_reason() {
        let quarantine = Quarantine::default();
        for i in 0..10_000 {
            assert_eq!(call(&quarantine, i % 10 != 0), Some(false));
        }
    }

    #[test]
    fn most_faults_with_successes_between_them_are() {
        let quarantine = Quarantine::default();
        let made = (0..100).take_while(|i| call(&quarantine, i % 3 == 0).is_some());
        assert!(made.count() < 40);
        quarantine.reset();
        assert_eq!(call(&quarantine, true), Some(false));
    }
}
