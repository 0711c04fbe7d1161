//! From the component's exports to an author's [`Filter`].

pub use super::Slot;
use super::{configured, keep};
pub use crate::bindings::filter::exports::tidegate::plugin::filter::Guest;
use crate::{BodyVerdict, Filter, Interest, ResponseEdits, Verdict};

/// Makes a type that implements [`Filter`](crate::Filter) the plugin of this crate:
/// `export_filter!(Gate);`, once in a crate of `crate-type = ["cdylib"]`.
///
/// It is apart from [`export!`](crate::export) because what a component exports is settled before
/// anything is known of its types. Using the wrong one does not compile.
///
/// A panic in the plugin is written to the host's log, with its place, before the call ends.
/// In a native build the line does nothing but check the type.
///
/// ```
/// use tidegate_sdk::prelude::*;
///
/// struct PassAll;
///
/// impl Filter for PassAll {
///     type Config = NoConfig;
///     fn configure(_: NoConfig) -> Result<Self, String> {
///         Ok(PassAll)
///     }
/// }
///
/// export_filter!(PassAll);
/// ```
#[macro_export]
macro_rules! export_filter {
    ($filter:ty) => {
        const _: () = {
            #[cfg(not(target_arch = "wasm32"))]
            const _: fn() = $crate::export::filter::is_filter::<$filter>;

            #[cfg(target_arch = "wasm32")]
            ::std::thread_local! {
                static INSTANCE: ::std::cell::RefCell<::std::option::Option<$filter>> =
                    const { ::std::cell::RefCell::new(::std::option::Option::None) };
            }

            #[cfg(target_arch = "wasm32")]
            struct Component;

            #[cfg(target_arch = "wasm32")]
            impl $crate::export::filter::Guest for Component {
                fn configure(
                    config: ::std::string::String,
                ) -> ::std::result::Result<$crate::Interest, ::std::string::String> {
                    $crate::export::filter::configure(&INSTANCE, &config)
                }

                fn on_request() -> $crate::Verdict {
                    $crate::export::filter::on_request(&INSTANCE)
                }

                fn on_request_body(chunk: ::std::vec::Vec<u8>, last: bool) -> $crate::BodyVerdict {
                    $crate::export::filter::on_request_body(&INSTANCE, &chunk, last)
                }

                fn on_response() -> ::std::option::Option<$crate::ResponseEdits> {
                    $crate::export::filter::on_response(&INSTANCE)
                }

                fn on_response_body(chunk: ::std::vec::Vec<u8>, last: bool) -> $crate::BodyVerdict {
                    $crate::export::filter::on_response_body(&INSTANCE, &chunk, last)
                }
            }

            #[cfg(target_arch = "wasm32")]
            $crate::bindings::filter::export_filter!(
                Component with_types_in $crate::bindings::filter
            );
        };
    };
}

/// Compiles only for a filter.
pub fn is_filter<F: Filter>() {
    let _ = F::configure;
}

/// Parses, makes the instance, keeps it and says what it wants to see.
pub fn configure<F: Filter>(slot: &'static Slot<F>, text: &str) -> Result<Interest, String> {
    keep(slot, text, F::configure)?;
    Ok(slot.with_borrow_mut(|slot| configured(slot).interest()))
}

/// The head of the request.
pub fn on_request<F: Filter>(slot: &'static Slot<F>) -> Verdict {
    slot.with_borrow_mut(|slot| configured(slot).on_request())
}

/// A piece of the request's body.
pub fn on_request_body<F: Filter>(slot: &'static Slot<F>, chunk: &[u8], last: bool) -> BodyVerdict {
    slot.with_borrow_mut(|slot| configured(slot).on_request_body(chunk, last))
}

/// The head of the response.
pub fn on_response<F: Filter>(slot: &'static Slot<F>) -> Option<ResponseEdits> {
    slot.with_borrow_mut(|slot| configured(slot).on_response())
}

/// A piece of the response's body.
pub fn on_response_body<F: Filter>(
    slot: &'static Slot<F>,
    chunk: &[u8],
    last: bool,
) -> BodyVerdict {
    slot.with_borrow_mut(|slot| configured(slot).on_response_body(chunk, last))
}
