//! The contract in `wit/`, promise by promise, where no other test of this crate holds the host
//! to it. The plugins are made by hand: they do what no binding would let them do.

use crate::log::Lines;
use crate::support::{self, SANDBOX, by, endpoints, endpoints_with};
use http::{HeaderMap, StatusCode};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tidegate_components::{Filter as Made, Selector as MadeSelector};
use tidegate_runtime::{
    Ambient, Answering, BodyVerdict, CalloutFailure, Callouts, CounterSink, Exchange, Fault,
    FaultKind, Filter, GaugeSink, HistogramSink, Limits, LoadError, NoSeries, Outgoing, Place,
    Reply, SeriesSink, Use, Verdict, Visit,
};
use tokio::sync::Notify;

/// An exchange of which everything is known, the response and whom to call included.
#[derive(Clone)]
struct Told {
    head: http::request::Parts,
    response: http::response::Parts,
    attempt: u32,
    callouts: Option<Arc<dyn Callouts>>,
}

impl Told {
    fn new(attempt: u32) -> Self {
        let request = http::Request::put("/p?q=1").header("x-a", "b");
        let response = http::Response::builder().status(418).header("x-c", "d");
        Self {
            head: request.body(()).unwrap().into_parts().0,
            response: response.body(()).unwrap().into_parts().0,
            attempt,
            callouts: None,
        }
    }

    fn calling(callouts: &Arc<Upstreams>) -> Self {
        Self {
            callouts: Some(callouts.clone()),
            ..Self::new(0)
        }
    }
}

impl Exchange for Told {
    fn head(&self) -> &http::request::Parts {
        &self.head
    }
    fn scheme(&self) -> &str {
        "http"
    }
    fn authority(&self) -> &str {
        "test.example"
    }
    fn client(&self) -> IpAddr {
        Ipv4Addr::LOCALHOST.into()
    }
    fn attribute(&self, name: &str) -> Option<&str> {
        (name == "x-a").then_some("left by an earlier one")
    }
    fn route(&self) -> &str {
        "r"
    }
    fn attempt(&self) -> u32 {
        self.attempt
    }
    fn excluded(&self) -> &[u32] {
        &[]
    }
    fn response(&self) -> Option<&http::response::Parts> {
        Some(&self.response)
    }
    fn endpoint(&self) -> Option<&str> {
        Some("10.0.0.1:80")
    }
    fn callouts(&self) -> Option<Arc<dyn Callouts>> {
        self.callouts.clone()
    }
}

/// Upstreams that answer with so many bytes, once they are let, and keep what they got.
#[derive(Default)]
struct Upstreams {
    bytes: usize,
    gate: Option<Notify>,
    got: Mutex<Vec<Outgoing>>,
}

impl Callouts for Upstreams {
    fn send(&self, request: Outgoing) -> Answering<'_> {
        Box::pin(async move {
            self.got.lock().unwrap().push(request);
            if let Some(gate) = &self.gate {
                gate.notified().await;
            }
            Ok::<_, CalloutFailure>(Reply {
                status: StatusCode::OK,
                headers: HeaderMap::new(),
                body: vec![b'x'; self.bytes],
            })
        })
    }
}

/// A use of the plugin `test` by a route; tests that keep state choose a route of their own.
fn in_route(route: &str) -> Use {
    Use {
        plugin: "test".into(),
        place: Place::Route(route.into(), 0),
        config: "{}".into(),
        limits: Limits::default(),
        series: Box::new(NoSeries),
        warm: 1,
        ambient: Ambient::Real,
    }
}

fn try_start(made: &Made, purpose: Use) -> Result<Arc<Filter>, LoadError> {
    let component = SANDBOX.component(&made.component())?;
    SANDBOX.filter(&component, purpose).map(Arc::new)
}

fn start(made: &Made, purpose: Use) -> Arc<Filter> {
    try_start(made, purpose).unwrap_or_else(|error| panic!("{error}"))
}

/// What the filter makes of an exchange at its first phase.
async fn ask(filter: &Arc<Filter>, exchange: Told) -> Result<Verdict, Fault> {
    Visit::new(filter.clone())
        .on_request(Box::new(exchange))
        .await
        .1
}

/// The number that it answers with, beyond a status of 200, when told that one.
async fn number(filter: &Arc<Filter>, order: u32) -> u16 {
    match ask(filter, Told::new(order)).await {
        Ok(Verdict::Answer(reply)) => reply.status.as_u16() - 200,
        other => panic!("{other:?}"),
    }
}

/// Text that answers with the number on the stack.
fn answering(number: &str) -> String {
    format!("(call $abort (i32.add (i32.const 200) {number}))")
}

/// Statements by order, from 0: the order is the number of the attempt. Each leaves a number.
fn by_order(orders: &[String]) -> String {
    let orders = orders.iter().enumerate().map(|(order, number)| {
        let answer = answering(number);
        format!("(if (i32.eq (call $attempt) (i32.const {order})) (then (return {answer})))\n")
    });
    format!("{}(unreachable)", orders.collect::<String>())
}

const ATTEMPT: &str = r#"
    (import "tidegate:plugin/request@0.1.0" "attempt" (func $attempt (result i32)))"#;

// request, response, load: what is there when

/// Traps unless that is 0.
fn nothing(value: &str) -> String {
    format!("(if {value} (then (unreachable)))\n")
}

/// Calls of every function of `request`, each as a number that is 0 for empty, zero or none.
fn all_of_request(made: &mut Made) -> Vec<String> {
    let name = made.literal("x-a");
    let parameter = made.literal("q");
    // A string or a list has its length at 4, an option whether it is there at 0.
    let at = 40_000;
    let length = |call: &str| {
        format!(
            "(block (result i32) {call} (i32.load (i32.const {})))",
            at + 4
        )
    };
    let there = |call: &str| format!("(block (result i32) {call} (i32.load8_u (i32.const {at})))");
    vec![
        length(&format!("(call $method (i32.const {at}))")),
        length(&format!("(call $scheme (i32.const {at}))")),
        length(&format!("(call $authority (i32.const {at}))")),
        length(&format!("(call $path_of (i32.const {at}))")),
        there(&format!("(call $query (i32.const {at}))")),
        there(&format!("(call $parameter {parameter} (i32.const {at}))")),
        there(&format!("(call $header_of {name} (i32.const {at}))")),
        length(&format!("(call $headers (i32.const {at}))")),
        length(&format!("(call $client (i32.const {at}))")),
        "(i64.ne (call $client_hash) (i64.const 0))".into(),
        there(&format!("(call $attribute {name} (i32.const {at}))")),
        length(&format!("(call $route (i32.const {at}))")),
        "(call $attempt)".into(),
    ]
}

