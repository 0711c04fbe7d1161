//! Sockets and connections: bound or inherited, accepting, encrypted, draining, handed over. Of
//! HTTP only where a request begins.

pub mod access;
pub mod connections;
pub mod handover;
mod limit;
pub mod listeners;
pub mod notify;
pub mod privileges;
pub mod process;
mod refusal;
pub mod serve;
pub mod tls;

pub use access::{Access, Door};
pub use connections::Connections;
pub use listeners::{Listeners, Wanted};
pub use serve::Service;
