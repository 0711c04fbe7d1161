//! `Server-Timing` (W3C, Server Timing, 2): where the time of a response went, for clients
//! that the operator lets see it.

use super::exchange::Exchange;
use pingora::Result;
use pingora::http::ResponseHeader;
use std::fmt::Write;
use std::time::Duration;

/// Adds the field, when this client is to be told.
pub fn tell(exchange: &Exchange, head: &mut ResponseHeader) -> Result<()> {
    let Some(timings) = exchange.passage.timings() else {
        return Ok(());
    };
    let mut text = String::new();
    for (plugin, took) in timings {
        metric(&mut text, plugin, *took);
    }
    let attempt = exchange.attempt.as_ref();
    if let Some(took) = attempt.and_then(|attempt| attempt.answered) {
        metric(&mut text, "upstream", took);
    }
    metric(&mut text, "total", exchange.began.elapsed());
    head.append_header("Server-Timing", text)?;
    Ok(())
}

/// Names of plugins are tokens, as the configuration demands.
fn metric(text: &mut String, name: &str, took: Duration) {
    let comma = if text.is_empty() { "" } else { ", " };
    let milliseconds = took.as_secs_f64() * 1e3;
    // Writing into a string does not fail.
    let _ = write!(text, "{comma}{name};dur={milliseconds:.3}");
}
