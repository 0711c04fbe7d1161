//! The logic by plain `cargo test`: the SDK's fakes stand for the host.

use tidegate_sdk::testing::{FilterPlugin, Host, Metric, Request};

use super::*;

const RULES: &str = r#"
    "good": [{"agent": "*Googlebot*", "from": ["66.249.64.0/19", "2001:4860::/32"]}],
    "agents": ["*bot*", "curl/*"],
    "fields": ["User-Agent", "accept"],
    "rate": {"per_second": 0.5, "burst": 2}
"#;

fn configured(host: &Host, mode: &str) -> FilterPlugin<BotFilter> {
    host.filter(&format!(r#"{{"mode": "{mode}", {RULES}}}"#))
        .unwrap()
}

fn by(agent: &str) -> Request {
    Request::get("/")
        .header("user-agent", agent)
        .header("accept", "text/html")
}

/// The mark of a request that goes on, or the status of the answer.
fn outcome(host: &Host, filter: &mut FilterPlugin<BotFilter>, request: Request) -> String {
    host.request(request);
    match filter.on_request() {
        Verdict::Answer(reply) => reply.status.to_string(),
        _ => request::attribute("bot").unwrap_or_default(),
    }
}

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

#[test]
fn each_reason_is_marked_or_answered_and_counted() {
    for (mode, answers) in [
        (
            "mark",
            ["good", "impostor", "agent", "fields", "fields", ""],
        ),
        ("block", ["good", "403", "403", "403", "403", ""]),
    ] {
        let host = Host::new();
        let mut filter = configured(&host, mode);
        let found = [
            by("Googlebot/2.1").client("66.249.64.1"),
            by("Googlebot/2.1"),
            by("curl/8.5.0"),
            Request::get("/").header("user-agent", FIREFOX),
            by(""),
            by(FIREFOX),
        ]
        .map(|request| outcome(&host, &mut filter, request));
        assert_eq!(found, answers, "{mode}");
        let counts = ["good", "impostor", "agent", "fields", "rate"];
        let counts = counts.map(|name| host.metric(&format!("bots_{name}")));
        assert_eq!(counts, [1, 1, 1, 2, 0].map(|n| Some(Metric::Counter(n))));
    }
}

#[test]
fn a_client_that_asks_too_often_is_told_when_to_come_again() {
    let host = Host::new();
    let mut one = configured(&host, "block");
    let mut other = configured(&host, "block");
    assert_eq!(outcome(&host, &mut one, by(FIREFOX)), "");
    assert_eq!(outcome(&host, &mut other, by(FIREFOX)), "");
    assert_eq!(
        outcome(&host, &mut one, by(FIREFOX)),
        "429",
        "over all threads"
    );
    assert_eq!(response::header("retry-after").as_deref(), Some(&b"2"[..]));
    assert_eq!(
        outcome(&host, &mut one, by(FIREFOX).client("192.0.2.2")),
        ""
    );
    host.advance(Duration::from_secs(2));
    assert_eq!(outcome(&host, &mut one, by(FIREFOX)), "");
}

#[test]
fn subscribers_of_ipv6_share_and_good_ones_have_no_limit() {
    let host = Host::new();
    let mut filter = configured(&host, "mark");
    let last: Vec<String> = (0..4)
        .map(|i| by(FIREFOX).client(&format!("2001:db8::{i}")))
        .map(|request| outcome(&host, &mut filter, request))
        .collect();
    assert_eq!(last, ["", "", "rate", "rate"]);
    for _ in 0..10 {
        let welcome = by("googlebot").client("2001:4860::1");
        assert_eq!(outcome(&host, &mut filter, welcome), "good");
    }
}

#[test]
fn a_name_of_nonsense_and_a_client_without_an_address_are_no_trouble() {
    let host = Host::new();
    let mut filter = configured(&host, "mark");
    let huge = by(&"b o t ".repeat(20_000)).client("nobody");
    assert_eq!(outcome(&host, &mut filter, huge), "");
    let bytes = Request::get("/")
        .header("user-agent", [0xff; 300])
        .header("accept", "*/*");
    assert_eq!(outcome(&host, &mut filter, bytes.client("")), "");
    let twice = by(FIREFOX)
        .header("user-agent", "curl/8.5.0")
        .client("192.0.2.9");
    assert_eq!(
        outcome(&host, &mut filter, twice),
        "",
        "the first value counts"
    );
}

#[test]
fn nonsense_is_refused_with_its_key() {
    for (config, expected) in [
        ("{}", "missing field `mode`"),
        (r#"{"mode": "mark"}"#, "write at least one of"),
        (
            r#"{"mode": "log", "agents": ["a"]}"#,
            "mode: unknown variant",
        ),
        (
            r#"{"mode": "mark", "agents": ["a", "*"]}"#,
            "agents[1]: `*` is everybody",
        ),
        (
            r#"{"mode": "mark", "fields": ["a b"]}"#,
            "fields[0]: `a b` is not",
        ),
        (
            r#"{"mode": "mark", "good": [{"agent": "a", "from": []}]}"#,
            "good[0].from: write from 1",
        ),
        (
            r#"{"mode": "mark", "good": [{"agent": "a", "from": ["10.0.0.1/8"]}]}"#,
            "good[0].from[0]: `10.0.0.1/8` is not a network",
        ),
        (
            r#"{"mode": "mark", "rate": {"per_second": 0, "burst": 1}}"#,
            "rate.per_second: must be above 0",
        ),
        (
            r#"{"mode": "mark", "rate": {"per_second": 1, "burst": 0}}"#,
            "rate.burst: must be at least 1",
        ),
        (
            r#"{"mode": "mark", "agent": ["a"]}"#,
            "agent: unknown field",
        ),
    ] {
        let refused = Host::new().filter::<BotFilter>(config).unwrap_err();
        assert!(refused.starts_with(expected), "{refused}");
    }
}