fn request_imports() -> String {
    let import = |name: &str, function: &str, takes: &str| {
        format!(
            "\n    (import \"tidegate:plugin/request@0.1.0\" \"{name}\" (func ${function} {takes}))"
        )
    };
    [
        import("method", "method", "(param i32)"),
        import("scheme", "scheme", "(param i32)"),
        import("authority", "authority", "(param i32)"),
        import("path", "path_of", "(param i32)"),
        import("query", "query", "(param i32)"),
        import("query-parameter", "parameter", "(param i32 i32 i32)"),
        import("header", "header_of", "(param i32 i32 i32)"),
        import("headers", "headers", "(param i32)"),
        import("client-address", "client", "(param i32)"),
        import("client-hash", "client_hash", "(result i64)"),
        import("attribute", "attribute", "(param i32 i32 i32)"),
        import("route", "route", "(param i32)"),
        import("attempt", "attempt", "(result i32)"),
    ]
    .concat()
}

#[tokio::test]
async fn outside_of_an_exchange_every_function_of_request_answers_empty() {
    let mut made = Made::default();
    let all = all_of_request(&mut made);
    made.functions = request_imports();
    made.configure = all.iter().map(|value| nothing(value)).collect();
    let there = all
        .iter()
        .map(|value| nothing(&format!("(i32.eqz {value})")));
    made.on_request = format!("{}(call $pass)", there.collect::<String>());
    let filter = start(&made, in_route("request"));
    let verdict = ask(&filter, Told::new(1)).await;
    assert!(matches!(verdict, Ok(Verdict::Pass)), "{verdict:?}");
}

#[tokio::test]
async fn a_response_is_there_in_its_own_phases_and_in_no_other() {
    let mut made = Made {
        interest: [1, 1, 1, 1],
        ..Made::default()
    };
    let name = made.literal("x-c");
    made.functions = r#"
    (import "tidegate:plugin/response@0.1.0" "status" (func $status (result i32)))
    (import "tidegate:plugin/response@0.1.0" "header" (func $header_of (param i32 i32 i32)))
    (import "tidegate:plugin/response@0.1.0" "headers" (func $headers (param i32)))
    (import "tidegate:plugin/response@0.1.0" "endpoint" (func $endpoint (param i32)))"#
        .into();
    let all = [
        "(call $status)".to_owned(),
        format!(
            "(block (result i32) (call $header_of {name} (i32.const 40000)) (i32.load8_u (i32.const 40000)))"
        ),
        "(block (result i32) (call $headers (i32.const 40000)) (i32.load (i32.const 40004)))"
            .into(),
        "(block (result i32) (call $endpoint (i32.const 40000)) (i32.load8_u (i32.const 40000)))"
            .into(),
    ];
    let absent: String = all.iter().map(|value| nothing(value)).collect();
    let present = all
        .iter()
        .map(|value| nothing(&format!("(i32.eqz {value})")));
    let present: String = present.collect();
    made.configure = absent.clone();
    made.on_request = format!("{absent}(call $pass)");
    made.on_request_body = format!("{absent}(call $pass)");
    made.on_response = format!("{present}(call $no_edit)");
    made.on_response_body = format!("{present}(call $pass)");
    let mut visit = Visit::new(start(&made, in_route("response")));
    let view: Box<dyn Exchange> = Box::new(Told::new(0));
    let (view, verdict) = visit.on_request(view).await;
    verdict.unwrap();
    let (view, verdict) = visit.on_response(view).await;
    verdict.unwrap();
    // A body that is streamed may go on when the response has begun.
    let (view, verdict) = visit.on_request_body(view, b"x", true).await;
    verdict.unwrap();
    let (_, verdict) = visit.on_response_body(view, b"x", true);
    verdict.unwrap();
}

#[test]
fn outside_of_select_there_is_no_load_and_nothing_is_excluded() {
    let all = [
        "(call $total)",
        "(call $in_flight_of (i32.const 0))",
        "(call $latency_of (i32.const 0))",
        "(call $is_excluded (i32.const 0))",
        "(block (result i32) (call $in_flight (i32.const 2560)) (i32.load (i32.const 2564)))",
        "(block (result i32) (call $latency (i32.const 2560)) (i32.load (i32.const 2564)))",
        "(block (result i32) (call $excluded (i32.const 2560)) (i32.load (i32.const 2564)))",
    ];
    let absent: String = all.iter().map(|value| nothing(value)).collect();
    let made = MadeSelector {
        functions: r#"
    (import "tidegate:plugin/load@0.1.0" "total" (func $total (result i32)))
    (import "tidegate:plugin/load@0.1.0" "in-flight-of" (func $in_flight_of (param i32) (result i32)))
    (import "tidegate:plugin/load@0.1.0" "latency-of" (func $latency_of (param i32) (result i32)))
    (import "tidegate:plugin/load@0.1.0" "is-excluded" (func $is_excluded (param i32) (result i32)))
    (import "tidegate:plugin/load@0.1.0" "in-flight" (func $in_flight (param i32)))
    (import "tidegate:plugin/load@0.1.0" "latency" (func $latency (param i32)))
    (import "tidegate:plugin/load@0.1.0" "excluded" (func $excluded (param i32)))"#
            .into(),
        configure: absent.clone(),
        update: absent,
        select: "(call $choose (call $total))".into(),
        ..MadeSelector::default()
    };
    let list = endpoints_with(3, || 2);
    let selector = support::start(&made, by("no load"), &list).unwrap();
    assert_eq!(
        support::pick(&selector, &list),
        2,
        "there is one in `select`"
    );
}

