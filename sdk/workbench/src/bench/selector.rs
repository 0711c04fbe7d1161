//! What a selector costs.

use anyhow::{Context as _, Result, anyhow};
use tidegate_runtime::{Ambient, Component, Exchange, FaultKind, Limits, NoSeries, Place, Use};
use tidegate_testkit::{Host, Request, endpoints, sandbox};

use super::{Allocated, Report, row};

/// Measures `select` over lists of these lengths, `update` with each of them, and the start of
/// an instance. Every endpoint has requests in flight, differently many: otherwise a search
/// for the least loaded one ends at the first.
///
/// # Errors
/// When the plugin does not start, or a call of it fails.
pub fn selector(
    component: &Component,
    config: &str,
    limits: &Limits,
    sizes: &[u32],
    allocated: Allocated,
) -> Result<Report> {
    let mut report = Report {
        rows: Vec::new(),
        memory_started: 0,
        memory_ended: 0,
        calls: 0,
    };
    for &size in sizes {
        let host = Host::new();
        let load: Vec<u32> = (0..size).map(|position| 1 + position * 7 % 13).collect();
        host.in_flight(&load);
        host.latency(&load.iter().map(|load| load * 900).collect::<Vec<_>>());
        let list = host.list(&endpoints(size));
        let start = || {
            let purpose = Use {
                plugin: "measured".to_owned(),
                place: Place::Upstream("measured".to_owned()),
                config: config.to_owned(),
                limits: limits.clone(),
                series: Box::new(NoSeries),
                warm: 1,
                ambient: Ambient::Real,
            };
            sandbox().selector(component, purpose, &list)
        };
        let selector = start().context("the plugin could not be started (`--config JSON`?)")?;
        report.memory_started = report.memory_started.max(selector.memory());
        // Different clients: who hashes something hashes something else each time.
        let mut views: Vec<Option<Box<dyn Exchange>>> = requests().into_iter().map(Some).collect();
        let mut turn = 0;
        let select = || {
            turn = (turn + 1) % views.len();
            let view = views[turn].take().expect("it was given back");
            let (view, answer) = selector.select(&list, view);
            views[turn] = Some(view);
            match answer {
                // The plugin was not even asked, because this machine is busy.
                Err(fault) if fault.kind != FaultKind::Busy => {
                    Err(anyhow!("{} fault: {fault}", fault.kind.as_str()))
                }
                _ => Ok(()),
            }
        };
        let measured = row(
            format!("select, {size} endpoints"),
            allocated,
            &mut report.calls,
            select,
        );
        report.rows.push(measured?);
        // Two lists in turn: an instance that knows a list already is not made again.
        let lists = [(); 2].map(|()| host.list(&endpoints(size)));
        let mut list = 0;
        let update = || {
            list = 1 - list;
            selector.stage(&lists[list])
        };
        let mut updates = 0;
        let measured = row(
            format!("start, configure and update, {size} endpoints"),
            allocated,
            &mut updates,
            update,
        );
        report.rows.push(measured?);
        report.memory_ended = report.memory_ended.max(selector.memory());
    }
    Ok(report)
}

fn requests() -> Vec<Box<dyn Exchange>> {
    let request = |n: u32| {
        let request = Request::get(&format!("/shop/items/{n}?page=2"))
            .header(
                "user-agent",
                "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101",
            )
            .header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
            .header("x-user", n.to_string())
            .cookie("session", &format!("{:016x}", u64::from(n) * 0x9e37_79b9))
            .client(&format!("192.0.2.{}", n % 256));
        Box::new(request) as Box<dyn Exchange>
    };
    (0..256).map(request).collect()
}
