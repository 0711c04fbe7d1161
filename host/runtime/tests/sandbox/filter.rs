//! Filters: what each answer becomes, what is refused, what a fault costs, what an instance
//! carries from one exchange to the next, and what a call out may do.

use crate::support::{Request, SANDBOX};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tidegate_components::{EAT_MEMORY, Filter as Made, LOOP};
use tidegate_runtime::{
    Ambient, Answering, BodyMode, BodyVerdict, CalloutFailure, Callouts, Exchange, FaultKind,
    Filter, HeaderEdit, Isolation, Limits, LoadError, NoSeries, Outgoing, Place, Reply, Use,
    Verdict, Visit, World,
};

fn start(made: &Made, limits: Limits) -> Arc<Filter> {
    try_start(made, limits).unwrap_or_else(|error| panic!("{error}"))
}

fn try_start(made: &Made, limits: Limits) -> Result<Arc<Filter>, LoadError> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let component = SANDBOX.component(&made.component())?;
    assert_eq!(component.world(), World::Filter);
    let purpose = Use {
        plugin: "test".into(),
        place: Place::Route("r".into(), NUMBER.fetch_add(1, Ordering::Relaxed)),
        config: "{}".into(),
        limits,
        series: Box::new(NoSeries),
        warm: 1,
        ambient: Ambient::Real,
    };
    SANDBOX.filter(&component, purpose).map(Arc::new)
}

fn request() -> Box<dyn Exchange> {
    Box::new(Request::new(0, &[]))
}

#[tokio::test]
async fn says_what_it_wants_to_see() {
    let made = Made {
        interest: [0, 1, 1, 2],
        ..Made::default()
    };
    let interest = start(&made, Limits::default()).interest();
    assert!(!interest.request && interest.response);
    assert_eq!(interest.request_body, BodyMode::Streamed);
    assert_eq!(interest.response_body, BodyMode::Buffered);
}

#[tokio::test]
async fn each_answer_arrives_checked() {
    let mut made = Made::default();
    let (field, path) = (made.set("x-a", "b"), made.literal("/new?q=1"));
    made.on_request = format!("{field} (drop (call $edit)) (call $path {path}) (i32.const 1024)");
    made.on_response = format!(
        "{} (call $edit_response (i32.const 418))",
        made.set("x-c", "d")
    );
    made.on_request_body = "(call $replace (local.get $chunk) (i32.const 2))".into();
    made.on_response_body = "(call $abort (i32.const 502))".into();
    let mut visit = Visit::new(start(&made, Limits::default()));

    let (view, verdict) = visit.on_request(request()).await;
    let Ok(Verdict::Edit(edits)) = verdict else {
        panic!("{verdict:?}")
    };
    assert!(
        matches!(&edits.headers[..], [HeaderEdit::Set(name, value)] if name == "x-a" && value == "b")
    );
    assert_eq!(edits.target.unwrap(), "/new?q=1");
    let (view, verdict) = visit.on_request_body(view, b"hello", true).await;
    assert!(
        matches!(&verdict, Ok(BodyVerdict::Replace(bytes)) if bytes == b"he"),
        "{verdict:?}"
    );
    let (view, edits) = visit.on_response(view).await;
    let edits = edits.unwrap().unwrap();
    assert_eq!(edits.status.unwrap(), 418);
    assert_eq!(edits.headers.len(), 1);
    let (_, verdict) = visit.on_response_body(view, b"", true);
    assert!(
        matches!(&verdict, Ok(BodyVerdict::Abort(reply)) if reply.status == 502),
        "{verdict:?}"
    );
}

