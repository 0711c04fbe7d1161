//! The rules of the host as pure state machines. Of an attempt: may it be repeated, how long
//! to wait first, can we afford it. Of an endpoint: is it well, does it stand out, is its
//! breaker open, how slow is it, how much of its weight has it, is there room for one more.
//! Of an upstream: who may be selected, and who has to wait.
//!
//! This crate refuses to do anything: it opens nothing, reads no clock, draws no random
//! number, takes no lock and starts no thread. `now` and `random` are arguments, so a test
//! can live through a year of traffic in a second and replay it from a seed. The bans
//! stand in `clippy.toml`, each with its reason.
//!
//! Functions are total: they have an answer for every argument, and there is no error type.
//! What is admitted through a policy is settled with what was handed out for it, a
//! [`Ticket`], a [`Pass`] or a [`Place`]; settling late or twice changes nothing.

#![forbid(unsafe_code)]

mod backoff;
mod breaker;
mod budget;
mod health;
mod latency;
pub mod levels;
mod limit;
mod outcome;
mod outlier;
mod queue;
mod retry;
pub mod slow_start;
mod statuses;
mod time;
mod window;

pub use backoff::Backoff;
pub use breaker::{Breaker, BreakerRule, BreakerState, FailureShare, Pass};
pub use budget::{BUDGET_WINDOW, Budget, BudgetRule};
pub use health::{Health, HealthRule, Verdict};
pub use latency::PeakEwma;
pub use levels::{Member, Roster, Standing, roster};
pub use limit::{Limit, Ticket};
pub use outcome::{Cause, Outcome};
pub use outlier::{Crowd, Detector, OutlierRule, Seen, SuccessRate, Suspicion, Tally};
pub use queue::{Entry, Place, Progress, Queue, QueueRule, Turn};
pub use retry::{Decision, Facts, Refusal, RetryOn, RetryRule, decide};
pub use slow_start::{STEPS, next_step, tenths, weights};
pub use statuses::StatusSet;
