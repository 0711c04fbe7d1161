//! Sockets: bound or inherited, accepting, draining, handed over. Nothing of HTTP.

pub mod connections;
pub mod handover;
pub mod listeners;
pub mod process;

pub use connections::Connections;
pub use listeners::Listeners;
