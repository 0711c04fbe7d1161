//! From the component's exports to an author's type: what [`export!`](crate::export) and
//! [`export_filter!`](crate::export_filter) expand to, and the glue that they call. Not for
//! authors.

use std::cell::RefCell;
use std::thread::LocalKey;

use crate::config::Config;

pub mod filter;
pub mod selector;

/// Where the one instance of a component lives.
pub type Slot<P> = LocalKey<RefCell<Option<P>>>;

/// Parses, makes the instance and keeps it.
fn keep<P: 'static, C: Config>(
    slot: &'static Slot<P>,
    text: &str,
    configure: impl FnOnce(C) -> Result<P, String>,
) -> Result<(), String> {
    std::panic::set_hook(Box::new(report_panic));
    let instance = configure(C::parse(text)?)?;
    slot.set(Some(instance));
    Ok(())
}

fn configured<P>(slot: &mut Option<P>) -> &mut P {
    slot.as_mut()
        .expect("the host configures an instance before it uses it")
}

fn report_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("no message");
    match panic.location() {
        Some(place) => crate::log::error!("panicked at {place}: {message}"),
        None => crate::log::error!("panicked: {message}"),
    }
}
