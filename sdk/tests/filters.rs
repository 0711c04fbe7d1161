//! The fakes keep the contract's promises to a filter, and hold it to its duties.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use tidegate_sdk::http_client::Failure;
use tidegate_sdk::prelude::*;
use tidegate_sdk::testing::{FilterPlugin, Host, Request, Response};

type OnRequest = Box<dyn FnMut() -> Verdict>;
type OnResponse = Box<dyn FnMut() -> Option<ResponseEdits>>;

/// Answers what a test has told it to answer, in this thread.
struct Told {
    seen: Vec<String>,
}

std::thread_local! {
    static REQUEST: Cell<Option<OnRequest>> = const { Cell::new(None) };
    static RESPONSE: Cell<Option<OnResponse>> = const { Cell::new(None) };
}

impl Filter for Told {
    type Config = NoConfig;

    fn configure(_: NoConfig) -> Result<Self, String> {
        let seen = vec![format!("{}:{}", request::path(), response::status())];
        Ok(Told { seen })
    }

    fn interest(&self) -> Interest {
        Interest::REQUEST
            .response()
            .request_body(BodyMode::Buffered)
            .response_body(BodyMode::Streamed)
    }

    fn on_request(&mut self) -> Verdict {
        self.see();
        REQUEST.take().map_or(Verdict::Pass, |mut told| told())
    }

    fn on_request_body(&mut self, chunk: &[u8], _: bool) -> BodyVerdict {
        self.see();
        match chunk {
            b"bad" => Reply::new(400).into(),
            _ => BodyVerdict::Pass,
        }
    }

    fn on_response(&mut self) -> Option<ResponseEdits> {
        self.see();
        RESPONSE.take().and_then(|mut told| told())
    }

    fn on_response_body(&mut self, chunk: &[u8], last: bool) -> BodyVerdict {
        self.see();
        match (chunk, last) {
            (b"bad", _) => Reply::new(502).into(),
            (b"drop", _) => BodyVerdict::discard(),
            (_, true) => BodyVerdict::replace([chunk, b"!"].concat()),
            (_, false) => BodyVerdict::Pass,
        }
    }
}

impl Told {
    fn see(&mut self) {
        let seen = format!("{}:{}", request::path(), response::status());
        self.seen.push(seen);
    }
}

export_filter!(Told);

fn told(host: &Host) -> FilterPlugin<Told> {
    host.filter::<Told>("{}").unwrap()
}

/// One `on_request` that answers this.
fn verdict(filter: &mut FilterPlugin<Told>, answer: impl FnMut() -> Verdict + 'static) -> Verdict {
    REQUEST.set(Some(Box::new(answer)));
    filter.on_request()
}

/// What the fakes say of an answer that is a fault.
fn fault(answer: impl Into<Verdict>) -> String {
    let host = Host::new();
    let mut filter = told(&host);
    let mut answer = Some(answer.into());
    REQUEST.set(Some(Box::new(move || answer.take().unwrap())));
    panicked(|| filter.on_request())
}

fn panicked<T: std::fmt::Debug>(call: impl FnOnce() -> T) -> String {
    let panic = catch_unwind(AssertUnwindSafe(call)).unwrap_err();
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => panic.downcast_ref::<&str>().unwrap().to_string(),
    }
}

#[test]
fn each_phase_sees_what_there_is() {
    let host = Host::new();
    host.request(Request::get("/seen"));
    host.response(Response::new(404).endpoint("10.0.0.1:80"));
    let mut filter = told(&host);
    filter.on_request();
    filter.on_request_body(b"", true);
    filter.on_response();
    filter.on_response_body(b"", true);
    assert_eq!(
        filter.inner().seen,
        [":0", "/seen:0", "/seen:0", "/seen:404", "/seen:404"]
    );
    assert_eq!(response::endpoint().as_deref(), Some("10.0.0.1:80"));
}

