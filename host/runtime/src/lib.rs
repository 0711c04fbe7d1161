//! The sandbox: from the bytes of a WebAssembly component to a bounded call.
//!
//! A [`Sandbox`] holds the engine. [`Sandbox::component`] compiles bytes once,
//! [`Sandbox::selector`] makes a [`Selector`] of a component, its configuration and
//! its limits, and [`Selector::select`] asks it for an endpoint. [`Sandbox::filter`] makes
//! a [`Filter`], and each exchange is one [`Visit`] to it. A call is a function
//! from a view of the request ([`Exchange`]) and of the endpoints ([`Endpoints`]) to
//! a [`Choice`], a [`Verdict`] or a [`Fault`]; nothing is half-applied.
//!
//! This crate knows nothing of Pingora, of policies or of the configuration file.

mod ambient;
mod bindings;
mod cache;
mod callout;
mod component;
mod deadline;
mod edits;
mod engine;
mod error;
mod filter;
mod housekeeper;
mod imports;
mod inspect;
mod instance;
mod limits;
mod selector;
mod state;
mod thread;
mod throttle;
mod view;
mod wasi;

pub use ambient::{Ambient, Simulated};
pub use callout::{Answering, CalloutFailure, Callouts, MAX_BODY, Outgoing, Reply};
pub use component::{Component, World};
pub use edits::HeaderEdit;
pub use engine::{Options, Sandbox};
pub use error::{Fault, FaultKind, LoadError};
pub use filter::{
    BodyMode, BodyVerdict, Filter, Interest, RequestEdits, ResponseEdits, Verdict, Visit,
};
pub use imports::metrics::{CounterSink, GaugeSink, HistogramSink, NoSeries, SeriesSink};
pub use inspect::Inspection;
pub use instance::{Place, Use};
pub use limits::{Isolation, Limits};
pub use selector::{Choice, Selector};
pub use view::{Endpoint, Endpoints, Exchange, Load};
