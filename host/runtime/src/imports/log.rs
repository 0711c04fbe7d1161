//! `log`: lines for the host's log, with the plugin's name and place on them.

use crate::bindings::tidegate::plugin::log::{Host as Log, Level};
use crate::instance::{Host, Shared};
use std::time::Instant;
use wasmtime::Result;

/// Bytes of one line; the rest is cut.
const MAX_LINE: usize = 4 << 10;

impl Log for Host {
    fn write(&mut self, level: Level, message: String) -> Result<()> {
        say(&self.shared, level, &message);
        Ok(())
    }

    fn enabled(&mut self, level: Level) -> Result<bool> {
        Ok(match level {
            Level::Debug => tracing::enabled!(target: "plugin", tracing::Level::DEBUG),
            Level::Info => tracing::enabled!(target: "plugin", tracing::Level::INFO),
            Level::Warn => tracing::enabled!(target: "plugin", tracing::Level::WARN),
            Level::Error => tracing::enabled!(target: "plugin", tracing::Level::ERROR),
        })
    }
}

/// Writes one line of the plugin's, unless it has written too many this second.
pub(crate) fn say(shared: &Shared, level: Level, message: &str) {
    let Some(leave) = shared.lines.ask(Instant::now()) else {
        return;
    };
    if leave.swallowed > 0 {
        tracing::warn!(target: "plugin", plugin = shared.plugin,
            upstream = shared.place.upstream(), route = shared.place.route(),
            lines = leave.swallowed, "lines were dropped: the plugin writes too many");
    }
    let text = printable(message);
    let (plugin, upstream, route) = (
        &shared.plugin,
        shared.place.upstream(),
        shared.place.route(),
    );
    match level {
        Level::Debug => tracing::debug!(target: "plugin", plugin, upstream, route, "{text}"),
        Level::Info => tracing::info!(target: "plugin", plugin, upstream, route, "{text}"),
        Level::Warn => tracing::warn!(target: "plugin", plugin, upstream, route, "{text}"),
        Level::Error => tracing::error!(target: "plugin", plugin, upstream, route, "{text}"),
    }
}

/// Cut to the bound, and without characters that could forge a line or a colour.
fn printable(message: &str) -> String {
    let cut = message.floor_char_boundary(MAX_LINE);
    let mut text = String::with_capacity(cut);
    for character in message[..cut].trim_end().chars() {
        if character.is_control() && character != '\t' {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(printable("a\nb\u{1b}[31m\n"), "a\\nb\\u{1b}[31m");
        assert_eq!(printable(&"é".repeat(MAX_LINE)).len(), MAX_LINE);
    }
}
