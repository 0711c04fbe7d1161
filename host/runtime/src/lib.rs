//! The sandbox: from the bytes of a WebAssembly component to a bounded call.
//!
//! A [`Sandbox`] holds the engine. [`Sandbox::component`] compiles bytes once,
//! [`Sandbox::selector`] makes a [`Selector`] of a component, its configuration and
//! its limits, and [`Selector::select`] asks it for an endpoint. A call is a function
//! from a view of the request ([`Exchange`]) and of the endpoints ([`Endpoints`]) to
//! a [`Choice`] or a [`Fault`]; nothing is half-applied.
//!
//! This crate knows nothing of Pingora, of policies or of the configuration file.

mod bindings;
mod cache;
mod component;
mod deadline;
mod edits;
mod engine;
mod error;
mod imports;
mod instance;
mod limits;
mod pool;
mod selector;
mod state;
mod throttle;
mod view;
mod wasi;

pub use component::Component;
pub use edits::HeaderEdit;
pub use engine::{Options, Sandbox};
pub use error::{Fault, FaultKind, LoadError};
pub use imports::metrics::{CounterSink, GaugeSink, HistogramSink, NoSeries, SeriesSink};
pub use limits::Limits;
pub use selector::{Choice, Selector, Use};
pub use view::{Endpoint, Endpoints, Exchange, Load};
