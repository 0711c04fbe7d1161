//! The tools of plugin authors: what stands behind `tidegate plugin …`.
//!
//! This crate knows nothing of sockets and of the proxy's configuration file. It loads
//! components into the proxy's own sandbox, through `tidegate-testkit`, and shows what they do.

mod cli;
pub mod output;
mod simulate;

pub use cli::Command;
