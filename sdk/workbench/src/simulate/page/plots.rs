//! What is plotted of a comparison.

use super::axis::{Axis, Scale};
use super::chart::{Bar, Bars, Chart, Line};
use crate::simulate::Played;
use crate::simulate::table::{milliseconds, percent, ratio};
use anyhow::Result;
use tidegate_simulator::{Moment, Report};

/// One plot.
pub(crate) struct Plot {
    /// For the name of its file.
    pub(crate) name: String,
    pub(crate) title: String,
    /// How to read it.
    pub(crate) caption: &'static str,
    pub(crate) svg: String,
}

/// Those that have something to show.
pub(crate) fn plots(played: &[Played]) -> Result<Vec<Plot>> {
    let mut plots = vec![
        Plot {
            name: "latency".into(),
            title: "Latency by percentile".into(),
            caption: "Of every request that was answered well. Lower is better; further right are \
                      the unlucky ones.",
            svg: chart(PERCENTILE, LATENCY, played, |report| {
                // From the median on.
                let curve = (0..).zip(&report.latency_ms.curve).skip(3);
                let point =
                    |(k, ms): (i32, &f64)| (100.0 * (1.0 - 10f64.powf(-f64::from(k) / 10.0)), *ms);
                curve.map(point).collect()
            })?,
        },
        Plot {
            name: "p99".into(),
            title: "The 99th percentile over time".into(),
            caption: "Of the requests that ended in each hundredth of the time.",
            svg: over_time(LATENCY, played, |moment| moment.p99_ms)?,
        },
    ];
    if played.iter().any(|it| it.report.requests.failed > 0) {
        plots.push(Plot {
            name: "failed".into(),
            title: "Failed requests over time".into(),
            caption: "Answered with an error, or not at all, a second.",
            svg: over_time(FAILED, played, |moment| Some(moment.failed))?,
        });
    }
    plots.push(Plot {
        name: "requests".into(),
        title: "Requests of each endpoint".into(),
        caption: "In proportion to its weight and its time, the endpoint with the fewest on the \
                  left. A level line at 1 is even.",
        svg: chart(SHARE, OVER_MEAN, played, |report| {
            let curve = (0..).zip(&report.spread_requests.percentiles);
            curve.map(|(n, over)| (f64::from(n), *over)).collect()
        })?,
    });
    let groups = played.first().map_or(&[][..], |it| &it.report.groups);
    for (number, group) in groups.iter().enumerate() {
        let title = match groups.len() {
            1 => "Requests in flight over time".to_owned(),
            _ => format!("Requests in flight over time: {group}"),
        };
        plots.push(Plot {
            name: format!("in-flight-{}", number + 1),
            title,
            caption: "At one endpoint, on average.",
            svg: over_time(IN_FLIGHT, played, |moment| {
                moment.in_flight.get(number).copied()
            })?,
        });
    }
    plots.push(Plot {
        name: "sessions".into(),
        title: "Sessions moved".into(),
        caption: "Of the requests whose client had been answered before, those that went to \
                  another endpoint. Dark: although the one before might have been chosen again.",
        svg: sessions(played)?,
    });
    Ok(plots)
}

const PERCENTILE: Axis = Axis {
    label: "percentile",
    scale: Scale::Nines,
    // Two digits that count, and no zeros behind them.
    show: |value| {
        let text = format!("{value:.2}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    },
};
const LATENCY: Axis = Axis {
    label: "milliseconds",
    scale: Scale::Log,
    show: short,
};
const TIME: Axis = Axis {
    label: "seconds",
    scale: Scale::Between,
    show: short,
};
const FAILED: Axis = Axis {
    label: "failed a second",
    scale: Scale::Even,
    show: short,
};
const SHARE: Axis = Axis {
    label: "endpoints, %",
    scale: Scale::Between,
    show: short,
};
const OVER_MEAN: Axis = Axis {
    label: "requests / mean",
    scale: Scale::Even,
    show: short,
};
const IN_FLIGHT: Axis = Axis {
    label: "in flight",
    scale: Scale::Even,
    show: short,
};
const MOVED: Axis = Axis {
    label: "share of returning requests",
    scale: Scale::Even,
    show: percent,
};

fn short(value: f64) -> String {
    let value = (value * 1e6).round() / 1e6;
    if value >= 10.0 || value == value.trunc() {
        format!("{}", (value * 10.0).round() / 10.0)
    } else {
        format!("{}", (value * 1000.0).round() / 1000.0)
    }
}

fn chart(
    x: Axis,
    y: Axis,
    played: &[Played],
    points: impl Fn(&Report) -> Vec<(f64, f64)>,
) -> Result<String> {
    let lines = played.iter().enumerate().map(|(number, it)| Line {
        name: it.name.clone(),
        number,
        points: points(&it.report),
    });
    let lines = lines.collect();
    Chart { x, y, lines }.draw()
}

fn over_time(y: Axis, played: &[Played], value: impl Fn(&Moment) -> Option<f64>) -> Result<String> {
    chart(TIME, y, played, |report| {
        let moments = report.moments.iter();
        moments
            .filter_map(|moment| Some((moment.at, value(moment)?)))
            .collect()
    })
}

fn sessions(played: &[Played]) -> Result<String> {
    let bars = played.iter().enumerate().map(|(number, it)| Bar {
        name: it.name.clone(),
        number,
        value: it.report.sessions.moved,
        part: it.report.sessions.moved_freely,
    });
    let bars = bars.collect();
    Bars { axis: MOVED, bars }.draw()
}

/// A row of the table on the page: heads and cells.
pub(super) fn rows(played: &[Played]) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let heads = vec![
        "selector",
        "mean ms",
        "p50",
        "p90",
        "p99",
        "p99.9",
        "max",
        "failed",
        "retries",
        "fallback",
        "requests max/mean",
        "in flight max/mean",
        "peak in flight",
        "utilisation",
        "moved",
    ];
    let row = |it: &Played| {
        let report = &it.report;
        let latency = &report.latency_ms;
        let whole = |number: u64| number.to_string();
        vec![
            it.name.clone(),
            milliseconds(latency.mean),
            milliseconds(latency.p50),
            milliseconds(latency.p90),
            milliseconds(latency.p99),
            milliseconds(latency.p999),
            milliseconds(latency.max),
            whole(report.requests.failed),
            whole(report.attempts.retries),
            whole(report.attempts.fallbacks),
            ratio(report.spread_requests.max_over_mean),
            ratio(report.spread_in_flight.max_over_mean),
            whole(u64::from(report.peak_in_flight)),
            percent(report.utilisation),
            percent(report.sessions.moved),
        ]
    };
    (heads, played.iter().map(row).collect())
}
