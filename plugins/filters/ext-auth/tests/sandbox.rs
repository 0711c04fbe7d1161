//! The built component in the proxy's sandbox: a service is asked, and its word counts.

use std::thread;
use std::time::Duration;

use tidegate_testkit::{
    Component, Failure, FilterPlugin, Host, Level, LoadError, Reply, Request, RequestEdits,
    Verdict, build,
};

fn component() -> Component {
    build!("plugin")
}

fn start(host: &Host, more: &str) -> FilterPlugin {
    let config = format!(r#"{{"upstream": "auth", "copy": ["x-user"]{more}}}"#);
    host.filter(&component(), &config).unwrap()
}

/// The status of the answer, 0 when the request goes on.
fn status(filter: &mut FilterPlugin) -> u16 {
    filter.next();
    match filter.on_request().unwrap() {
        Verdict::Answer(reply) => reply.status,
        _ => 0,
    }
}

#[test]
fn it_waits_for_the_service_without_using_up_its_deadline() {
    let host = Host::new();
    host.answers("auth", |_| {
        // Twenty deadlines: they are not the filter's.
        thread::sleep(Duration::from_millis(40));
        Ok(Reply::new(200).header("x-user", "ann"))
    });
    let mut filter = start(&host, "");
    assert!(filter.waits(), "it runs on the asynchronous engine");
    host.request(Request::get("/a?b=c").header("x-user", "root"));
    let edits = RequestEdits::new().remove("x-user").append("x-user", "ann");
    assert_eq!(filter.on_request().unwrap(), Verdict::Edit(edits));
    let [asked] = &host.callouts()[..] else {
        panic!("one question");
    };
    let path = asked
        .headers
        .iter()
        .find(|(name, _)| name == "x-original-path");
    assert_eq!(path.unwrap().1, b"/a?b=c");
    assert_eq!(asked.timeout, 1_000, "that of the grant");
}

#[test]
fn a_refusal_is_the_clients_and_a_broken_service_lets_nobody_in() {
    for (answer, expected) in [
        (Ok(401), 401),
        (Ok(403), 403),
        (Ok(204), 0),
        (Ok(302), 503),
        (Ok(500), 503),
        (Err(Failure::TimedOut), 503),
        (Err(Failure::Unavailable), 503),
        (Err(Failure::TooLarge), 503),
    ] {
        let host = Host::new();
        host.answers("auth", move |_| answer.map(Reply::new));
        let mut filter = start(&host, "");
        assert_eq!(status(&mut filter), expected, "{answer:?}");
    }
}

#[test]
fn without_a_grant_nobody_gets_in_and_the_log_says_why() {
    let host = Host::new();
    let mut filter = start(&host, "");
    assert_eq!(status(&mut filter), 503);
    let lines = host.lines();
    let [(Level::Warn, line)] = &lines[..] else {
        panic!("{lines:?}");
    };
    assert!(line.contains("grant does not name the upstream"), "{line}");
}

#[test]
fn everybody_gets_in_while_the_service_is_down_if_the_operator_says_so() {
    let host = Host::new();
    host.answers("auth", |_| Err(Failure::Unavailable));
    let mut filter = start(&host, r#", "on_error": "allow""#);
    host.request(Request::get("/").header("x-user", "root"));
    let verdict = filter.on_request().unwrap();
    let nobody = RequestEdits::new().remove("x-user");
    assert_eq!(verdict, Verdict::Edit(nobody), "and claims nothing");
}

#[test]
fn a_reply_that_no_answer_could_hold_is_cut_and_is_no_fault() {
    let host = Host::new();
    host.answers("auth", |_| {
        let reply = (0..100).fold(Reply::new(403), |reply, i| {
            reply.header(format!("x-{i}"), "y".repeat(1_000))
        });
        let framed = reply
            .header("connection", "close")
            .header("transfer-encoding", "chunked");
        Ok(framed.text("x".repeat(1 << 16)))
    });
    let mut filter = start(&host, "");
    let Verdict::Answer(reply) = filter.on_request().unwrap() else {
        panic!("it went on");
    };
    assert_eq!((reply.status, reply.body.len()), (403, 1 << 16));
    let bytes: usize = reply
        .headers
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    assert!(bytes <= 16 << 10, "{bytes}");
    assert_eq!(reply.field("connection"), None);
}

#[test]
fn nonsense_is_refused_with_its_key() {
    for (config, expected) in [
        ("{}", "missing field `upstream`"),
        (
            r#"{"upstream": "auth", "path": "check"}"#,
            "path: the path `check`",
        ),
        (
            r#"{"upstream": "auth", "pass_on": [200]}"#,
            "pass_on: 200 is not a refusal",
        ),
        (
            r#"{"upstream": "auth", "send": ["host"]}"#,
            "send: the field `host`",
        ),
        (r#"{"upstream": "auth", "url": "/"}"#, "url: unknown field"),
    ] {
        let refused = Host::new().filter(&component(), config);
        let Err(LoadError::Refused(why)) = refused else {
            panic!("{config}: {refused:?}");
        };
        assert!(why.starts_with(expected), "{why}");
    }
}
