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
//! A filter is asked by its phases, and what it answers is seen by the next call:
//!
//! ```
//! use tidegate_sdk::prelude::*;
//! use tidegate_sdk::testing::{Host, Request};
//!
//! struct Shout;
//!
//! impl Filter for Shout {
//!     type Config = NoConfig;
//!     fn configure(_: NoConfig) -> Result<Self, String> {
//!         Ok(Shout)
//!     }
//!     fn on_request(&mut self) -> Verdict {
//!         RequestEdits::new().path(request::path().to_ascii_uppercase()).into()
//!     }
//! }
//!
//! let host = Host::new();
//! let mut filter = host.filter::<Shout>("{}").unwrap();
//! host.request(Request::get("/hello"));
//! filter.on_request();
//! assert_eq!(request::path(), "/HELLO");
//! ```
//!
//! The fakes belong to the thread, so tests do not meet. They keep the contract's promises
//! (state is shared by all instances, nothing of a request is seen in `configure`), and
//! [`Plugin`] and [`FilterPlugin`] hold a plugin to its duties. Bounds on state, metrics, log lines
//! and time are not faked, and that an upstream exists is not known.

mod duties;
mod endpoint;
mod fields;
mod filter;
mod host;
pub(crate) mod imports;
mod plugin;
mod request;
mod response;
mod world;

pub use endpoint::{endpoint, endpoints};
pub use filter::FilterPlugin;
pub use host::Host;
pub use plugin::Plugin;
pub use request::Request;
pub use response::Response;
pub use world::Metric;
