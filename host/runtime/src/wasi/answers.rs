//! Answers that many functions share, as macros: the traits that they implement are
//! generated, with a signature for each.

/// Functions that answer the same refusal, whatever they were asked: one line each,
/// as `name(arguments after self) -> what success would have been`.
macro_rules! refuse {
    ($refusal:expr; $($name:ident($($argument:ty),*) -> $success:ty;)*) => {
        $(fn $name(&mut self, $(_: $argument),*) -> Result<$success, ErrorCode> {
            Err($refusal)
        })*
    };
}

/// The end of a handle, behind which nothing was kept.
macro_rules! release {
    ($resource:ty) => {
        fn drop(&mut self, _: wasmtime::component::Resource<$resource>) -> wasmtime::Result<()> {
            Ok(())
        }
    };
}
