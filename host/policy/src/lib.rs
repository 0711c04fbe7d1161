//! The rules of the host as pure state machines: may this attempt be repeated, how long to
//! wait first, is there room for one more request, how slow is this endpoint.
//!
//! This crate refuses to do anything: it opens nothing, reads no clock, draws no random
//! number, takes no lock and starts no thread. `now` and `random` are arguments, so a test
//! can live through a year of traffic in a second and replay it from a seed. The bans
//! stand in `clippy.toml`, each with its reason.
//!
//! Functions are total: they have an answer for every argument, and there is no error type.
//! What is admitted through a policy is settled with the [`Ticket`] that was handed out;
//! settling late or twice changes nothing.

#![forbid(unsafe_code)]

mod backoff;
mod latency;
mod limit;
mod outcome;
mod retry;

pub use backoff::Backoff;
pub use latency::PeakEwma;
pub use limit::{Limit, Ticket};
pub use outcome::{Cause, Outcome};
pub use retry::{Decision, Facts, Refusal, RetryOn, RetryRule, decide};