#[tokio::test]
async fn what_may_not_be_answered_is_a_fault() {
    let edit = |name: &str, value: &str| {
        let mut made = Made::default();
        made.on_request = format!("{} (call $edit)", made.set(name, value));
        made
    };
    let answer = |statements: &str| Made {
        on_request: statements.into(),
        ..Made::default()
    };
    let target = |text: &str| {
        let mut made = Made::default();
        let text = made.literal(text);
        made.on_request = format!("(drop (call $edit)) (call $path {text}) (i32.const 1024)");
        made
    };
    let many = |count: u32| {
        let mut made = Made::default();
        let one = made.set("x", "y");
        made.on_request = format!(
            "(loop $again {one}
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $again (i32.lt_u (local.get $i) (i32.const {count}))))
            (call $edit)"
        );
        made
    };
    for (made, kind) in [
        (edit("x", "a\r\nb: c"), FaultKind::Edit),
        (edit("x", "a\0b"), FaultKind::Edit),
        (edit("Content-Length", "7"), FaultKind::Edit),
        (edit("transfer-encoding", "chunked"), FaultKind::Edit),
        (edit("a b", "c"), FaultKind::Edit),
        (many(65), FaultKind::Edit),
        (answer("(call $abort (i32.const 100))"), FaultKind::Answer),
        (answer("(call $abort (i32.const 999))"), FaultKind::Answer),
        (
            answer("(call $answer (i32.const 200) (i32.const 0) (i32.const 0x7fffffff))"),
            FaultKind::Trap,
        ),
        (target("relative"), FaultKind::Answer),
        (target("/a b"), FaultKind::Answer),
        (target("/a#b"), FaultKind::Answer),
        (target("/a\r\nx: y"), FaultKind::Answer),
        (answer("(unreachable)"), FaultKind::Trap),
        (
            answer("(loop $forever (br $forever)) (unreachable)"),
            FaultKind::Deadline,
        ),
        (answer(EAT_MEMORY), FaultKind::Memory),
    ] {
        let filter = start(&made, Limits::default());
        let mut visit = Visit::new(filter.clone());
        for _ in 0..2 {
            let (view, verdict) = visit.on_request(request()).await;
            let fault = verdict.unwrap_err();
            assert_eq!(fault.kind, kind, "{}: {fault}", made.on_request);
            assert_eq!(fault.call, "on-request");
            assert_eq!(view.attempt(), 0, "the exchange came back");
        }
    }
}

#[tokio::test]
async fn every_phase_may_trap_and_the_next_call_finds_a_sound_instance() {
    let made = Made {
        on_request: "(unreachable)".into(),
        on_response: "(unreachable)".into(),
        on_request_body: "(unreachable)".into(),
        on_response_body: "(unreachable)".into(),
        ..Made::default()
    };
    for isolation in [Isolation::Reuse, Isolation::PerRequest] {
        let limits = Limits {
            isolation,
            ..Limits::default()
        };
        let mut visit = Visit::new(start(&made, limits));
        for _ in 0..3 {
            let (view, answer) = visit.on_request(request()).await;
            assert_eq!(answer.unwrap_err().call, "on-request");
            let (view, answer) = visit.on_request_body(view, b"x", false).await;
            assert_eq!(answer.unwrap_err().call, "on-request-body");
            let (view, answer) = visit.on_response(view).await;
            assert_eq!(answer.unwrap_err().call, "on-response");
            let (_, answer) = visit.on_response_body(view, b"x", false);
            assert_eq!(answer.unwrap_err().call, "on-response-body");
        }
    }
}

/// Answers with the number of the call in this instance's memory, 200 for the first.
fn counting() -> Made {
    let count = "
        (i32.store (i32.const 512) (i32.add (i32.load (i32.const 512)) (i32.const 1)))
        (call $abort (i32.add (i32.const 199) (i32.load (i32.const 512))))";
    Made {
        on_request: count.into(),
        on_request_body: count.into(),
        ..Made::default()
    }
}