// log

/// Writes the text of the exchange's order: 0 a short one 300 times, 1 once a long one.
fn talkative() -> Made {
    let mut made = Made {
        pages: 6,
        ..Made::default()
    };
    let (short, long) = (made.literal("short"), made.literal("y".repeat(5_000)));
    made.functions = format!(
        r#"{ATTEMPT}
    (import "tidegate:plugin/log@0.1.0" "write" (func $write (param i32 i32 i32)))"#
    );
    made.on_request = format!(
        "(if (call $attempt) (then (call $write (i32.const 1) {long}) (return (call $pass))))
        (loop $again
            (call $write (i32.const 1) {short})
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 300))))
        (call $pass)"
    );
    made
}

#[tokio::test]
async fn lines_beyond_a_hundred_a_second_are_dropped_and_counted() {
    let lines = Lines::default();
    let _another = tracing::Dispatch::new(Lines::default());
    let _heard = tracing::subscriber::set_default(lines.clone());
    let filter = start(&talkative(), in_route("log"));
    let patience = Instant::now() + Duration::from_secs(30);
    let mut written = 0;
    // Until a second is over and the next line says how many are missing.
    while !lines.so_far().iter().any(|line| line.contains_key("lines")) {
        assert!(
            Instant::now() < patience,
            "nobody says that lines are missing"
        );
        ask(&filter, Told::new(0)).await.unwrap();
        written += 300;
    }
    let lines = lines.so_far();
    let logged = lines
        .iter()
        .filter(|line| line["message"] == "short")
        .count();
    let first = lines.iter().position(|line| line.contains_key("lines"));
    let first = first.unwrap();
    let dropped: usize = lines[first]["lines"].parse().unwrap();
    // Twice as many when a second ends just then.
    assert!((100..=200).contains(&first), "{first} lines come first");
    // What was dropped after that line is told by a later one.
    assert!(
        logged + dropped <= written,
        "{logged} and {dropped} of {written}"
    );
    assert!(dropped >= 100, "{dropped}");
    assert_eq!(lines[0]["plugin"], "test");
    assert_eq!(lines[0]["route"], "log");
}

#[tokio::test]
async fn a_line_is_cut_at_4_kib() {
    let lines = Lines::default();
    let _another = tracing::Dispatch::new(Lines::default());
    let _heard = tracing::subscriber::set_default(lines.clone());
    let filter = start(&talkative(), in_route("long line"));
    ask(&filter, Told::new(1)).await.unwrap();
    assert_eq!(lines.so_far()[0]["message"], "y".repeat(4_096));
}

#[tokio::test]
async fn a_level_that_nobody_hears_is_not_enabled() {
    let made = Made {
        functions: format!(
            r#"{ATTEMPT}
    (import "tidegate:plugin/log@0.1.0" "enabled" (func $enabled (param i32) (result i32)))"#
        ),
        on_request: answering("(call $enabled (call $attempt))"),
        ..Made::default()
    };
    let filter = start(&made, in_route("enabled"));
    let _heard = tracing::subscriber::set_default(tracing::subscriber::NoSubscriber::new());
    for level in 0..4 {
        assert_eq!(number(&filter, level).await, 0);
    }
}

// clock

#[tokio::test]
async fn the_clock_goes_forward_from_an_origin_that_all_share() {
    let made = Made {
        functions: r#"
    (import "tidegate:plugin/clock@0.1.0" "now" (func $now (result i64)))"#
            .into(),
        on_request: "(i64.store (i32.const 40000) (call $now))
        (call $answer (i32.const 200) (i32.const 40000) (i32.const 8))"
            .into(),
        ..Made::default()
    };
    let other = Made {
        pages: 5,
        ..made.clone()
    };
    let filters = [
        start(&made, in_route("clock")),
        start(&made, in_route("another clock")),
        start(&other, in_route("clock of another plugin")),
    ];
    let began = Instant::now();
    let (mut first, mut last) = (None, 0);
    for turn in 0..30 {
        let Ok(Verdict::Answer(reply)) = ask(&filters[turn % 3], Told::new(0)).await else {
            panic!("no answer");
        };
        let now = u64::from_le_bytes(reply.body.try_into().unwrap());
        assert!(now >= last, "it went back from {last} to {now}");
        first.get_or_insert(now);
        last = now;
    }
    let passed = Duration::from_nanos(last - first.unwrap());
    assert!(passed <= began.elapsed(), "nanoseconds, and no others");
}

// state

const STATE: &str = r#"
    (import "tidegate:plugin/request@0.1.0" "attempt" (func $attempt (result i32)))
    (import "tidegate:plugin/state@0.1.0" "get" (func $get (param i32 i32 i32)))
    (import "tidegate:plugin/state@0.1.0" "set"
        (func $put (param i32 i32 i32 i32 i32 i64 i32)))
    (import "tidegate:plugin/state@0.1.0" "delete" (func $delete (param i32 i32)))
    (import "tidegate:plugin/state@0.1.0" "swap"
        (func $swap (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "tidegate:plugin/state@0.1.0" "[constructor]counter"
        (func $counter (param i32 i32) (result i32)))
    (import "tidegate:plugin/state@0.1.0" "[method]counter.add"
        (func $add (param i32 i64) (result i64)))
    (import "tidegate:plugin/state@0.1.0" "[constructor]bucket"
        (func $bucket (param i32 i32 f64 f64) (result i32)))
    (import "tidegate:plugin/state@0.1.0" "[method]bucket.take"
        (func $take (param i32 i32 i32 i32 i32)))
    (global $of_counter (mut i32) (i32.const 0))
    (global $of_bucket (mut i32) (i32.const 0))"#;

/// What a key holds, as a number: 0 for nothing, else 1 and the length of the value.
fn held(key: &str) -> String {
    format!(
        "(block (result i32) (call $get {key} (i32.const 40000))
            (if (result i32) (i32.load8_u (i32.const 40000))
                (then (i32.add (i32.const 1) (i32.load (i32.const 40008))))
                (else (i32.const 0))))"
    )
}

/// Sets a key without end: 1 when that is refused.
fn put(key: &str, value: &str) -> String {
    format!(
        "(block (result i32)
            (call $put {key} {value} (i32.const 0) (i64.const 0) (i32.const 40000))
            (i32.load8_u (i32.const 40000)))"
    )
}

