//! What a guest sees in the sandbox, and what its misdeeds look like to a test.

use std::time::Duration;

use tidegate_testkit::{
    Choice, Component, FaultKind, HeaderEdit, Host, Level, Limits, LoadError, Metric, Plugin,
    Request, endpoints,
};

/// Built once, with the profile of the built-in selectors, whose dependencies it shares.
fn obedient() -> Component {
    use std::sync::LazyLock;
    static BUILT: LazyLock<Component> = LazyLock::new(|| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/guests/obedient");
        Component::build(folder, "plugin").unwrap_or_else(|problem| panic!("{problem}"))
    });
    BUILT.clone()
}

fn started(host: &Host) -> Plugin {
    host.plugin(&obedient(), "{}", &endpoints(3)).unwrap()
}

fn told(order: &str) -> Request {
    Request::get("/").header("x-do", order)
}

fn answer(choice: Option<Choice>) -> String {
    match &choice.unwrap().response_edits[..] {
        [HeaderEdit::Set((name, value))] if name == "x-answer" => {
            String::from_utf8(value.clone()).unwrap()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_sees_the_request_and_the_load_and_the_list() {
    let host = Host::new();
    host.in_flight(&[4, 5]);
    host.latency(&[0, 0, 70, 80]);
    let look = Request::new("POST", "/a/b?p=1&q=x%20y")
        .header("x-do", "look")
        .cookie("id", "\"7\"")
        .https()
        .authority("shop.example:8443")
        .client("2001:db8::1")
        .route("shop")
        .attempt(2)
        .attribute("note", "from a filter")
        .excluding([2, 1, 2]);
    let seen = answer(started(&host).select_for(look).unwrap());
    assert_eq!(
        seen,
        "POST https://shop.example:8443/a/b q=Some(\"x y\") client=2001:db8::1 route=shop \
         attempt=2 note=Some(\"from a filter\") cookie=Some(\"7\") \
         to=10.0.0.0:80,10.0.0.1:80,10.0.0.2:80 load=[4, 5, 0]/9 latency=[0, 0, 70] not=2"
    );
}

#[test]
fn every_misdeed_is_a_fault_of_its_kind_and_the_next_call_works() {
    let host = Host::new();
    let selector = started(&host);
    for (order, kind, message) in [
        ("panic", FaultKind::Trap, "unreachable"),
        ("loop", FaultKind::Deadline, "longer than its deadline"),
        ("grow", FaultKind::Memory, "more memory"),
        ("choose 3", FaultKind::Index, "position 3 of 3"),
        ("choose 4294967295", FaultKind::Index, "position 4294967295"),
        ("edit content-length", FaultKind::Edit, "content-length"),
        ("edit no name", FaultKind::Edit, "no name"),
    ] {
        let fault = selector.select_for(told(order)).unwrap_err();
        assert_eq!(fault.kind, kind, "{order}: {fault}");
        assert!(fault.message.contains(message), "{order}: {fault}");
        let choice = selector.select_for(told("choose 2")).unwrap();
        assert_eq!(choice, Some(Choice::at(2)), "after {order}");
    }
    let excluded = told("choose 1").excluding([1]);
    let fault = selector.select_for(excluded).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Excluded);
    assert_eq!(selector.select_for(told("nothing")).unwrap(), None);
}

#[test]
fn a_panic_says_where_in_the_log_and_in_the_backtrace() {
    let host = Host::new();
    let fault = started(&host).select_for(told("panic")).unwrap_err();
    let in_it = |frame: &String| frame.contains("deliberately_panicking");
    assert!(fault.backtrace.iter().any(in_it), "{:?}", fault.backtrace);
    let lines = host.lines();
    let [(Level::Error, line)] = &lines[..] else {
        panic!("{lines:?}");
    };
    assert!(line.contains("obedient/src/lib.rs:"), "{line}");
    assert!(line.ends_with(": told to panic"), "{line}");
}

#[test]
fn what_it_logs_and_prints_is_heard_in_order_and_bounded() {
    let host = Host::new();
    let selector = started(&host);
    selector.select_for(told("log")).unwrap();
    selector.select_for(told("print 2")).unwrap();
    let said = |level, line: &str| (level, line.to_owned());
    assert_eq!(
        host.lines(),
        [
            said(Level::Debug, "a detail"),
            said(Level::Warn, "a\\nwarning"),
            said(Level::Info, "line 0"),
            said(Level::Info, "line 1"),
            said(Level::Warn, "no newline"),
        ]
    );

    let host = Host::new();
    // More than a second's worth in one call: what is beyond a hundred a second is dropped.
    let patient = Limits {
        deadline: Duration::from_secs(10),
        ..Limits::default()
    };
    host.limits(patient);
    started(&host).select_for(told("print 5000")).unwrap();
    let lines = host.lines();
    assert_eq!(lines[..100][99], said(Level::Info, "line 99"));
    assert!(lines.len() < 5000, "{}", lines.len());
}

#[test]
fn state_and_metrics_are_common_to_all_instances_and_survive_a_replacement() {
    let host = Host::new();
    let mut selector = started(&host);
    let count = |selector: &Plugin| answer(selector.select_for(told("count")).unwrap());
    assert_eq!(count(&selector), "0");
    selector.select_for(told("panic")).unwrap_err();
    assert_eq!(
        count(&selector),
        "1",
        "a fault costs the instance, not its state"
    );
    selector
        .replace(&obedient(), r#"{"update": "log"}"#)
        .unwrap();
    assert_eq!(count(&selector), "2", "a replacement goes on");
    assert_eq!(host.metric("seen"), Some(Metric::Counter(4)));
    assert_eq!(
        count(&started(&Host::new())),
        "0",
        "another host is another world"
    );
}

#[test]
fn a_bad_replacement_or_list_leaves_the_old_one_at_work() {
    let host = Host::new();
    let mut selector = started(&host);
    let refused = selector.replace(&obedient(), r#"{"configure": "refuse"}"#);
    assert!(matches!(refused, Err(LoadError::Refused(why)) if why == "configure: told to refuse"));
    let unread = Component::from_bytes(&b"\0asm"[..]);
    assert!(matches!(
        selector.replace(&unread, "{}"),
        Err(LoadError::NotAComponent(_))
    ));
    assert_eq!(
        selector.select_for(told("choose 2")).unwrap(),
        Some(Choice::at(2))
    );
    selector.update(&endpoints(2)).unwrap();
    let fault = selector.select_for(told("choose 2")).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Index, "the list is shorter now");
}

#[test]
fn failures_of_load_are_values_that_say_where() {
    let host = Host::new();
    let limits = Limits {
        setup_deadline: Duration::from_millis(20),
        ..Limits::default()
    };
    host.limits(limits);
    for (config, expected) in [
        (r#"{"configrue": "x"}"#, "configrue: unknown field"),
        (
            r#"{"configure": "refuse"}"#,
            "refuses its config: configure: told to",
        ),
        (r#"{"configure": "panic"}"#, "failed in `configure`"),
        (r#"{"configure": "loop"}"#, "longer than its deadline"),
        (r#"{"configure": "grow"}"#, "more memory"),
        (r#"{"update": "panic"}"#, "failed in `update`"),
        (r#"{"update": "loop"}"#, "failed in `update`"),
    ] {
        let error = host.plugin(&obedient(), config, &endpoints(2)).unwrap_err();
        assert!(error.to_string().contains(expected), "{config}: {error}");
    }
}

#[test]
fn limits_are_those_that_the_test_sets() {
    let host = Host::new();
    host.limits(Limits {
        memory: 1 << 20,
        ..Limits::default()
    });
    let error = host.plugin(&obedient(), "{}", &endpoints(1)).unwrap_err();
    assert!(matches!(error, LoadError::Start(_)), "{error}");
}
