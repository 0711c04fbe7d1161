use base64ct::{Base64, Encoding};
use tidegate_sdk::testing::{FilterPlugin, Host, Request};

use super::*;

/// Argon2id with version 1.3, 2 passes, 64 MiB, of `password` with the salt `somesalt`: a vector of
/// the reference implementation.
const REFERENCE: &str =
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
/// The same with 256 KiB, for tests.
const SMALL: &str =
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
/// Of `abc`.
const HASH: &str = "{SHA256}ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";

fn config(more: &str) -> String {
    format!(r#"{{"users": {{"ann": "{SMALL}", "machine": "{HASH}"}}{more}}}"#)
}

fn login(name: &str, password: &str) -> Request {
    let token = Base64::encode_string(format!("{name}:{password}").as_bytes());
    Request::get("/").header("authorization", format!("Basic {token}"))
}

/// Who gets in.
fn user(host: &Host, filter: &mut FilterPlugin<BasicAuth>, request: Request) -> Option<String> {
    host.request(request);
    match filter.on_request() {
        Verdict::Edit(_) => request::attribute("user"),
        Verdict::Answer(reply) => {
            assert_eq!(reply.status, 401);
            None
        }
        Verdict::Pass => panic!("nobody passes without a name"),
    }
}

#[test]
fn the_right_password_lets_in_and_names() {
    let host = Host::new();
    let mut filter = host.filter::<BasicAuth>(&config("")).unwrap();
    for _ in 0..2 {
        let ann = user(&host, &mut filter, login("ann", "password"));
        assert_eq!(ann.as_deref(), Some("ann"));
        let machine = user(&host, &mut filter, login("machine", "abc"));
        assert_eq!(machine.as_deref(), Some("machine"));
    }
    assert!(request::header("authorization").is_some());
}

#[test]
fn the_reference_implementation_agrees() {
    let secret = Secret::parse(REFERENCE).unwrap_or_else(|problem| panic!("{problem}"));
    let mut scratch = Scratch::new(secret.blocks()).unwrap();
    for _ in 0..2 {
        assert!(secret.is(b"password", &mut scratch));
        assert!(!secret.is(b"Password", &mut scratch));
    }
}

#[test]
fn nobody_else_gets_in() {
    let host = Host::new();
    let config = config(r#", "realm": "staff""#);
    let mut filter = host.filter::<BasicAuth>(&config).unwrap();
    user(&host, &mut filter, login("ann", "password"));
    for request in [
        Request::get("/"),
        login("ann", "abc"),
        login("ann", ""),
        login("machine", "password"),
        // The password of the one whose cost an unknown name has.
        login("bob", "password"),
        login("", "password"),
        Request::get("/").header("authorization", "Bearer abc"),
        Request::get("/").header("authorization", "Basic abc"),
    ] {
        assert_eq!(user(&host, &mut filter, request), None);
        let challenge = response::header("www-authenticate").unwrap();
        assert_eq!(challenge, b"Basic realm=\"staff\", charset=\"UTF-8\"");
    }
}

#[test]
fn the_endpoint_need_not_see_the_password() {
    let host = Host::new();
    let config = config(r#", "forward": false"#);
    let mut filter = host.filter::<BasicAuth>(&config).unwrap();
    assert!(user(&host, &mut filter, login("machine", "abc")).is_some());
    assert_eq!(request::header("authorization"), None);
}

#[test]
fn an_unknown_name_costs_as_much_as_the_costliest() {
    let host = Host::new();
    let filter = host.filter::<BasicAuth>(&config("")).unwrap();
    let filter = filter.inner();
    assert_eq!(filter.stranger.cost(), filter.users["ann"].cost());
    assert!(filter.stranger.cost() > filter.users["machine"].cost());
}

#[test]
fn passwords_of_different_parameters_share_the_room() {
    // One is the costliest, another needs the most memory.
    let slow =
        "$argon2id$v=19$m=1024,t=3,p=1$c29tZXNhbHQ$hTSfg0+ZxUVA6Ay8Et01seNt2tx1T18Xh5elxNhrNJk";
    let host = Host::new();
    let config = format!(r#"{{"users": {{"ann": "{SMALL}", "bob": "{slow}", "cy": "{HASH}"}}}}"#);
    let mut filter = host.filter::<BasicAuth>(&config).unwrap();
    for (name, password) in [
        ("ann", "password"),
        ("bob", "password"),
        ("ann", "password"),
        ("cy", "abc"),
    ] {
        let user = user(&host, &mut filter, login(name, password));
        assert_eq!(user.as_deref(), Some(name));
    }
}

#[test]
fn nonsense_is_refused_with_what_to_write() {
    for (config, why) in [
        ("{}", "missing field `users`"),
        (r#"{"users": {}}"#, "users: nobody is there"),
        (
            r#"{"users": {"ann": "secret"}}"#,
            "users.ann: a password is not kept as it is: write a PHC",
        ),
        (
            r#"{"users": {"ann": "{SHA256}abc"}}"#,
            "users.ann: after {SHA256} stands",
        ),
        (
            r#"{"users": {"ann": "$argon2id$v=19$m=256,t=2,p=1"}}"#,
            "users.ann: this is not all",
        ),
        (
            r#"{"users": {"ann": "$argon2id$v=19$m=1,t=0$c29tZXNhbHQ$c29tZXNhbHQ"}}"#,
            "users.ann: ",
        ),
        (r#"{"users": {"ann": "$argon2x$v=19"}}"#, "users.ann: "),
        // Nobody could ever be let in by these.
        (
            r#"{"users": {"ann": "$argon2x$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"}}"#,
            "users.ann: this is not all",
        ),
        (
            r#"{"users": {"ann": "$argon2id$v=20$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"}}"#,
            "users.ann: this is not all",
        ),
        (
            r#"{"users": {"ann": "$argon2id$v=19$m=256,t=2,p=1$c29tZQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"}}"#,
            "users.ann: ",
        ),
        (r#"{"users": {"a:b": ""}}"#, "users.a:b: a name has"),
        (r#"{"users": {}, "realm": "a\\b"}"#, "realm: "),
        (r#"{"users": {}, "forward": "no"}"#, "forward: "),
    ] {
        let refused = Host::new().filter::<BasicAuth>(config).err();
        let refused = refused.unwrap_or_else(|| panic!("{config}"));
        assert!(refused.contains(why), "{config}: {refused}");
    }
}