/// Orders: 0 reads, 1 writes `one`, 2 writes what does not fit into a quota of 1 KiB, 3 deletes,
/// 4 swaps `one` for `other`, 5 nothing for `one`.
fn keeping() -> Made {
    let mut made = Made {
        functions: STATE.into(),
        ..Made::default()
    };
    let key = made.literal("key");
    let (one, other) = (made.literal("one"), made.literal("other"));
    let large = made.literal("z".repeat(2_000));
    made.on_request = by_order(&[
        held(&key),
        put(&key, &one),
        put(&key, &large),
        format!("(block (result i32) (call $delete {key}) (i32.const 0))"),
        format!("(call $swap {key} (i32.const 1) {one} {other})"),
        format!("(call $swap {key} (i32.const 0) (i32.const 0) (i32.const 0) {one})"),
    ]);
    made
}

#[tokio::test]
async fn what_one_use_keeps_another_does_not_see() {
    let made = keeping();
    let mine = start(&made, in_route("mine"));
    assert_eq!(number(&mine, 1).await, 0, "written");
    assert_eq!(number(&mine, 0).await, 4, "three letters");
    let others = [
        in_route("another route"),
        Use {
            place: Place::Route("mine".into(), 1),
            ..in_route("")
        },
        Use {
            plugin: "another".into(),
            ..in_route("mine")
        },
        Use {
            // An upstream may have the name of a route.
            place: Place::Upstream("mine".into()),
            ..in_route("")
        },
    ];
    for purpose in others {
        let place = format!("{:?}", purpose.place);
        let other = start(&made, purpose);
        assert_eq!(number(&other, 0).await, 0, "{place}");
        assert_eq!(number(&other, 1).await, 0, "written");
        assert_eq!(number(&other, 3).await, 0, "and deleted");
    }
    assert_eq!(number(&mine, 0).await, 4, "nobody has touched it");
}

#[tokio::test]
async fn what_is_kept_survives_another_file_and_another_config() {
    let made = keeping();
    let old = start(&made, in_route("kept"));
    number(&old, 1).await;
    let other = Made {
        pages: 5,
        ..made.clone()
    };
    let purpose = Use {
        config: r#"{"other": 1}"#.into(),
        ..in_route("kept")
    };
    let new = start(&other, purpose);
    assert_eq!(number(&new, 0).await, 4);
    drop(old);
    assert_eq!(number(&new, 0).await, 4);
}

#[tokio::test]
async fn a_full_quota_refuses_and_changes_nothing() {
    let mut purpose = in_route("quota");
    purpose.limits.state = 1_024;
    let filter = start(&keeping(), purpose);
    assert_eq!(number(&filter, 2).await, 1, "refused");
    assert_eq!(number(&filter, 0).await, 0);
    assert_eq!(number(&filter, 1).await, 0, "what fits is written");
    assert_eq!(number(&filter, 2).await, 1);
    assert_eq!(number(&filter, 0).await, 4, "and stays");
    let mut purpose = in_route("quota of nothing");
    purpose.limits.state = 0;
    let filter = start(&keeping(), purpose);
    assert_eq!(number(&filter, 1).await, 1);
    assert_eq!(number(&filter, 5).await, 0, "a swap is refused too");
    assert_eq!(number(&filter, 0).await, 0);
}

/// A file that is refused is tried all the same, while the running one works.
#[tokio::test]
async fn the_quota_of_a_trial_is_not_that_of_the_running_one() {
    let mut generous = in_route("trial");
    generous.limits.state = 10_000;
    let running = start(&keeping(), generous);
    let mut strict = in_route("trial");
    strict.limits.state = 0;
    let trial = start(&keeping(), strict);
    assert_eq!(number(&trial, 1).await, 1);
    assert_eq!(number(&running, 1).await, 0);
    drop(trial);
    assert_eq!(number(&running, 2).await, 0);
}

#[tokio::test]
async fn a_swap_asks_for_what_is_expected() {
    let filter = start(&keeping(), in_route("swap"));
    assert_eq!(number(&filter, 4).await, 0, "`one` is not there");
    assert_eq!(number(&filter, 5).await, 1, "nothing is there");
    assert_eq!(number(&filter, 5).await, 0, "something is there");
    assert_eq!(number(&filter, 4).await, 1, "`one` becomes `other`");
    assert_eq!(number(&filter, 0).await, 6);
    assert_eq!(number(&filter, 4).await, 0, "`one` is gone");
    assert_eq!(number(&filter, 3).await, 0);
    assert_eq!(number(&filter, 0).await, 0, "deleted");
}

