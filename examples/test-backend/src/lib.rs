//! An HTTP/1.1 endpoint that names itself and does what the request asks of it: be slow,
//! fail, break off, lie about its length. For trying a proxy by hand and for its tests.
//!
//! [`Endpoint`] is a well-behaved HTTP server with obedient answers; [`Scripted`] writes
//! bytes that no well-behaved server would send; [`Unreachable`] never completes a
//! connection. It is no model of a real service and refuses to become one: it has no TLS,
//! no HTTP/2 and no state beyond its counters.

mod answer;
mod body;
mod counter;
pub mod dns;
mod endpoint;
mod instructions;
mod reserved;
mod scripted;
mod unreachable;

pub use counter::Counter;
pub use endpoint::Endpoint;
pub use instructions::{Close, Instructions, parse_duration};
pub use reserved::Reserved;
pub use scripted::Scripted;
pub use unreachable::Unreachable;