#[test]
fn a_chain_sees_the_edits_of_those_before() {
    let host = Host::new();
    let (mut one, mut other) = (told(&host), told(&host));
    host.request(
        Request::get("/a")
            .header("x-user", "1")
            .header("cookie", "c"),
    );
    verdict(&mut one, || {
        RequestEdits::new()
            .set("X-User", "7")
            .append("x-user", "8")
            .remove("Cookie")
            .path("/b?q=1")
            .upstream("other")
            .attribute("user", "7")
            .into()
    });
    verdict(&mut other, || {
        assert_eq!(request::attribute("user").as_deref(), Some("7"));
        assert_eq!(
            (request::path(), request::query_parameter("q")),
            ("/b".into(), Some("1".into()))
        );
        assert_eq!(
            request::headers(),
            [
                ("x-user".into(), b"7".to_vec()),
                ("x-user".into(), b"8".to_vec())
            ]
        );
        RequestEdits::new().attribute("user", "8").into()
    });
    assert_eq!(request::attribute("user").as_deref(), Some("8"));
    assert_eq!(host.upstream().as_deref(), Some("other"));
    host.request(Request::get("/"));
    assert_eq!((request::attribute("user"), host.upstream()), (None, None));
}

#[test]
fn an_answer_is_the_response_that_filters_see() {
    let host = Host::new();
    let (mut outer, mut inner) = (told(&host), told(&host));
    host.response(
        Response::new(200)
            .header("server", "one")
            .endpoint("10.0.0.1:80"),
    );
    let answer = verdict(&mut inner, || {
        Reply::new(403).header("X-Why", "no").text("no").into()
    });
    let Verdict::Answer(reply) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(
        (reply.field("x-why"), &reply.body[..]),
        (Some(&b"no"[..]), &b"no"[..])
    );
    RESPONSE.set(Some(Box::new(|| {
        assert_eq!((response::status(), response::endpoint()), (403, None));
        Some(
            ResponseEdits::new()
                .status(404)
                .remove("x-why")
                .set("vary", "*"),
        )
    })));
    outer.on_response();
    assert_eq!((response::status(), response::header("x-why")), (404, None));
    assert_eq!(response::header("vary").as_deref(), Some(&b"*"[..]));
    host.request(Request::get("/"));
    assert_eq!(
        response::header("server").as_deref(),
        Some(&b"one"[..]),
        "a new exchange"
    );
}

#[test]
fn bodies_come_as_they_were_asked_for() {
    let host = Host::new();
    let mut filter = told(&host);
    assert_eq!(filter.request_body(&[b"a", b"b"]), Ok(b"ab".to_vec()));
    assert_eq!(filter.inner().seen.len(), 2, "buffered: one call");
    assert_eq!(filter.request_body(&[b"ba", b"d"]), Err(Reply::new(400)));
    assert_eq!(response::status(), 400);
    host.request(Request::get("/"));
    assert_eq!(
        filter.response_body(&[b"a", b"drop", b"c"]),
        Ok(b"ac!".to_vec())
    );
    assert_eq!(filter.response_body(&[b"a", b"bad"]), Err(Reply::new(502)));
    assert_eq!(response::status(), 200, "it had begun");
    assert!(panicked(|| filter.on_request_body(b"a", false)).contains("in one call"));
}

#[test]
fn what_the_host_refuses_fails_the_test() {
    let large = "x".repeat(1 << 14);
    for (fault, why) in [
        (
            fault(RequestEdits::new().set("content-length", "1")),
            "belongs to the host",
        ),
        (
            fault(RequestEdits::new().remove("Connection")),
            "belongs to the host",
        ),
        (
            fault(RequestEdits::new().set("a b", "")),
            "`a b` is not a field name",
        ),
        (
            fault(RequestEdits::new().append("a", "b\r\nc: d")),
            "characters",
        ),
        (
            fault(RequestEdits::new().set("x", large)),
            "fields of 16385 bytes",
        ),
        (
            fault(RequestEdits::new().path("b")),
            "does not begin with a slash",
        ),
        (fault(RequestEdits::new().path("/ü")), "percent-encoded"),
        (
            fault(RequestEdits::new().attribute("a", "x".repeat(8192))),
            "attributes of 8193 bytes",
        ),
        (fault(Reply::new(101)), "101 is not a status"),
        (fault(Reply::new(600)), "600 is not a status"),
        (
            fault(Reply::new(200).header("host", "a")),
            "belongs to the host",
        ),
        (
            fault(Reply::new(200).body(vec![0; (1 << 20) + 1])),
            "a body of 1048577 bytes",
        ),
    ] {
        assert!(
            fault.starts_with("the host calls this a fault: "),
            "{fault}"
        );
        assert!(fault.contains(why), "{fault}");
    }
    let many = |count| {
        (0..count).fold(RequestEdits::new(), |edits, i| {
            edits.set(format!("x{i}"), "")
        })
    };
    assert!(fault(many(65)).contains("65 fields"));
    let many = |count| {
        (0..count).fold(RequestEdits::new(), |edits, i| {
            edits.attribute(format!("x{i}"), "")
        })
    };
    assert!(fault(many(33)).contains("33 attributes"));
}

