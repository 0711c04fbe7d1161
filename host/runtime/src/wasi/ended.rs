//! The few ways in which a WASI call ends the instance instead of returning.
//!
//! WASI gives these functions no way to say no, so the guest is trapped, as WASI's own
//! text asks for. The error is in the trap: `error.downcast_ref::<Ended>()`.

/// Why a WASI call did not return. Its text is one clause about the plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Ended {
    /// `wasi:cli/exit` was called. Toolchains that know only success and failure
    /// report each failure as 1.
    #[error("the plugin ended itself: exit({0})")]
    Exit(u8),
    /// More random bytes in one call than are given.
    #[error("the plugin asked for {asked} random bytes at once; it may have {bound}")]
    TooMuchRandomness {
        /// Bytes that it asked for.
        asked: u64,
        /// Bytes that one call gives at most.
        bound: usize,
    },
    /// The system has no randomness to give. A wrong answer would be worse than none.
    #[error("the system gives no randomness")]
    NoRandomness,
    /// `poll` of an empty list, which would never return.
    #[error("the plugin polls an empty list")]
    EmptyPoll,
}
