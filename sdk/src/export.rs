//! From the component's exports to an author's [`Selector`]: what [`export!`](crate::export)
//! expands to, and the glue that it calls. Not for authors.

use std::cell::RefCell;
use std::thread::LocalKey;

pub use crate::bindings::exports::tidegate::plugin::selector::Guest;
use crate::config::Config;
use crate::{Choice, Endpoint, Excluded, Selector, load};

/// Where the one instance of a component lives.
pub type Slot<S> = LocalKey<RefCell<Option<S>>>;

/// Makes a type that implements [`Selector`](crate::Selector) the plugin of this crate:
/// `export!(First);`, once in a crate of `crate-type = ["cdylib"]`.
///
/// A panic in the plugin is written to the host's log, with its place, before the call ends.
/// In a native build the line does nothing but check the type.
#[macro_export]
macro_rules! export {
    ($selector:ty) => {
        const _: () = {
            #[cfg(not(target_arch = "wasm32"))]
            const _: fn() = $crate::export::is_selector::<$selector>;

            #[cfg(target_arch = "wasm32")]
            ::std::thread_local! {
                static INSTANCE: ::std::cell::RefCell<::std::option::Option<$selector>> =
                    const { ::std::cell::RefCell::new(::std::option::Option::None) };
            }

            #[cfg(target_arch = "wasm32")]
            struct Component;

            #[cfg(target_arch = "wasm32")]
            impl $crate::export::Guest for Component {
                fn configure(
                    config: ::std::string::String,
                ) -> ::std::result::Result<(), ::std::string::String> {
                    $crate::export::configure(&INSTANCE, &config)
                }

                fn update(endpoints: ::std::vec::Vec<$crate::Endpoint>) {
                    $crate::export::update(&INSTANCE, endpoints)
                }

                fn select(excluded: u32) -> ::std::option::Option<u32> {
                    $crate::export::answer($crate::export::select(&INSTANCE, excluded))
                }
            }

            #[cfg(target_arch = "wasm32")]
    $crate::bindings::export_selector!(Component with_types_in $crate::bindings);
        };
    };
}

/// Compiles only for a selector.
pub fn is_selector<S: Selector>() {
    let _ = S::configure;
}

/// Parses, makes the instance and keeps it.
pub fn configure<S: Selector>(slot: &'static Slot<S>, text: &str) -> Result<(), String> {
    std::panic::set_hook(Box::new(report_panic));
    let instance = S::configure(S::Config::parse(text)?)?;
    slot.set(Some(instance));
    Ok(())
}

/// Hands the list over.
pub fn update<S: Selector>(slot: &'static Slot<S>, endpoints: Vec<Endpoint>) {
    slot.with_borrow_mut(|slot| configured(slot).update(endpoints));
}

/// Asks the host which positions are excluded only when it said that there are any.
pub fn select<S: Selector>(slot: &'static Slot<S>, excluded: u32) -> Option<Choice> {
    slot.with_borrow_mut(|slot| match excluded {
        0 => configured(slot).select(const { &Excluded::none() }),
        _ => configured(slot).select(&load::excluded()),
    })
}

/// The position alone is the answer; edits go to the host by themselves.
#[cfg(target_arch = "wasm32")]
pub fn answer(choice: Option<Choice>) -> Option<u32> {
    let choice = choice?;
    for edit in &choice.response_edits {
        crate::bindings::tidegate::plugin::choice::edit_response(edit);
    }
    Some(choice.index)
}

fn configured<S>(slot: &mut Option<S>) -> &mut S {
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
