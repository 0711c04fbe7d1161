//! A deterministic simulation of one upstream: requests arrive, a selector chooses, endpoints
//! serve and fail, and the host's own policies do what they do in the proxy.
//!
//! A [`Workload`] says what happens, a [`Chooser`] for each thread of each proxy says where
//! requests go, [`run`] plays it and answers a [`Report`]. Time is a count of nanoseconds in a
//! heap of events; equal times go in the order in which they were scheduled. All chance comes
//! from the seed of the workload, in streams of their own for arrivals, clients and the work of
//! each request: two selectors that are compared face the very same requests.
//!
//! The rules are those of `tidegate-policy`; what the daemon's shell does around them (roster,
//! pick, fallback, permits, the line) is done here in the same order. See `README.md` for what
//! is modelled and what is not.
//!
//! This crate refuses to load components, to read or write files, to read a clock and to start
//! threads. Whoever calls it brings the chooser.

#![forbid(unsafe_code)]

mod chooser;
mod columns;
mod line;
mod measure;
mod member;
mod pick;
mod proxy;
mod random;
mod report;
mod site;
pub mod workload;
mod world;

pub use chooser::{Answer, Asked, Choice, Chooser, Endpoint, List, View};
pub use columns::Columns;
pub use report::{
    Attempts, EndpointRow, Failures, Latency, Moment, Report, Requests, Sessions, Spread, Waiting,
};
pub use workload::Workload;
pub use world::{Progress, Seat, run};
