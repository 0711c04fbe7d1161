//! From the component's exports to an author's [`Selector`].

pub use super::Slot;
use super::{configured, keep};
pub use crate::bindings::exports::tidegate::plugin::selector::Guest;
use crate::{Choice, Endpoint, Excluded, Selector, load};

/// Makes a type that implements [`Selector`](crate::Selector) the plugin of this crate:
/// `export!(First);`, once in a crate of `crate-type = ["cdylib"]`. For a filter it is
/// [`export_filter!`](crate::export_filter).
///
/// A panic in the plugin is written to the host's log, with its place, before the call ends.
/// In a native build the line does nothing but check the type.
///
/// ```
/// use tidegate_sdk::prelude::*;
///
/// struct NoOpinion;
///
/// impl Selector for NoOpinion {
///     type Config = NoConfig;
///     fn configure(_: NoConfig) -> Result<Self, String> {
///         Ok(NoOpinion)
///     }
///     fn update(&mut self, _: Vec<Endpoint>) {}
///     fn select(&mut self, _: &Excluded) -> Option<Choice> {
///         None
///     }
/// }
///
/// export!(NoOpinion);
/// ```
#[macro_export]
macro_rules! export {
    ($selector:ty) => {
        const _: () = {
            #[cfg(not(target_arch = "wasm32"))]
            const _: fn() = $crate::export::selector::is_selector::<$selector>;

            #[cfg(target_arch = "wasm32")]
            ::std::thread_local! {
                static INSTANCE: ::std::cell::RefCell<::std::option::Option<$selector>> =
                    const { ::std::cell::RefCell::new(::std::option::Option::None) };
            }

            #[cfg(target_arch = "wasm32")]
            struct Component;

            #[cfg(target_arch = "wasm32")]
            impl $crate::export::selector::Guest for Component {
                fn configure(
                    config: ::std::string::String,
                ) -> ::std::result::Result<(), ::std::string::String> {
                    $crate::export::selector::configure(&INSTANCE, &config)
                }

                fn update(endpoints: ::std::vec::Vec<$crate::Endpoint>) {
                    $crate::export::selector::update(&INSTANCE, endpoints)
                }

                fn select(excluded: u32) -> ::std::option::Option<u32> {
                    $crate::export::selector::answer($crate::export::selector::select(
                        &INSTANCE, excluded,
                    ))
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
    keep(slot, text, S::configure)
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
