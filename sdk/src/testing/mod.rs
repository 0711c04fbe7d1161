//! A host for the tests of a plugin, in a native build: everything that the host's functions
//! answer is set here, and everything that a plugin does to the host can be read here.
//!
//! ```
//! use tidegate_sdk::prelude::*;
//! use tidegate_sdk::testing::{Host, Request, endpoints};
//!
//! struct ByHeader(u32);
//!
//! impl Selector for ByHeader {
//!     type Config = NoConfig;
//!     fn configure(_: NoConfig) -> Result<Self, String> {
//!         Ok(ByHeader(0))
//!     }
//!     fn update(&mut self, endpoints: Vec<Endpoint>) {
//!         self.0 = endpoints.len() as u32;
//!     }
//!     fn select(&mut self, _: &Excluded) -> Option<Choice> {
//!         let name = request::header("x-shard")?;
//!         Some(Choice::at(u32::from(*name.first()?) % self.0))
//!     }
//! }
//!
//! let host = Host::new();
//! let mut selector = host.plugin::<ByHeader>("{}").unwrap();
//! selector.update(&endpoints(3));
//! host.request(Request::get("/").header("x-shard", "a"));
//! assert_eq!(selector.pick(), Some(u32::from(b'a') % 3));
//! ```
//!
//! The fakes belong to the thread, so tests do not meet. They keep the contract's promises
//! (state is shared by all instances, nothing of a request is seen in `configure`), and
//! [`Plugin`] holds a plugin to its duties. Bounds on names, sizes and lines are not faked.

mod endpoint;
mod host;
pub(crate) mod imports;
mod plugin;
mod request;
mod world;

pub use endpoint::{endpoint, endpoints};
pub use host::Host;
pub use plugin::Plugin;
pub use request::Request;
pub use world::Metric;
