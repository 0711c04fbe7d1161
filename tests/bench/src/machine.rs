//! What was measured on: one line that belongs above every table.

use std::fs;

/// Processors, their name, and how busy the machine was when this began.
pub fn describe() -> String {
    let name = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let load = fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|text| Some(text.split(' ').next()?.to_owned()));
    let count = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{count} × {}, load {} at the start",
        name.as_deref().unwrap_or("unknown processor"),
        load.as_deref().unwrap_or("unknown"),
    )
}
