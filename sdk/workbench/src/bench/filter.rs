//! What a filter costs.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use anyhow::{Context as _, Result, anyhow};
use tidegate_runtime::{
    Ambient, BodyMode, Component, Exchange, Fault, FaultKind, Limits, NoSeries, Place, Use, Visit,
};
use tidegate_testkit::{Host, Reply, Request, sandbox};

use super::{Allocated, Report, row};

/// Bytes of the chunk of a body.
const CHUNK: usize = 64 << 10;

/// A phase, called in one visit.
type Called = (Box<dyn Exchange>, Result<(), Fault>);
type Phase<'a> = Box<dyn Fn(Box<dyn Exchange>, &mut Visit) -> Called + 'a>;

/// Measures every phase that the filter asked for, each in an exchange of its own. Upstreams
/// that are granted answer 200 at once.
///
/// # Errors
/// When the plugin does not start, or a call of it fails.
pub fn filter(
    component: &Component,
    config: &str,
    limits: &Limits,
    allocated: Allocated,
) -> Result<Report> {
    let host = Host::new();
    for upstream in &limits.http {
        host.answers(upstream, |_| Ok(Reply::new(200)));
    }
    let purpose = Use {
        plugin: "measured".to_owned(),
        place: Place::Route("measured".to_owned(), 0),
        config: config.to_owned(),
        limits: limits.clone(),
        series: Box::new(NoSeries),
        warm: 1,
        ambient: Ambient::Real,
    };
    let filter = sandbox().filter(component, purpose);
    let filter = Arc::new(filter.context("the plugin could not be started (`--config JSON`?)")?);
    let mut report = Report {
        rows: Vec::new(),
        memory_started: filter.memory(),
        memory_ended: 0,
        calls: 0,
    };
    host.request(request().answered(200, &[]));
    for (name, call) in phases(filter.interest()) {
        let mut view = Some(host.view());
        let step = || {
            let mut visit = Visit::new(filter.clone());
            let lent = view.take().expect("it was given back");
            let (back, answer) = call(lent, &mut visit);
            view = Some(back);
            match answer {
                // No instance was free, because this machine is busy.
                Err(fault) if fault.kind != FaultKind::Busy => {
                    Err(anyhow!("{} fault: {fault}", fault.kind.as_str()))
                }
                _ => Ok(()),
            }
        };
        report
            .rows
            .push(row(name.to_owned(), allocated, &mut report.calls, step)?);
    }
    report.memory_ended = filter.memory();
    Ok(report)
}

fn phases(interest: tidegate_runtime::Interest) -> Vec<(&'static str, Phase<'static>)> {
    fn through<T>(called: (Box<dyn Exchange>, Result<T, Fault>)) -> Called {
        (called.0, called.1.map(drop))
    }
    let mut phases: Vec<(&str, Phase<'_>)> = Vec::new();
    if interest.request {
        phases.push((
            "on-request",
            Box::new(|view, visit| through(now(visit.on_request(view)))),
        ));
    }
    if interest.request_body != BodyMode::Skip {
        let chunk = vec![b'x'; CHUNK];
        let call =
            move |view, visit: &mut Visit| through(now(visit.on_request_body(view, &chunk, true)));
        phases.push(("on-request-body, 64 KiB", Box::new(call)));
    }
    if interest.response {
        phases.push((
            "on-response",
            Box::new(|view, visit| through(now(visit.on_response(view)))),
        ));
    }
    if interest.response_body != BodyMode::Skip {
        let chunk = vec![b'x'; CHUNK];
        let call =
            move |view, visit: &mut Visit| through(visit.on_response_body(view, &chunk, true));
        phases.push(("on-response-body, 64 KiB", Box::new(call)));
    }
    phases
}

fn request() -> Request {
    Request::get("/shop/items/17?page=2")
        .header(
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101",
        )
        .header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
        .header("x-user", "17")
        .cookie("session", "00000000deadbeef")
}

/// What waits for nothing but a free instance, without a runtime that would be measured too.
fn now<T>(call: impl Future<Output = T>) -> T {
    let mut call = pin!(call);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match call.as_mut().poll(&mut context) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => std::thread::yield_now(),
        }
    }
}
