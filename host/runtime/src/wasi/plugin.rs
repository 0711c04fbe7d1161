//! Where plugins meet WASI: what they print goes the way of the contract's own `log`,
//! with its bounds. Standard error is for what went wrong, so it warns.

use super::{Stream, Wasi, WasiView};
use crate::bindings::tidegate::plugin::log::Level;
use crate::imports::say;
use crate::instance::{Host, Shared};
use std::sync::Arc;

impl WasiView for Host {
    fn wasi(&mut self) -> &mut Wasi {
        &mut self.wasi
    }
}

/// State for one instance of a plugin.
pub(crate) fn for_plugin(shared: &Arc<Shared>) -> Wasi {
    let (ambient, shared) = (shared.ambient.clone(), Arc::clone(shared));
    Wasi::new(ambient, move |stream, line: &str| {
        let level = match stream {
            Stream::Stdout => Level::Info,
            Stream::Stderr => Level::Warn,
        };
        say(&shared, level, line);
    })
}
