//! The built component in the proxy's sandbox.

use tidegate_testkit::{
    Component, Host, LoadError, Request, RequestEdits, ResponseEdits, Verdict, build,
};

fn component() -> Component {
    build!("plugin")
}

#[test]
fn both_heads_are_changed_in_the_order_that_is_promised() {
    let config = r#"{
        "request": {"remove": ["x-debug"], "set": {"x-proxy": "tidegate"}, "append": {"x-seen": "a"}},
        "response": {"set": {"x-frame": "deny"}, "append": {"link": ["</a>", "</b>"]}}
    }"#;
    let host = Host::new();
    let mut filter = host.filter(&component(), config).unwrap();
    host.request(Request::get("/").header("x-debug", "1"));
    let edits = RequestEdits::new()
        .remove("x-debug")
        .set("x-proxy", "tidegate")
        .append("x-seen", "a");
    assert_eq!(filter.on_request().unwrap(), Verdict::Edit(edits));
    let asked = host.exchange();
    host.request(asked.answered(200, &[]));
    let edits = ResponseEdits::new()
        .set("x-frame", "deny")
        .append("link", "</a>")
        .append("link", "</b>");
    assert_eq!(filter.on_response().unwrap(), Some(edits));
}

#[test]
fn a_part_that_changes_nothing_is_not_called() {
    for (config, request, response) in [
        (r#"{"request": {"remove": ["a"]}}"#, true, false),
        (r#"{"response": {"remove": ["a"]}}"#, false, true),
        (
            r#"{"request": {"remove": ["a"]}, "response": {"remove": ["b"]}}"#,
            true,
            true,
        ),
    ] {
        let filter = Host::new().filter(&component(), config).unwrap();
        let interest = filter.interest();
        assert_eq!((interest.request, interest.response), (request, response));
        assert!(!filter.waits());
    }
}

#[test]
fn as_much_as_one_answer_may_hold_is_held() {
    let edits = |count: u32, length: usize| {
        let fields: Vec<String> = (0..count)
            .map(|i| format!(r#""x-{i:02}": "{}""#, "y".repeat(length)))
            .collect();
        format!(r#"{{"request": {{"set": {{{}}}}}}}"#, fields.join(", "))
    };
    // 64 fields of 4 and 252 bytes are 16 KiB.
    let host = Host::new();
    let mut filter = host.filter(&component(), &edits(64, 252)).unwrap();
    let Verdict::Edit(made) = filter.on_request().unwrap() else {
        panic!("no edits");
    };
    assert_eq!(made.headers.len(), 64);
    for (config, expected) in [
        (edits(65, 1), "request: 65 changes are too many"),
        (edits(64, 253), "request: 16448 bytes are too many"),
    ] {
        let refused = Host::new().filter(&component(), &config);
        let Err(LoadError::Refused(why)) = refused else {
            panic!("{refused:?}");
        };
        assert!(why.starts_with(expected), "{why}");
    }
}

#[test]
fn nonsense_is_refused_with_its_key() {
    for (config, expected) in [
        ("{}", "nothing is changed"),
        (
            r#"{"request": {"set": {"content-length": "1"}}}"#,
            "request.set.content-length: the field `content-length`",
        ),
        (
            r#"{"response": {"set": {"x": "a\nb"}}}"#,
            "response.set.x: ",
        ),
        (r#"{"requests": {}}"#, "requests: unknown field"),
    ] {
        let refused = Host::new().filter(&component(), config);
        let Err(LoadError::Refused(why)) = refused else {
            panic!("{config}: {refused:?}");
        };
        assert!(why.starts_with(expected), "{why}");
    }
}
