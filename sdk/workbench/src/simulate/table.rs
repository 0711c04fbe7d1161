//! The table in the terminal: a row for each selector, the best of each column marked, which is
//! the least in all of them.

use super::Played;
use crate::output::Output;
use tidegate_simulator::Report;

struct Column {
    head: &'static str,
    value: fn(&Report) -> f64,
    show: fn(f64) -> String,
}

const COLUMNS: [Column; 11] = [
    Column {
        head: "mean ms",
        value: |r| r.latency_ms.mean,
        show: milliseconds,
    },
    Column {
        head: "p50",
        value: |r| r.latency_ms.p50,
        show: milliseconds,
    },
    Column {
        head: "p99",
        value: |r| r.latency_ms.p99,
        show: milliseconds,
    },
    Column {
        head: "p99.9",
        value: |r| r.latency_ms.p999,
        show: milliseconds,
    },
    Column {
        head: "max",
        value: |r| r.latency_ms.max,
        show: milliseconds,
    },
    Column {
        head: "failed",
        value: |r| r.requests.failed as f64,
        show: whole,
    },
    Column {
        head: "retries",
        value: |r| r.attempts.retries as f64,
        show: whole,
    },
    Column {
        head: "requests max/mean",
        value: |r| r.spread_requests.max_over_mean,
        show: ratio,
    },
    Column {
        head: "in flight max/mean",
        value: |r| r.spread_in_flight.max_over_mean,
        show: ratio,
    },
    Column {
        head: "moved",
        value: |r| r.sessions.moved,
        show: percent,
    },
    Column {
        head: "fallback",
        value: |r| r.attempts.fallbacks as f64,
        show: whole,
    },
];

/// Prints it.
pub(super) fn print(played: &[Played], output: Output) {
    let names = played.iter().map(|it| it.name.as_str());
    let first = names.clone().map(str::len).max().unwrap_or(0).max(8);
    let mut lines = vec![format!("{:first$}", "selector")];
    lines.extend(names.map(|name| format!("{name:first$}")));
    let mut lines: Vec<String> = lines
        .into_iter()
        .enumerate()
        .map(|(row, text)| if row == 0 { output.strong(text) } else { text })
        .collect();
    for column in &COLUMNS {
        let values: Vec<f64> = played.iter().map(|it| (column.value)(&it.report)).collect();
        let cells: Vec<String> = values.iter().map(|value| (column.show)(*value)).collect();
        let best = values.iter().copied().min_by(f64::total_cmp);
        let best = best.map(|best| (column.show)(best));
        // All alike: then none is worth a mark.
        let differ = cells.iter().any(|cell| *cell != cells[0]);
        let width = cells
            .iter()
            .map(|cell| cell.chars().count() + 1)
            .max()
            .unwrap_or(0);
        let width = width.max(column.head.len() + 1);
        lines[0] += &output.strong(format!("  {:>width$}", format!("{} ", column.head)));
        for (line, cell) in lines[1..].iter_mut().zip(&cells) {
            let marked = differ && best.as_ref() == Some(cell);
            let text = format!(
                "{:>width$}",
                format!("{cell}{}", if marked { '*' } else { ' ' })
            );
            *line += &format!("  {}", if marked { output.good(text) } else { text });
        }
    }
    for line in lines {
        println!("{}", line.trim_end());
    }
}

/// Three digits that count.
pub(super) fn milliseconds(value: f64) -> String {
    match value {
        0.0 => "0".to_owned(),
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

pub(super) fn whole(value: f64) -> String {
    format!("{value:.0}")
}

pub(super) fn ratio(value: f64) -> String {
    format!("{value:.2}")
}

pub(super) fn percent(value: f64) -> String {
    format!("{:.1}%", value * 100.0)
}
