//! For authors of Tidegate plugins: write a struct, implement [`Selector`] or [`Filter`], name it
//! in one [`export!`] or [`export_filter!`] line, and `cargo build --release --target
//! wasm32-wasip2` makes the plugin. A crate is one plugin.
//!
//! A selector chooses the endpoint of each attempt:
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
//! A filter sees a request before it is forwarded, and its response:
//!
//! ```
//! use tidegate_sdk::prelude::*;
//!
//! /// Nobody gets in without a ticket, and the ticket goes no further.
//! struct Gate;
//!
//! impl Filter for Gate {
//!     type Config = NoConfig;
//!
//!     fn configure(_: NoConfig) -> Result<Self, String> {
//!         Ok(Gate)
//!     }
//!
//!     fn on_request(&mut self) -> Verdict {
//!         match request::header("x-ticket") {
//!             Some(_) => RequestEdits::new().remove("x-ticket").into(),
//!             None => Reply::new(403).text("a ticket, please\n").into(),
//!         }
//!     }
//! }
//!
//! export_filter!(Gate);
//! ```
//!
//! What the host offers is in modules of free functions: [`request`], [`state`], [`random`],
//! [`clock`], [`metrics`] and [`log`] for both, [`load`] for selectors, [`response`] and
//! [`http_client`] for filters. In a plugin they call the host. In a native build they answer from
//! the fakes in [`testing`], so the logic of a plugin is tested by plain `cargo test`. What many
//! plugins need again and again is in [`algorithms`], and what many of them are told in [`config`].
//!
//! This crate opens nothing that the contract (`wit/`) does not: no network but what
//! [`http_client`] is granted, no files, no environment, no threads.

pub mod algorithms;
#[doc(hidden)]
pub mod bindings;
mod choice;
pub mod clock;
pub mod config;
mod edits;
mod endpoint;
mod excluded;
#[doc(hidden)]
pub mod export;
mod fields;
mod filter;
pub mod http_client;
mod interest;
pub mod load;
pub mod log;
pub mod metrics;
pub mod random;
mod reply;
pub mod request;
pub mod response;
mod selector;
pub mod state;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod verdict;

pub use bindings::exports::tidegate::plugin::selector::Endpoint;
pub use bindings::filter::exports::tidegate::plugin::filter::{
    BodyMode, BodyVerdict, Interest, RequestEdits, ResponseEdits, Verdict,
};
pub use bindings::tidegate::plugin::types::{HeaderEdit, Reply};
pub use choice::Choice;
pub use config::NoConfig;
pub use excluded::Excluded;
pub use filter::Filter;
pub use selector::Selector;

// Where the host's functions come from: the host, or the fakes.
#[cfg(target_arch = "wasm32")]
mod imports {
    pub use crate::bindings::filter::tidegate::plugin::{http_client, response};
    pub use crate::bindings::tidegate::plugin::*;
}
#[cfg(not(target_arch = "wasm32"))]
use testing::imports;

/// All that a selector or a filter usually names: `use tidegate_sdk::prelude::*;`.
pub mod prelude {
    pub use crate::{
        BodyMode, BodyVerdict, Choice, Endpoint, Excluded, Filter, HeaderEdit, Interest, NoConfig,
        Reply, RequestEdits, ResponseEdits, Selector, Verdict, clock, export, export_filter,
        http_client, load, log, metrics, random, request, response, state,
    };
}

/// The recipes, so that they stay right.
#[cfg(doctest)]
#[doc = include_str!("../cookbook.md")]
struct Cookbook;