#[test]
fn a_response_is_checked_too() {
    let host = Host::new();
    let mut filter = told(&host);
    RESPONSE.set(Some(Box::new(|| Some(ResponseEdits::new().status(199)))));
    assert!(panicked(|| filter.on_response()).contains("199 is not a status"));
}

#[test]
fn a_filter_is_not_called_for_what_it_did_not_ask() {
    struct Silent;
    impl Filter for Silent {
        type Config = NoConfig;
        fn configure(_: NoConfig) -> Result<Self, String> {
            Ok(Silent)
        }
    }
    let host = Host::new();
    let mut filter = host.filter::<Silent>("{}").unwrap();
    assert_eq!(filter.interest(), Interest::REQUEST);
    assert_eq!(filter.on_request(), Verdict::Pass);
    assert_eq!(filter.request_body(&[b"a"]), Ok(b"a".to_vec()));
    assert!(panicked(|| filter.on_response()).contains("did not ask"));
    assert!(panicked(|| filter.on_response_body(b"", true)).contains("did not ask"));
}

#[test]
fn callouts_are_answered_recorded_and_bounded() {
    let host = Host::new();
    let mut filter = told(&host);
    host.answers("auth", |outgoing| match outgoing.path_and_query.as_str() {
        "/large" => Ok(Reply::new(200).body(vec![0; (1 << 20) + 1])),
        "/down" => Err(Failure::Unavailable),
        path => Ok(Reply::new(204).header("X-Path", path)),
    });
    let results = Rc::new(Cell::new(Vec::new()));
    let kept = Rc::clone(&results);
    verdict(&mut filter, move || {
        let get = |path| {
            http_client::get("auth", path)
                .timeout(Duration::from_millis(5))
                .send()
        };
        kept.set(vec![
            get("/a").map(|reply| reply.status),
            get("/large").map(|reply| reply.status),
            get("/down").map(|reply| reply.status),
            get("no-slash").map(|reply| reply.status),
            http_client::get("auth", "/")
                .header("te", "a")
                .send()
                .map(|reply| reply.status),
            http_client::get("auth", "/")
                .header("host", "a")
                .send()
                .map(|reply| reply.status),
            http_client::post("auth", "/", vec![0; (1 << 20) + 1])
                .send()
                .map(|reply| reply.status),
            http_client::get("other", "/")
                .send()
                .map(|reply| reply.status),
            get("/eighth").map(|reply| reply.status),
            get("/ninth").map(|reply| reply.status),
        ]);
        Verdict::Pass
    });
    assert_eq!(
        results.take(),
        [
            Ok(204),
            Err(Failure::TooLarge),
            Err(Failure::Unavailable),
            Err(Failure::Invalid),
            Err(Failure::Invalid),
            Ok(204),
            Err(Failure::TooLarge),
            Err(Failure::Denied),
            Ok(204),
            Err(Failure::Denied),
        ]
    );
    let callouts = host.callouts();
    let paths: Vec<&str> = callouts
        .iter()
        .map(|outgoing| &*outgoing.path_and_query)
        .collect();
    assert_eq!(paths, ["/a", "/large", "/down", "/", "/eighth"]);
    assert_eq!((callouts[0].timeout, callouts[3].timeout), (5, u32::MAX));
    // The count begins again with each call.
    verdict(&mut filter, || {
        assert!(http_client::get("auth", "/").send().is_ok());
        Verdict::Pass
    });
}

#[test]
fn callouts_are_for_requests_alone() {
    let host = Host::new();
    let mut filter = told(&host);
    host.answers("auth", |_| Ok(Reply::new(200)));
    RESPONSE.set(Some(Box::new(|| {
        assert_eq!(http_client::get("auth", "/").send(), Err(Failure::Denied));
        None
    })));
    filter.on_response();
    assert_eq!(http_client::get("auth", "/").send(), Err(Failure::Denied));
    assert_eq!(host.callouts(), []);
}
