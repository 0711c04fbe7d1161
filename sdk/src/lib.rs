//! For authors of Tidegate plugins: write a struct, implement [`Selector`], name it in one
//! [`export!`] line, and `cargo build --release --target wasm32-wasip2` makes the plugin.
//!
//! ```
//! use tidegate_sdk::prelude::*;
//!
//! /// Everything goes to the first endpoint that this exchange may still use.
//! struct First(u32);
//!
//! impl Selector for First {
//!     type Config = NoConfig;
//!
//!     fn configure(_: NoConfig) -> Result<Self, String> {
//!         Ok(First(0))
//!     }
//!
//!     fn update(&mut self, endpoints: Vec<Endpoint>) {
//!         self.0 = endpoints.len() as u32;
//!     }
//!
//!     fn select(&mut self, excluded: &Excluded) -> Option<Choice> {
//!         (0..self.0).find(|&position| !excluded.contains(position)).map(Choice::at)
//!     }
//! }
//!
//! export!(First);
//! ```
//!
//! What the host offers is in modules of free functions: [`request`], [`load`], [`state`],
//! [`random`], [`clock`], [`metrics`] and [`log`]. In a plugin they call the host. In a native
//! build they answer from the fakes in [`testing`], so the logic of a plugin is tested by plain
//! `cargo test`. What most selectors need again and again is in [`algorithms`].
//!
//! This crate opens nothing that the contract (`wit/`) does not: no network, no files, no
//! environment, no threads.

pub mod algorithms;
#[doc(hidden)]
pub mod bindings;
pub mod clock;
pub mod config;
mod edit;
mod endpoint;
mod excluded;
#[doc(hidden)]
pub mod export;
pub mod load;
pub mod log;
pub mod metrics;
pub mod random;
pub mod request;
mod selector;
pub mod state;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use bindings::exports::tidegate::plugin::selector::Endpoint;
pub use bindings::tidegate::plugin::types::HeaderEdit;
pub use config::NoConfig;
pub use edit::Choice;
pub use excluded::Excluded;
pub use selector::Selector;

// Where the host's functions come from: the host, or the fakes.
#[cfg(target_arch = "wasm32")]
use bindings::tidegate::plugin as imports;
#[cfg(not(target_arch = "wasm32"))]
use testing::imports;

/// All that a selector usually names: `use tidegate_sdk::prelude::*;`.
pub mod prelude {
    pub use crate::{
        Choice, Endpoint, Excluded, HeaderEdit, NoConfig, Selector, clock, export, load, log,
        metrics, random, request, state,
    };
}