async fn status(visit: &mut Visit) -> u16 {
    match visit.on_request(request()).await.1 {
        Ok(Verdict::Answer(reply)) => reply.status.as_u16(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_reused_instance_remembers_and_one_per_request_does_not() {
    let reused = start(&counting(), Limits::default());
    let first = status(&mut Visit::new(reused.clone())).await;
    assert_eq!((first, status(&mut Visit::new(reused)).await), (200, 201));

    let limits = Limits {
        isolation: Isolation::PerRequest,
        instances: 2,
        ..Limits::default()
    };
    let fresh = start(&counting(), limits);
    for _ in 0..3 {
        let mut visit = Visit::new(fresh.clone());
        assert_eq!(status(&mut visit).await, 200);
        let (_, verdict) = visit.on_request_body(request(), b"", true).await;
        let Ok(BodyVerdict::Abort(reply)) = verdict else {
            panic!("{verdict:?}")
        };
        assert_eq!(reply.status, 201, "one exchange keeps its instance");
    }
    // Two exchanges hold both instances; a third waits, and is told so.
    let mut held = [Visit::new(fresh.clone()), Visit::new(fresh.clone())];
    for visit in &mut held {
        status(visit).await;
    }
    let (_, verdict) = Visit::new(fresh).on_request(request()).await;
    assert_eq!(verdict.unwrap_err().kind, FaultKind::Busy);
}

/// Answers calls out after a while, and counts them.
struct Backend {
    after: Duration,
    calls: AtomicUsize,
}

impl Callouts for Backend {
    fn send(&self, request: Outgoing) -> Answering<'_> {
        Box::pin(async move {
            self.calls.fetch_add(1, Ordering::Relaxed);
            let answer = async {
                tokio::time::sleep(self.after).await;
                Ok(Reply {
                    status: http::StatusCode::ACCEPTED,
                    headers: http::HeaderMap::new(),
                    body: request.target.as_str().into(),
                })
            };
            let answer = tokio::time::timeout(request.timeout, answer).await;
            answer.unwrap_or(Err(CalloutFailure::TimedOut))
        })
    }
}

struct Calling(Request, Arc<Backend>);

impl Exchange for Calling {
    fn head(&self) -> &http::request::Parts {
        self.0.head()
    }
    fn scheme(&self) -> &str {
        "http"
    }
    fn authority(&self) -> &str {
        ""
    }
    fn client(&self) -> std::net::IpAddr {
        self.0.client()
    }
    fn attribute(&self, _: &str) -> Option<&str> {
        None
    }
    fn route(&self) -> &str {
        ""
    }
    fn attempt(&self) -> u32 {
        0
    }
    fn excluded(&self) -> &[u32] {
        &[]
    }
    fn callouts(&self) -> Option<Arc<dyn Callouts>> {
        Some(self.1.clone())
    }
}

async fn asked(granted: &str, made: &Made, after: u64) -> (u16, usize) {
    let limits = Limits {
        http: vec![granted.into()],
        ..Limits::default()
    };
    let backend = Arc::new(Backend {
        after: Duration::from_millis(after),
        calls: AtomicUsize::new(0),
    });
    let filter = start(made, limits);
    assert!(filter.waits());
    let view = Box::new(Calling(Request::new(0, &[]), backend.clone()));
    let (_, verdict) = Visit::new(filter).on_request(view).await;
    let Ok(Verdict::Answer(reply)) = verdict else {
        panic!("{verdict:?}")
    };
    (reply.status.as_u16(), backend.calls.load(Ordering::Relaxed))
}

#[tokio::test]
async fn a_call_out_goes_where_it_is_granted_and_waits_without_a_deadline() {
    // 30 ms are fifteen deadlines: the time of a wait is not the guest's.
    let made = Made::asking("auth", "/check", 1_000);
    assert_eq!(asked("auth", &made, 30).await, (202, 1));
    assert_eq!(asked("other", &made, 0).await, (590, 0), "not granted");
    let impatient = Made::asking("auth", "/check", 5);
    assert_eq!(asked("auth", &impatient, 1_000).await, (591, 1));
    assert_eq!(
        asked("auth", &Made::asking("auth", "no slash", 5), 0).await,
        (594, 0)
    );
}

#[tokio::test]
async fn calls_out_are_counted_and_denied_beyond_the_bound() {
    let mut made = Made::asking("auth", "/", 100);
    made.on_request = format!(
        "(loop $again
            (drop (block (result i32) {} ))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 20))))
        (i32.const 1024)",
        made.on_request
    );
    assert_eq!(asked("auth", &made, 0).await, (590, 8));
}

#[tokio::test]
async fn a_loop_around_a_call_out_misses_its_deadline() {
    let mut made = Made::asking("auth", "/", 100);
    made.on_request = format!(
        "(drop (block (result i32) {})) {LOOP} (unreachable)",
        made.on_request
    );
    let limits = Limits {
        http: vec!["auth".into()],
        ..Limits::default()
    };
    let (_, verdict) = Visit::new(start(&made, limits)).on_request(request()).await;
    assert_eq!(verdict.unwrap_err().kind, FaultKind::Deadline);
}

/// A call out that is denied does not wait, so it gives no time either: not when it is not
/// granted, not beyond the eighth, not in a phase that has none, not in `configure`.
#[tokio::test]
async fn a_loop_through_calls_out_misses_its_deadline() {
    let looping = || {
        let mut made = Made::asking("auth", "/", 100);
        let send = std::mem::replace(&mut made.on_request, "(call $pass)".into());
        let send = format!("(loop $again (drop (block (result i32) {send})) (br $again))");
        (made, format!("{send} (unreachable)"))
    };
    for granted in ["auth", "other"] {
        let (mut made, send) = looping();
        made.on_request = send.clone();
        made.on_response = send;
        let limits = Limits {
            http: vec![granted.into()],
            ..Limits::default()
        };
        let backend = Arc::new(Backend {
            after: Duration::ZERO,
            calls: AtomicUsize::new(0),
        });
        let view = Box::new(Calling(Request::new(0, &[]), backend.clone()));
        let mut visit = Visit::new(start(&made, limits));
        let (view, verdict) = visit.on_request(view).await;
        assert_eq!(verdict.unwrap_err().kind, FaultKind::Deadline, "{granted}");
        let (_, edits) = visit.on_response(view).await;
        assert_eq!(edits.unwrap_err().kind, FaultKind::Deadline, "{granted}");
        assert!(backend.calls.load(Ordering::Relaxed) <= 8);
    }
    let (mut made, send) = looping();
    made.configure = send;
    let error = try_start(&made, Limits::default()).err().unwrap();
    assert!(
        matches!(&error, LoadError::Failed { call: "configure", fault } if fault.kind == FaultKind::Deadline),
        "{error}"
    );
}

