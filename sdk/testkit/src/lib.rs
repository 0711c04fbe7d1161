//! For plugin authors: runs a built component in the proxy's own sandbox, from a plain
//! `cargo test`. What [`tidegate_sdk::testing`] fakes is real here: WebAssembly, limits,
//! state that threads share, faults.
//!
//! ```
//! use tidegate_testkit::{Component, Host, Request, endpoints};
//!
//! let component = Component::from_bytes(tidegate_plugins::selector("ip-hash").unwrap());
//! let host = Host::new();
//! let selector = host.plugin(&component, "{}", &endpoints(3)).unwrap();
//!
//! let home = selector.pick();
//! assert!(home.is_some());
//! assert_eq!(selector.pick(), home, "a client stays");
//!
//! let elsewhere = Request::get("/").excluding(home);
//! let choice = selector.select_for(elsewhere).unwrap().unwrap();
//! assert_ne!(Some(choice.index), home);
//! ```
//!
//! In the tests of a plugin, [`build!`] makes the component of the crate under test. The
//! words are those of `tidegate_sdk::testing`, so most of a native test runs here when its
//! imports and the line that makes the plugin are changed. Clock and random
//! numbers are real, unless the host is made by [`Host::simulated`].
//!
//! This crate knows nothing of sockets, of configuration files or of the fallback that
//! serves a request whose plugin failed: for those there is the proxy itself.

mod build;
mod cache;
mod callouts;
mod component;
mod conformance;
mod filter;
mod host;
mod lines;
mod load;
mod plugin;
mod request;
mod series;
mod translate;

pub use build::BuildError;
pub use component::Component;
pub use conformance::{Conformance, Finding};
pub use filter::FilterPlugin;
pub use host::{Host, sandbox};
pub use plugin::Plugin;
pub use request::Request;
pub use tidegate_runtime::{Fault, FaultKind, Isolation, Limits, LoadError, World};
pub use tidegate_sdk::http_client::{Failure, Outgoing};
pub use tidegate_sdk::log::Level;
pub use tidegate_sdk::testing::{Metric, endpoint, endpoints};
pub use tidegate_sdk::{
    BodyMode, BodyVerdict, Choice, Endpoint, HeaderEdit, Interest, Reply, RequestEdits,
    ResponseEdits, Verdict,
};