#[tokio::test]
async fn a_value_with_an_end_is_gone_at_its_end_and_a_swap_keeps_the_end() {
    let mut made = Made {
        functions: STATE.into(),
        ..Made::default()
    };
    let key = made.literal("key");
    let (one, other) = (made.literal("one"), made.literal("other"));
    made.on_request = by_order(&[
        held(&key),
        format!(
            "(block (result i32)
                (call $put {key} {one} (i32.const 1) (i64.const 300) (i32.const 40000))
                (i32.load8_u (i32.const 40000)))"
        ),
        format!("(call $swap {key} (i32.const 1) {one} {other})"),
    ]);
    let filter = start(&made, in_route("end"));
    let before = Instant::now();
    number(&filter, 1).await;
    let (swapped, found) = (number(&filter, 2).await, number(&filter, 0).await);
    if before.elapsed() < Duration::from_millis(300) {
        assert_eq!((swapped, found), (1, 6));
    }
    let patience = Instant::now() + Duration::from_secs(30);
    while number(&filter, 0).await != 0 {
        assert!(Instant::now() < patience, "it never ends");
    }
    assert!(before.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_counter_adds_wraps_and_tells_the_value_before() {
    let mut made = Made {
        functions: STATE.into(),
        ..Made::default()
    };
    let name = made.literal("n");
    made.configure = format!("(global.set $of_counter (call $counter {name}))");
    let add = |delta: i64, expected: i64| {
        format!(
            "(i64.eq (call $add (global.get $of_counter) (i64.const {delta})) (i64.const {expected}))"
        )
    };
    made.on_request = by_order(&[
        add(7, 0),
        add(i64::MAX, 7),
        add(1, i64::MIN + 6),
        add(-7, i64::MIN + 7),
        add(0, i64::MIN),
    ]);
    let filter = start(&made, in_route("counter"));
    for order in 0..5 {
        assert_eq!(number(&filter, order).await, 1, "order {order}");
    }
}

/// A bucket with these numbers. Orders: 0 takes one, 1 takes two, 2 takes more than it could ever
/// hold. The answer's body is the wait in milliseconds; nothing when it was given.
fn taking(rate: f64, burst: f64) -> Made {
    let mut made = Made {
        functions: STATE.into(),
        ..Made::default()
    };
    let (name, key) = (made.literal("b"), made.literal("key"));
    made.configure = format!(
        "(global.set $of_bucket (call $bucket {name} (f64.const {rate}) (f64.const {burst})))"
    );
    made.on_request = format!(
        "(call $take (global.get $of_bucket) {key}
            (i32.add (i32.const 1) (i32.mul (call $attempt) (call $attempt)))
            (i32.const 40000))
        (if (result i32) (i32.load8_u (i32.const 40000))
            (then (call $answer (i32.const 429) (i32.const 40008) (i32.const 8)))
            (else (call $answer (i32.const 200) (i32.const 0) (i32.const 0))))"
    );
    made
}

/// The wait that it says; none when the tokens were there.
async fn wait(filter: &Arc<Filter>, order: u32) -> Option<u64> {
    let Ok(Verdict::Answer(reply)) = ask(filter, Told::new(order)).await else {
        panic!("no answer");
    };
    reply.body.try_into().ok().map(u64::from_le_bytes)
}

#[tokio::test]
async fn a_bucket_gives_its_burst_and_then_says_when() {
    // A token in a hundred seconds.
    let filter = start(&taking(0.01, 3.0), in_route("bucket"));
    assert_eq!(
        wait(&filter, 2).await,
        Some(u64::MAX),
        "five of three: never"
    );
    assert_eq!(wait(&filter, 1).await, None, "two of three");
    let when = wait(&filter, 1).await.unwrap();
    assert!((1..=100_000).contains(&when), "one more in {when} ms");
    assert_eq!(wait(&filter, 0).await, None, "a refusal takes nothing");
    let when = wait(&filter, 0).await.unwrap();
    assert!((90_000..=100_000).contains(&when), "{when}");
}

#[tokio::test]
async fn two_instances_share_a_bucket_and_each_takes_by_its_own_numbers() {
    let running = start(&taking(0.0, 3.0), in_route("shared bucket"));
    assert_eq!(wait(&running, 0).await, None);
    // A version that is being tried, and then refused, lets nobody in that the running one keeps
    // out.
    let trial = start(&taking(1_000_000.0, 1_000_000.0), in_route("shared bucket"));
    assert_eq!(wait(&running, 0).await, None);
    assert_eq!(wait(&running, 0).await, None);
    assert_eq!(wait(&running, 0).await, Some(u64::MAX), "three are taken");
    drop(trial);
    assert_eq!(wait(&running, 0).await, Some(u64::MAX));
    let stricter = start(&taking(0.0, 5.0), in_route("shared bucket"));
    assert_eq!(
        wait(&stricter, 0).await,
        Some(u64::MAX),
        "a burst is not a gift"
    );
}

#[tokio::test]
async fn names_beyond_a_thousand_are_private_and_logged() {
    let lines = Lines::default();
    let _another = tracing::Dispatch::new(Lines::default());
    let _heard = tracing::subscriber::set_default(lines.clone());
    let mut made = Made {
        functions: STATE.into(),
        ..Made::default()
    };
    // 1,024 counters with names of their own, then the one that a call uses.
    let name = made.literal("name");
    let at = name.split_once("i32.const ").unwrap().1;
    let at = at.split_once(')').unwrap().0.to_owned();
    made.configure = format!(
        "(local $n i32)
        (loop $again
            (i32.store (i32.const {at}) (i32.add (i32.const 0x30303030)
                (i32.or (i32.and (local.get $n) (i32.const 0x3f))
                    (i32.shl (i32.shr_u (local.get $n) (i32.const 6)) (i32.const 8)))))
            (global.set $of_counter (call $counter {name}))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $again (i32.le_u (local.get $n) (i32.const 1024))))"
    );
    made.on_request =
        answering("(i32.wrap_i64 (call $add (global.get $of_counter) (i64.const 1)))");
    let one = start(&made, in_route("many names"));
    let other = start(&made, in_route("many names"));
    assert_eq!([number(&one, 0).await, number(&one, 0).await], [0, 1]);
    assert_eq!(number(&other, 0).await, 0, "it is not shared");
    let lines = lines.so_far();
    let told = lines
        .iter()
        .filter(|line| line["message"].contains("is not shared"));
    assert!(told.count() >= 2, "{lines:?}");
}

#[tokio::test]
async fn a_guest_holds_as_many_handles_as_it_may_and_no_more() {
    let mut made = Made {
        functions: STATE.into(),
        ..Made::default()
    };
    let name = made.literal("n");
    made.on_request = format!(
        "(loop $again
            (drop (call $counter {name}))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.mul (call $attempt) (i32.const 1000)))))
        (call $pass)"
    );
    let mut purpose = in_route("handles");
    purpose.limits.deadline = Duration::from_secs(5);
    let filter = start(&made, purpose);
    ask(&filter, Told::new(4)).await.unwrap();
    let fault = ask(&filter, Told::new(1)).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Trap, "five thousand: {fault}");
    ask(&filter, Told::new(1))
        .await
        .expect("a new instance has none");
}

// metrics

/// Takes nothing.
struct Refusing;

