//! A reader that has enough: `tidegate check … | head -1` is no fault of anybody.

use std::panic::{self, PanicHookInfo};

/// What a shell makes of a program that SIGPIPE ended, which the standard library ignores.
const ENDED_BY_SIGPIPE: i32 = 128 + 13;

/// Ends the program silently when nobody reads what it prints, in place of a panic.
pub(super) fn end_quietly() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if is_closed_pipe(info) {
            std::process::exit(ENDED_BY_SIGPIPE);
        }
        usual(info);
    }));
}

/// By its words: `print!` panics with a sentence, and says no more.
fn is_closed_pipe(info: &PanicHookInfo<'_>) -> bool {
    info.payload_as_str().is_some_and(|said| {
        said.starts_with("failed printing to stdout") && said.contains("Broken pipe")
    })
}
