use tidegate_sdk::testing::{Host, Request, Response};

use super::*;

fn refused(config: &str) -> String {
    Host::new().filter::<Headers>(config).unwrap_err()
}

#[test]
fn a_request_is_changed_in_order() {
    let host = Host::new();
    let config = r#"{"request": {
        "remove": ["X-Gone", "x-both"],
        "set": {"x-set": "1", "x-both": "2"},
        "append": {"x-set": ["3", "4"], "x-new": "5"}
    }}"#;
    let mut filter = host.filter::<Headers>(config).unwrap();
    assert_eq!(filter.interest(), Interest::REQUEST);
    let request = Request::get("/")
        .header("x-gone", "")
        .header("x-both", "old");
    host.request(request.header("x-set", "old").header("x-new", "old"));
    filter.on_request();
    let fields: Vec<(String, String)> = request::headers()
        .into_iter()
        .map(|(name, value)| (name, String::from_utf8(value).unwrap()))
        .collect();
    let expected = [
        ("x-new", "old"),
        ("x-both", "2"),
        ("x-set", "1"),
        ("x-new", "5"),
        ("x-set", "3"),
        ("x-set", "4"),
    ];
    assert_eq!(
        fields,
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
}

#[test]
fn a_response_is_changed_and_the_request_is_not_asked_for() {
    let host = Host::new();
    let config = r#"{"response": {"set": {"x-frame-options": "DENY"}, "remove": ["server"]}}"#;
    let mut filter = host.filter::<Headers>(config).unwrap();
    assert_eq!(filter.interest(), Interest::RESPONSE);
    host.response(Response::new(200).header("server", "one"));
    filter.on_response();
    let fields = [("x-frame-options".to_owned(), b"DENY".to_vec())];
    assert_eq!(response::headers(), fields);
}

#[test]
fn what_would_be_a_fault_later_is_refused_at_once() {
    for (config, why) in [
        ("{}", "nothing is changed"),
        (r#"{"request": {}}"#, "nothing is changed"),
        (
            r#"{"request": {"set": {"content-length": "1"}}}"#,
            "belongs to the host",
        ),
        (
            r#"{"request": {"remove": ["Host"]}}"#,
            "request.remove[0]: the field `Host` belongs",
        ),
        (r#"{"request": {"set": {"a b": "1"}}}"#, "not a field name"),
        (
            r#"{"response": {"set": {"x-a": "1\n"}}}"#,
            "response.set.x-a: ",
        ),
        (r#"{"response": {"set": {"x-a": 1}}}"#, "in quotes"),
        (r#"{"response": {"append": {"x-a": 1}}}"#, "in quotes"),
        (r#"{"respose": {}}"#, "respose: unknown field `respose`"),
        (
            r#"{"request": {"add": {}}}"#,
            "expected one of `set`, `append`, `remove`",
        ),
    ] {
        let problem = refused(config);
        assert!(problem.contains(why), "{config}: {problem}");
    }
    let many: Vec<String> = (0..65).map(|i| format!("\"x{i}\"")).collect();
    let problem = refused(&format!(
        r#"{{"request": {{"remove": [{}]}}}}"#,
        many.join(",")
    ));
    assert!(
        problem.starts_with("request: 65 changes are too many"),
        "{problem}"
    );
    let long = "x".repeat(16 << 10);
    let problem = refused(&format!(r#"{{"response": {{"set": {{"x": "{long}"}}}}}}"#));
    assert!(
        problem.starts_with("response: 16385 bytes are too many"),
        "{problem}"
    );
}
