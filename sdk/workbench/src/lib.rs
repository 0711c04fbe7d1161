//! The tools of plugin authors: what stands behind `tidegate plugin …`.
//!
//! This crate knows nothing of sockets and of the proxy's configuration file. It loads
//! components into the proxy's own sandbox, through `tidegate-testkit`, and shows what they do.

pub mod bench;
mod cli;
mod embedded;
pub mod inspect;
mod nearest;
pub mod output;
pub mod project;
pub mod replay;
pub mod scaffold;
pub mod scenario;
mod simulate;
pub mod source;
pub mod toolchain;

pub use cli::Command;
