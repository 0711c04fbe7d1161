//! The contract's imports, each interface in a file of its own.
//!
//! Every function answers at once, never panics and never fails for an ordinary
//! reason: an error from here is a trap, and a trap costs the guest its life.

mod choice;
pub(crate) mod http_client;
mod load;
mod log;
pub(crate) mod metrics;
mod request;
mod response;
mod state;
mod time;

pub(crate) use log::say;

/// The interface that only other interfaces use.
impl crate::bindings::tidegate::plugin::types::Host for crate::instance::Host {}
