//! Sockets: bound or inherited, accepting, draining, handed over. Nothing of HTTP, but for
//! the answer to a connection for which there is no room.

pub mod connections;
pub mod handover;
mod limit;
pub mod listeners;
pub mod process;
mod refusal;

pub use connections::Connections;
pub use listeners::{Listeners, Wanted};