/// The phases of the response cannot wait, and need not: whoever waits for a call out has
/// taken nothing from them.
#[tokio::test]
async fn calls_out_under_way_hold_up_no_response() {
    let made = Made::asking("auth", "/", 1_000);
    let limits = Limits {
        http: vec!["auth".into()],
        instances: 1,
        ..Limits::default()
    };
    let filter = start(&made, limits);
    let backend = Arc::new(Backend {
        after: Duration::from_millis(500),
        calls: AtomicUsize::new(0),
    });
    let over = std::cell::Cell::new(false);
    let view = Box::new(Calling(Request::new(0, &[]), backend.clone()));
    let mut waiting = Visit::new(filter.clone());
    let waits = async {
        let (_, verdict) = waiting.on_request(view).await;
        assert!(matches!(verdict, Ok(Verdict::Answer(_))), "{verdict:?}");
        over.set(true);
    };
    let answers = async {
        while backend.calls.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        for _ in 0..3 {
            let mut visit = Visit::new(filter.clone());
            let (view, edits) = visit.on_response(request()).await;
            assert!(edits.unwrap().is_none());
            let (_, verdict) = visit.on_response_body(view, b"x", true);
            assert!(matches!(verdict, Ok(BodyVerdict::Pass)), "{verdict:?}");
        }
        assert!(!over.get(), "they waited for the call out");
    };
    tokio::join!(waits, answers);
}

/// An exchange may keep its instance for minutes: a thread is not held up for that.
#[tokio::test]
async fn a_thread_does_not_wait_for_what_an_exchange_keeps() {
    let limits = Limits {
        isolation: Isolation::PerRequest,
        instances: 1,
        deadline: Duration::from_secs(5),
        ..Limits::default()
    };
    let filter = start(&Made::default(), limits);
    let mut keeping = Visit::new(filter.clone());
    assert!(keeping.on_request(request()).await.1.is_ok());
    let began = std::time::Instant::now();
    let (view, verdict) = Visit::new(filter.clone()).on_response_body(request(), b"x", true);
    assert_eq!(verdict.unwrap_err().kind, FaultKind::Busy);
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    keeping.end();
    let (_, verdict) = Visit::new(filter).on_response_body(view, b"x", true);
    assert!(matches!(verdict, Ok(BodyVerdict::Pass)), "{verdict:?}");
}

#[tokio::test]
async fn a_selector_cannot_import_the_client_nor_a_filter_the_load() {
    let selector = tidegate_components::Selector::default();
    let component = SANDBOX.component(&selector.component()).unwrap();
    assert_eq!(component.world(), World::Selector);
    let world = "package test:plugin; world plugin {
        import tidegate:plugin/load@0.1.0;
        export tidegate:plugin/filter@0.1.0;
    }";
    let made = Made {
        functions: r#"
    (import "tidegate:plugin/load@0.1.0" "total" (func $total (result i32)))"#
            .into(),
        ..Made::default()
    };
    let error = SANDBOX.component(&made.component_in(world)).err().unwrap();
    assert!(
        matches!(
            &error,
            LoadError::Imports {
                world: "filter",
                ..
            }
        ),
        "{error}"
    );
    let world = "package test:plugin; world plugin {
        import tidegate:plugin/http-client@0.1.0;
        export tidegate:plugin/selector@0.1.0;
    }";
    let calling = tidegate_components::Selector {
        functions: r#"
    (import "tidegate:plugin/http-client@0.1.0" "send" (func $send
        (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#
            .into(),
        ..Default::default()
    };
    let error = SANDBOX
        .component(&calling.component_in(world))
        .err()
        .unwrap();
    assert!(
        matches!(
            &error,
            LoadError::Imports {
                world: "selector",
                ..
            }
        ),
        "{error}"
    );
}
