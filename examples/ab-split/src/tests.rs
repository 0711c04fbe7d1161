//! The logic by plain `cargo test`: the SDK's fakes stand for the host.

use tidegate_sdk::testing::{FilterPlugin, Host, Request};

use super::*;

const VARIANTS: &str =
    r#"[{"name": "old", "weight": 3}, {"name": "new", "weight": 1, "upstream": "web-next"}]"#;

fn configured(host: &Host, more: &str) -> FilterPlugin<AbSplit> {
    let config = format!(r#"{{"experiment": "checkout", "variants": {VARIANTS}{more}}}"#);
    host.filter(&config).unwrap()
}

/// The variant, and the cookie that the client gets.
fn visit(
    host: &Host,
    filter: &mut FilterPlugin<AbSplit>,
    request: Request,
) -> (String, Option<String>) {
    host.request(request);
    filter.on_request();
    let variant = request::attribute("ab-checkout").unwrap();
    let upstream = (variant == "new").then(|| "web-next".to_owned());
    assert_eq!(host.upstream(), upstream);
    filter.on_response();
    let set = response::header("set-cookie");
    (variant, set.map(|set| String::from_utf8(set).unwrap()))
}

#[test]
fn a_new_user_is_assigned_by_lot_and_keeps_the_variant() {
    let host = Host::new();
    let mut one = configured(&host, "");
    let mut other = configured(&host, "");
    let mut new = 0;
    for _ in 0..4_000 {
        let (variant, set) = visit(&host, &mut one, Request::get("/"));
        let cookie =
            format!("ab-checkout={variant}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax");
        assert_eq!(set, Some(cookie));
        let again = Request::get("/").cookie("ab-checkout", &variant);
        new += u32::from(variant == "new");
        assert_eq!(visit(&host, &mut other, again), (variant, None));
    }
    // Five standard deviations.
    assert!(new.abs_diff(1_000) < 140, "{new}");
}

#[test]
fn a_key_decides_alone_and_needs_no_cookie() {
    let host = Host::new();
    let mut one = configured(&host, r#", "key": {"attribute": "user"}"#);
    let mut other = configured(&host, r#", "key": {"header": "x-user"}"#);
    for i in 0..200 {
        let user = i.to_string();
        let known = Request::get("/").attribute("user", &user);
        let (variant, set) = visit(&host, &mut one, known.cookie("ab-checkout", "old"));
        assert_eq!(set, None);
        let elsewhere = Request::get("/").header("x-user", &user);
        assert_eq!(visit(&host, &mut other, elsewhere), (variant, None));
    }
    let (variant, set) = visit(&host, &mut one, Request::get("/"));
    assert!(
        set.unwrap().starts_with(&format!("ab-checkout={variant};")),
        "a guest has a cookie"
    );
}

#[test]
fn a_cookie_of_nobody_and_of_a_variant_that_ended_is_replaced() {
    let host = Host::new();
    let mut filter = configured(&host, "");
    let long = "x".repeat(8_000);
    for forged in ["", "newer", "NEW", &long] {
        let request = Request::get("/").cookie("ab-checkout", forged);
        assert!(visit(&host, &mut filter, request).1.is_some(), "{forged}");
    }
    let ended = VARIANTS.replace("\"weight\": 1", "\"weight\": 0");
    let config = format!(r#"{{"experiment": "checkout", "variants": {ended}}}"#);
    let mut filter = host.filter::<AbSplit>(&config).unwrap();
    let (variant, set) = visit(
        &host,
        &mut filter,
        Request::get("/").cookie("ab-checkout", "new"),
    );
    assert_eq!(variant, "old");
    assert!(set.unwrap().starts_with("ab-checkout=old;"));
}

#[test]
fn the_endpoint_is_told_and_the_client_cannot_tell_it() {
    let host = Host::new();
    let mut filter = configured(
        &host,
        r#", "header": "X-Variant", "cookie": {"ttl": "1h", "secure": true}"#,
    );
    let forged = Request::get("/")
        .header("x-variant", "admin")
        .header("x-variant", "b");
    let (variant, set) = visit(&host, &mut filter, forged);
    assert_eq!(
        request::header("x-variant"),
        Some(variant.clone().into_bytes())
    );
    assert_eq!(request::headers().len(), 1);
    assert!(
        set.unwrap()
            .ends_with("; Max-Age=3600; HttpOnly; SameSite=Lax; Secure")
    );
}

#[test]
fn two_experiments_on_one_route_do_not_disturb_each_other() {
    let host = Host::new();
    let mut checkout = configured(&host, "");
    let config = format!(r#"{{"experiment": "search", "variants": {VARIANTS}}}"#);
    let mut search = host.filter::<AbSplit>(&config).unwrap();
    host.request(Request::get("/").cookie("ab-checkout", "old"));
    checkout.on_request();
    search.on_request();
    search.on_response();
    checkout.on_response();
    let set = String::from_utf8(response::header("set-cookie").unwrap()).unwrap();
    assert!(set.starts_with("ab-search="), "{set}");
    assert_eq!(request::attribute("ab-checkout").as_deref(), Some("old"));
}

#[test]
fn nonsense_is_refused_with_its_key() {
    let with = |more: &str| format!(r#"{{"experiment": "a", "variants": {VARIANTS}, {more}}}"#);
    let of = |variants: &str| format!(r#"{{"experiment": "a", "variants": {variants}}}"#);
    for (config, expected) in [
        ("{}".to_owned(), "missing field `experiment`"),
        (
            r#"{"experiment": "A b"}"#.to_owned(),
            "experiment: `A b` is not a name",
        ),
        (of("[]"), "variants: write from 1"),
        (
            of(r#"[{"name": "a", "weight": 0}]"#),
            "variants: write from 1",
        ),
        (
            of(r#"[{"name": "a;b", "weight": 1}]"#),
            "variants[0].name: `a;b` is not a name",
        ),
        (
            of(r#"[{"name": "a", "weight": 1}, {"name": "a", "weight": 1}]"#),
            "variants[1].name: `a` is there twice",
        ),
        (
            of(r#"[{"name": "a", "weight": 1, "upstream": ""}]"#),
            "variants[0].upstream: a name is missing",
        ),
        (
            with(r#""cookie": {"ttl": "500ms"}"#),
            "cookie.ttl: must be whole seconds",
        ),
        (
            with(r#""cookie": {"name": "a"}"#),
            "cookie.name: unknown field",
        ),
        (
            with(r#""header": "host""#),
            "header: the field `host` belongs",
        ),
        (with(r#""key": "cookie""#), "key.cookie: invalid type"),
        (with(r#""variant": []"#), "variant: unknown field"),
    ] {
        let refused = Host::new().filter::<AbSplit>(&config).unwrap_err();
        assert!(refused.starts_with(expected), "{config}: {refused}");
    }
}
