//! The harness of the end-to-end tests: the real binary, real sockets, real endpoints.
//!
//! A test reads like a story: endpoints, a configuration, a [`Proxy`], requests, answers.
//! Nothing here knows the host's types: what is tested is what a user has, which is the
//! binary, its file, its log, its admin listener and its traffic. Nothing sleeps to let
//! something happen: waiting is for a log line, a counter or an exit, and is bounded.

mod answer;
mod author;
mod backend;
mod background;
mod binary;
pub mod client;
pub mod config;
mod control;
pub mod curl;
mod demo;
pub mod frames;
pub mod hpack;
pub mod load;
mod log;
mod metrics;
pub mod pki;
mod process;
mod proxy;
pub mod puppet;
pub mod python;
pub mod raw;
pub mod recorder;
mod report;
pub mod strict;
pub mod tls;
pub mod wire;

use std::time::Duration;

pub use author::{Author, Told};
pub use backend::Backend;
pub use background::Background;
pub use binary::{binary, plugin, run, target_directory, test_plugin};
pub use control::Refused;
pub use demo::Demo;
pub use load::{Load, LoadPlan};
pub use log::{Line, Log};
pub use metrics::Metrics;
pub use process::Signal;
pub use proxy::{Proxy, directory};
pub use report::Report;
pub use test_backend::{Endpoint, Reserved, Scripted, Unreachable};
pub use tidegate_components as components;

/// No single thing that a test waits for takes longer than this, however busy the
/// machine is.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for `future`, at most [`PATIENCE`].
///
/// # Panics
/// When it takes longer; `what` says what was missed.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {PATIENCE:?} in vain for {what}"),
    }
}

/// Tries `probe` until it answers something, at most [`PATIENCE`]: for what can only be
/// asked, not waited for, such as the proxy's metrics.
///
/// # Panics
/// When it takes longer; `what` says what was missed.
pub async fn eventually<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    soon(what, async {
        loop {
            if let Some(value) = probe().await {
                return value;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
}
