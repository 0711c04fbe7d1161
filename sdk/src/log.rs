//! Lines for the host's log, with the plugin's name and its upstream or route on them:
//! `log::warn!("…")`.
//!
//! Beyond 100 lines a second per plugin, and beyond 4 KiB a line, text is dropped and counted. The
//! message is not formatted when its level is off. The macros take what `format!` takes:
//!
//! ```
//! use tidegate_sdk::log;
//! # use tidegate_sdk::testing::Host;
//! # let host = Host::new();
//!
//! log::debug!("chosen: {}", 3);
//! log::info!("{} endpoints", 2);
//! log::warn!("{name} does not answer", name = "office");
//! log::error!("no key is left");
//! let lines = host.lines();
//! assert_eq!(lines[2], (log::Level::Warn, "office does not answer".to_owned()));
//! ```

pub use crate::__debug as debug;
pub use crate::__error as error;
pub use crate::__info as info;
pub use crate::__warn as warn;
pub use crate::bindings::tidegate::plugin::log::Level;
use crate::imports;

/// Whether a line of that level would be written.
///
/// ```
/// use tidegate_sdk::log::{self, Level};
/// # use tidegate_sdk::testing::Host;
/// # let host = Host::new();
///
/// if log::enabled(Level::Debug) {
///     let expensive = format!("{:?}", [1, 2, 3]);
///     log::write(Level::Debug, &expensive);
/// }
/// assert_eq!(host.lines(), [(Level::Debug, "[1, 2, 3]".to_owned())]);
/// ```
pub fn enabled(level: Level) -> bool {
    imports::log::enabled(level)
}

/// Writes one line. The macros of this module are shorter and format only when it is wanted.
///
/// ```
/// use tidegate_sdk::log::{self, Level};
/// # use tidegate_sdk::testing::Host;
/// # let host = Host::new();
///
/// log::write(Level::Warn, "the office does not answer");
/// assert_eq!(host.lines()[0].0, Level::Warn);
/// ```
pub fn write(level: Level, message: &str) {
    imports::log::write(level, message);
}

#[doc(hidden)]
#[macro_export]
macro_rules! __log {
    ($level:ident, $($message:tt)+) => {
        if $crate::log::enabled($crate::log::Level::$level) {
            $crate::log::write($crate::log::Level::$level, &::std::format!($($message)+));
        }
    };
}

/// Writes a line at level `debug`; takes what `format!` takes.
#[doc(hidden)]
#[macro_export]
macro_rules! __debug { ($($message:tt)+) => { $crate::__log!(Debug, $($message)+) }; }

/// Writes a line at level `info`; takes what `format!` takes.
#[doc(hidden)]
#[macro_export]
macro_rules! __info { ($($message:tt)+) => { $crate::__log!(Info, $($message)+) }; }

/// Writes a line at level `warn`; takes what `format!` takes.
#[doc(hidden)]
#[macro_export]
macro_rules! __warn { ($($message:tt)+) => { $crate::__log!(Warn, $($message)+) }; }

/// Writes a line at level `error`; takes what `format!` takes.
#[doc(hidden)]
#[macro_export]
macro_rules! __error { ($($message:tt)+) => { $crate::__log!(Error, $($message)+) }; }