impl SeriesSink for Refusing {
    fn counter(&self, name: &str, _: &str) -> Result<Box<dyn CounterSink>, String> {
        Err(format!("{name} is not to my taste"))
    }
    fn gauge(&self, name: &str, _: &str) -> Result<Box<dyn GaugeSink>, String> {
        Err(format!("{name} is not to my taste"))
    }
    fn histogram(&self, name: &str, _: &str, _: &[f64]) -> Result<Box<dyn HistogramSink>, String> {
        Err(format!("{name} is not to my taste"))
    }
}

#[tokio::test]
async fn a_series_that_is_refused_is_logged_and_counts_nowhere() {
    let lines = Lines::default();
    let _another = tracing::Dispatch::new(Lines::default());
    let _heard = tracing::subscriber::set_default(lines.clone());
    let mut made = Made::default();
    let name = made.literal("Bad Name");
    made.functions = r#"
    (import "tidegate:plugin/metrics@0.1.0" "[constructor]counter"
        (func $counter (param i32 i32 i32 i32) (result i32)))
    (import "tidegate:plugin/metrics@0.1.0" "[method]counter.add" (func $add (param i32 i64)))
    (import "tidegate:plugin/metrics@0.1.0" "[constructor]gauge"
        (func $gauge (param i32 i32 i32 i32) (result i32)))
    (import "tidegate:plugin/metrics@0.1.0" "[method]gauge.set" (func $set_gauge (param i32 f64)))
    (import "tidegate:plugin/metrics@0.1.0" "[constructor]histogram"
        (func $histogram (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "tidegate:plugin/metrics@0.1.0" "[method]histogram.observe"
        (func $observe (param i32 f64)))"#
        .into();
    made.on_request = format!(
        "(call $add (call $counter {name} {name}) (i64.const 1))
        (call $set_gauge (call $gauge {name} {name}) (f64.const 1))
        (call $observe
            (call $histogram {name} {name} (i32.const 0) (i32.const 0)) (f64.const 1))
        (call $pass)"
    );
    let purpose = Use {
        series: Box::new(Refusing),
        ..in_route("metrics")
    };
    let filter = start(&made, purpose);
    ask(&filter, Told::new(0)).await.expect("no fault");
    let lines = lines.so_far();
    assert_eq!(lines.len(), 3, "{lines:?}");
    let expected = "the series `Bad Name` counts nowhere: Bad Name is not to my taste";
    assert!(lines.iter().all(|line| line["message"] == expected));
}

// http-client

fn granted(route: &str) -> Use {
    let mut purpose = in_route(route);
    purpose.limits.http = vec!["auth".into()];
    purpose
}

const SEND: &str = r#"
    (import "tidegate:plugin/http-client@0.1.0" "send" (func $send
        (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#;

/// Sends that, and leaves 590 and the failure, or 200. `fields` and `body` are each pointer and
/// length.
fn send(made: &mut Made, method: &str, fields: &str, body: &str, timeout: u32) -> String {
    let upstream = made.literal("auth");
    let (method, path) = (made.literal(method), made.literal("/check"));
    format!(
        "(block (result i32)
            (call $send {upstream} {method} {path} {fields} {body}
                (i32.const {timeout}) (i32.const 40000))
            (if (result i32) (i32.load8_u (i32.const 40000))
                (then (i32.add (i32.const 590) (i32.load8_u offset=4 (i32.const 40000))))
                (else (i32.const 200))))"
    )
}

const NOTHING: &str = "(i32.const 0) (i32.const 0)";

/// What a call out in `on-request` gets.
async fn sent(made: &Made, upstreams: &Arc<Upstreams>, purpose: Use) -> u16 {
    let filter = start(made, purpose);
    match ask(&filter, Told::calling(upstreams)).await {
        Ok(Verdict::Answer(reply)) => reply.status.as_u16(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn calls_out_work_with_the_request_and_are_denied_elsewhere() {
    let mut made = Made {
        interest: [1, 1, 1, 1],
        functions: SEND.into(),
        ..Made::default()
    };
    let call = send(&mut made, "GET", NOTHING, NOTHING, 1_000);
    made.configure = nothing(&format!("(i32.ne {call} (i32.const 590))"));
    made.on_request = format!("(call $abort {call})");
    made.on_request_body = format!("(call $abort {call})");
    made.on_response = format!("(call $edit_response {call})");
    made.on_response_body = format!("(call $abort {call})");
    let upstreams = Arc::new(Upstreams::default());
    let mut visit = Visit::new(start(&made, granted("phases")));
    let view: Box<dyn Exchange> = Box::new(Told::calling(&upstreams));

    let (view, verdict) = visit.on_request(view).await;
    let Ok(Verdict::Answer(reply)) = verdict else {
        panic!("{verdict:?}");
    };
    assert_eq!(reply.status, 200);
    let (view, verdict) = visit.on_request_body(view, b"x", true).await;
    let Ok(BodyVerdict::Abort(reply)) = verdict else {
        panic!("{verdict:?}");
    };
    assert_eq!(reply.status, 200);
    let (view, edits) = visit.on_response(view).await;
    assert_eq!(edits.unwrap().unwrap().status.unwrap(), 590, "denied");
    let (_, verdict) = visit.on_response_body(view, b"x", true);
    let Ok(BodyVerdict::Abort(reply)) = verdict else {
        panic!("{verdict:?}");
    };
    assert_eq!(reply.status, 590, "denied");
    assert_eq!(upstreams.got.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_request_and_a_reply_have_a_mebibyte_each() {
    const MIB: usize = 1 << 20;
    for (bytes, status) in [(MIB, 200), (MIB + 1, 593)] {
        let upstreams = Arc::new(Upstreams {
            bytes,
            ..Upstreams::default()
        });
        let mut made = Made {
            functions: SEND.into(),
            ..Made::default()
        };
        let call = send(&mut made, "GET", NOTHING, NOTHING, 1_000);
        made.on_request = format!("(call $abort {call})");
        let got = sent(&made, &upstreams, granted("reply")).await;
        assert_eq!(got, status, "a reply of {bytes}");

        let upstreams = Arc::new(Upstreams::default());
        let mut made = Made {
            functions: SEND.into(),
            pages: 20,
            ..Made::default()
        };
        let body = format!("(i32.const 131072) (i32.const {bytes})");
        let call = send(&mut made, "POST", NOTHING, &body, 1_000);
        made.on_request = format!("(call $abort {call})");
        let got = sent(&made, &upstreams, granted("request")).await;
        assert_eq!(got, status, "a request of {bytes}");
        let sent = upstreams.got.lock().unwrap().len();
        assert_eq!(sent, usize::from(status == 200));
    }
}

#[tokio::test]
async fn a_call_out_has_no_framing_of_its_own_and_may_name_a_host() {
    for (method, field, expected) in [
        ("GET", "x-a", 200),
        ("GET", "host", 200),
        ("GET", "content-length", 594),
        ("GET", "transfer-encoding", 594),
        ("GET", "connection", 594),
        ("GET", "upgrade", 594),
        ("GET", "a b", 594),
        ("CONNECT", "x-a", 594),
        ("G T", "x-a", 594),
    ] {
        let upstreams = Arc::new(Upstreams::default());
        let mut made = Made {
            functions: SEND.into(),
            ..Made::default()
        };
        let written = made.header(field, "1");
        let fields = "(i32.const 65536) (i32.const 1)";
        let call = send(&mut made, method, fields, NOTHING, 1_000);
        made.on_request =
            format!("{written} (global.set $edits (i32.const 0)) (call $abort {call})");
        let status = sent(&made, &upstreams, granted("framing")).await;
        assert_eq!(status, expected, "{method} with {field}");
        if let [request] = &upstreams.got.lock().unwrap()[..] {
            assert_eq!(request.headers[field], "1");
        }
    }
}

#[tokio::test]
async fn the_time_of_a_call_out_is_cut_to_the_grant() {
    for (asked, expected) in [(5_000, 250), (100, 100), (0, 1)] {
        let upstreams = Arc::new(Upstreams::default());
        let mut made = Made {
            functions: SEND.into(),
            ..Made::default()
        };
        let call = send(&mut made, "GET", NOTHING, NOTHING, asked);
        made.on_request = format!("(call $abort {call})");
        let mut purpose = granted("time");
        purpose.limits.callout_timeout = Duration::from_millis(250);
        assert_eq!(sent(&made, &upstreams, purpose).await, 200);
        let got = upstreams.got.lock().unwrap()[0].timeout;
        assert_eq!(got, Duration::from_millis(expected), "{asked}");
    }
}

#[tokio::test]
async fn who_waits_for_a_call_out_holds_up_nobody_else() {
    let mut made = Made {
        functions: SEND.into(),
        ..Made::default()
    };
    let call = send(&mut made, "GET", NOTHING, NOTHING, 1_000);
    made.on_request = format!("(call $abort {call})");
    let filter = start(&made, granted("waiting"));
    let slow = Arc::new(Upstreams {
        gate: Some(Notify::new()),
        ..Upstreams::default()
    });
    let quick = Arc::new(Upstreams::default());
    let waiting = ask(&filter, Told::calling(&slow));
    let others = async {
        for _ in 0..3 {
            ask(&filter, Told::calling(&quick)).await.unwrap();
        }
        assert_eq!(slow.got.lock().unwrap().len(), 1, "it is still waiting");
        slow.gate.as_ref().unwrap().notify_one();
    };
    let (waited, ()) = tokio::join!(waiting, others);
    waited.unwrap();
}

// filter: answers

#[tokio::test]
async fn one_bad_edit_among_good_ones_leaves_nothing_of_the_answer() {
    let mut made = Made::default();
    let (good, bad) = (made.set("x-good", "1"), made.set("content-length", "1"));
    made.on_request = format!("{good}{bad}{good}(call $edit)");
    made.on_response = format!("{good}{bad}(call $edit_response (i32.const 404))");
    let mut visit = Visit::new(start(&made, in_route("edits")));
    let (view, verdict) = visit.on_request(Box::new(Told::new(0))).await;
    assert_eq!(verdict.unwrap_err().kind, FaultKind::Edit);
    let (_, edits) = visit.on_response(view).await;
    assert_eq!(edits.unwrap_err().kind, FaultKind::Edit);
}

#[tokio::test]
async fn a_reply_has_its_bounds() {
    let large = |bytes: usize| {
        let answer =
            format!("(call $answer (i32.const 200) (i32.const 131072) (i32.const {bytes}))");
        Made {
            pages: 20,
            on_request: answer,
            ..Made::default()
        }
    };
    let fields = |count: usize, length: usize| {
        let mut made = Made::default();
        let field = made.header("x", &"y".repeat(length));
        made.on_request = format!("{}(call $abort (i32.const 200))", field.repeat(count));
        made
    };
    let status = |status: u32| Made {
        on_request: format!("(call $abort (i32.const {status}))"),
        ..Made::default()
    };
    for (made, expected) in [
        (large(1 << 20), None),
        (large((1 << 20) + 1), Some(FaultKind::Answer)),
        (fields(64, 1), None),
        (fields(65, 1), Some(FaultKind::Edit)),
        (fields(64, 255), None),
        (fields(64, 256), Some(FaultKind::Edit)),
        (status(199), Some(FaultKind::Answer)),
        (status(200), None),
        (status(599), None),
        (status(600), Some(FaultKind::Answer)),
    ] {
        let verdict = ask(&start(&made, in_route("reply bounds")), Told::new(0)).await;
        let kind = verdict.as_ref().err().map(|fault| fault.kind);
        let order: String = made.on_request.chars().take(100).collect();
        assert_eq!(kind, expected, "{order}");
    }
}

#[tokio::test]
async fn a_response_is_edited_within_bounds() {
    let status = |status: u32| Made {
        on_response: format!("(call $edit_response (i32.const {status}))"),
        ..Made::default()
    };
    let edits = |count: usize| {
        let mut made = Made::default();
        let field = made.set("x", "y");
        made.on_response = format!("{}(call $edit_response (i32.const 0))", field.repeat(count));
        made
    };
    for (made, expected) in [
        (status(200), None),
        (status(599), None),
        (status(101), Some(FaultKind::Answer)),
        (status(600), Some(FaultKind::Answer)),
        (edits(64), None),
        (edits(65), Some(FaultKind::Edit)),
    ] {
        let filter = start(&made, in_route("response bounds"));
        let (_, edits) = Visit::new(filter).on_response(Box::new(Told::new(0))).await;
        let kind = edits.err().map(|fault| fault.kind);
        assert_eq!(kind, expected);
    }
}

/// One attribute whose value has so many bytes, so many times.
fn attributes(count: u32, bytes: u32) -> Made {
    let mut made = Made::default();
    let name = made.literal("a");
    let (pointer, length) = name.split_once(") ").unwrap();
    made.on_request = format!(
        "(loop $again
            (i32.store (i32.add (i32.const 40000) (i32.mul (local.get $i) (i32.const 16))) {pointer}))
            (i32.store offset=4
                (i32.add (i32.const 40000) (i32.mul (local.get $i) (i32.const 16))) {length})
            (i32.store offset=8
                (i32.add (i32.const 40000) (i32.mul (local.get $i) (i32.const 16)))
                (i32.const 50000))
            (i32.store offset=12
                (i32.add (i32.const 40000) (i32.mul (local.get $i) (i32.const 16)))
                (i32.const {bytes}))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const {count}))))
        (drop (call $edit))
        (i32.store (i32.const 1060) (i32.const 40000))
        (i32.store (i32.const 1064) (i32.const {count}))
        (i32.const 1024)"
    );
    made
}

#[tokio::test]
async fn attributes_are_bounded_by_number_and_by_bytes() {
    for (count, bytes, taken) in [(32, 255, true), (33, 1, false), (32, 256, false)] {
        let filter = start(&attributes(count, bytes), in_route("attributes"));
        let verdict = ask(&filter, Told::new(0)).await;
        match verdict {
            Ok(Verdict::Edit(edits)) if taken => {
                assert_eq!(edits.attributes.len(), count as usize);
            }
            Err(fault) if !taken => assert_eq!(fault.kind, FaultKind::Answer, "{fault}"),
            other => panic!("{count} of {bytes}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_filter_that_refuses_its_config_is_quoted_and_one_that_fails_is_told_how() {
    let mut made = Made::default();
    let why = made.literal("not to my taste");
    let (pointer, length) = why.split_once(") ").unwrap();
    made.configure = format!(
        "(i32.store8 (i32.const 1024) (i32.const 1))
        (i32.store offset=4 (i32.const 1024) {pointer}))
        (i32.store offset=8 (i32.const 1024) {length})
        (return (i32.const 1024))"
    );
    let refused = try_start(&made, in_route("refused")).err();
    let Some(LoadError::Refused(said)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(said, "not to my taste");
    for (statements, kind) in [
        ("(unreachable)", FaultKind::Trap),
        (tidegate_components::LOOP, FaultKind::Deadline),
        (tidegate_components::EAT_MEMORY, FaultKind::Memory),
    ] {
        let made = Made {
            configure: statements.into(),
            ..Made::default()
        };
        let mut purpose = in_route("refused");
        purpose.limits.setup_deadline = Duration::from_millis(20);
        let Some(LoadError::Failed { call, fault }) = try_start(&made, purpose).err() else {
            panic!("another refusal");
        };
        assert_eq!((call, fault.kind), ("configure", kind));
    }
}

#[tokio::test]
async fn every_instance_is_configured_once_with_the_text_of_the_file() {
    static CONFIGURED: AtomicUsize = AtomicUsize::new(0);
    /// Counts how often a counter is opened.
    struct Opened;
    struct Nowhere;
    impl CounterSink for Nowhere {
        fn add(&self, _: u64) {}
    }
    impl SeriesSink for Opened {
        fn counter(&self, name: &str, _: &str) -> Result<Box<dyn CounterSink>, String> {
            assert_eq!(name, r#"{"a":1}"#, "the config, as it was given");
            CONFIGURED.fetch_add(1, Ordering::Relaxed);
            Ok(Box::new(Nowhere))
        }
        fn gauge(&self, _: &str, _: &str) -> Result<Box<dyn GaugeSink>, String> {
            Err(String::new())
        }
        fn histogram(&self, _: &str, _: &str, _: &[f64]) -> Result<Box<dyn HistogramSink>, String> {
            Err(String::new())
        }
    }
    let made = Made {
        functions: r#"
    (import "tidegate:plugin/metrics@0.1.0" "[constructor]counter"
        (func $counter (param i32 i32 i32 i32) (result i32)))"#
            .into(),
        configure: "(drop (call $counter (local.get $text) (local.get $length)
            (i32.const 0) (i32.const 0)))"
            .into(),
        ..Made::default()
    };
    let mut purpose = Use {
        config: r#"{"a":1}"#.into(),
        series: Box::new(Opened),
        ..in_route("once")
    };
    purpose.limits.isolation = tidegate_runtime::Isolation::PerRequest;
    let filter = start(&made, purpose);
    assert_eq!(CONFIGURED.load(Ordering::Relaxed), 1, "the trial");
    for exchange in 1..=3 {
        let mut visit = Visit::new(filter.clone());
        let (view, verdict) = visit.on_request(Box::new(Told::new(0))).await;
        verdict.unwrap();
        visit.on_response(view).await.1.unwrap();
        assert_eq!(CONFIGURED.load(Ordering::Relaxed), 1 + exchange);
    }
}

// random

#[test]
fn random_numbers_use_all_64_bits_and_differ_between_instances() {
    let made = MadeSelector {
        functions: r#"
    (import "tidegate:plugin/random@0.1.0" "next" (func $next (result i64)))"#
            .into(),
        // 64 positions: which bit of the number is the highest.
        select: "(call $choose (i32.wrap_i64 (i64.clz (call $next))))".into(),
        ..MadeSelector::default()
    };
    let list = endpoints(65);
    let selector = support::start(&made, by("random"), &list).unwrap();
    let highest = (0..1_000).filter(|_| support::pick(&selector, &list) == 0);
    // Half of them, ± six standard deviations.
    let highest = highest.count();
    assert!((405..=595).contains(&highest), "{highest} of 1000");
}
