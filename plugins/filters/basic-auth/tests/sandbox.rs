//! The built component in the proxy's sandbox: a check that is slow on purpose, within bounds that
//! hold.

use std::time::Duration;

use tidegate_testkit::{
    Component, Fault, FaultKind, FilterPlugin, Host, Limits, LoadError, Request, RequestEdits,
    Verdict, build,
};

/// What people's passwords are often kept with: of `password`, with 19 MiB and two passes.
const USUAL: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$PL01amPyeUuxG7H0vIr5X+qHkZvWnHmGBGXFYvh8z2E";
/// The same, with 4 MiB and three passes.
const MODEST: &str =
    "$argon2id$v=19$m=4096,t=3,p=1$c29tZXNhbHQ$qLml5cbqFAO6YxVHhrSBHP0UWdxrIxkNcM8aMX3blzU";
/// Of `abc`, for machines.
const MACHINE: &str = "{SHA256}ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";

/// `ann:password`, `ann:wrong`, `bob:password`, `machine:abc`.
const ANN: &str = "YW5uOnBhc3N3b3Jk";
const ANN_WRONG: &str = "YW5uOndyb25n";
const BOB: &str = "Ym9iOnBhc3N3b3Jk";
const MACHINES: &str = "bWFjaGluZTphYmM=";

fn component() -> Component {
    build!("plugin")
}

/// A host whose bounds are those that the proxy gives this filter unless its operator says
/// otherwise; the deadline is longer, for a machine that runs many tests.
fn generous() -> Host {
    let host = Host::new();
    host.limits(Limits {
        deadline: Duration::from_secs(5),
        setup_deadline: Duration::from_secs(20),
        memory: 64 << 20,
        ..Limits::default()
    });
    host
}

fn users(ann: &str) -> String {
    format!(r#"{{"users": {{"ann": "{ann}", "machine": "{MACHINE}"}}}}"#)
}

fn login(host: &Host, filter: &mut FilterPlugin, token: &str) -> Result<Option<String>, Fault> {
    filter.next();
    host.request(Request::get("/").header("authorization", format!("Basic {token}")));
    Ok(match filter.on_request()? {
        Verdict::Edit(RequestEdits { attributes, .. }) => {
            let [(name, user)] = <[_; 1]>::try_from(attributes).unwrap();
            assert_eq!(name, "user");
            Some(user)
        }
        Verdict::Answer(reply) => {
            assert_eq!(reply.status, 401);
            None
        }
        Verdict::Pass => panic!("nobody passes without a name"),
    })
}

#[test]
fn people_and_machines_get_in() {
    let host = generous();
    let mut filter = host.filter(&component(), &users(USUAL)).unwrap();
    for _ in 0..2 {
        for (token, user) in [
            (ANN, Some("ann")),
            (ANN_WRONG, None),
            (BOB, None),
            (MACHINES, Some("machine")),
            ("nonsense", None),
        ] {
            let known = login(&host, &mut filter, token).unwrap();
            assert_eq!(known.as_deref(), user, "{token}");
        }
    }
}

#[test]
fn who_was_right_is_let_in_again_without_the_cost() {
    let host = generous();
    let mut filter = host.filter(&component(), &users(USUAL)).unwrap();
    let time = |filter: &mut _, token| {
        let began = std::time::Instant::now();
        login(&host, filter, token).unwrap();
        began.elapsed()
    };
    let first = time(&mut filter, ANN);
    // The fastest of many, since other tests may hold up any one of them.
    let again = (0..50).map(|_| time(&mut filter, ANN)).min().unwrap();
    assert!(again * 10 < first, "{again:?} after {first:?}");
    let wrong = (0..3).map(|_| time(&mut filter, ANN_WRONG)).min().unwrap();
    assert!(again * 10 < wrong, "{again:?}, and {wrong:?} for a guess");
    let stranger = (0..3).map(|_| time(&mut filter, BOB)).min().unwrap();
    assert!(again * 10 < stranger, "and {stranger:?} for a stranger");
}

#[test]
fn a_password_that_does_not_fit_into_the_memory_is_refused_with_the_file() {
    let host = Host::new();
    assert_eq!(Limits::default().memory, 16 << 20);
    let refused = host.filter(&component(), &users(USUAL));
    let Err(LoadError::Refused(why)) = refused else {
        panic!("{refused:?}");
    };
    assert!(
        why.starts_with("users.ann: to check this password takes 19456 KiB"),
        "{why}"
    );
    assert!(why.contains("a `memory` of 23 MiB or more"), "{why}");
    // And that is enough.
    host.limits(Limits {
        memory: 23 << 20,
        deadline: Duration::from_secs(5),
        ..Limits::default()
    });
    let mut filter = host.filter(&component(), &users(USUAL)).unwrap();
    let user = login(&host, &mut filter, ANN).unwrap();
    assert_eq!(user.as_deref(), Some("ann"));
}

#[test]
fn the_memory_of_an_instance_does_not_grow_with_those_who_come() {
    let host = Host::new();
    host.limits(Limits {
        memory: 8 << 20,
        deadline: Duration::from_secs(5),
        ..Limits::default()
    });
    let mut filter = host.filter(&component(), &users(MODEST)).unwrap();
    for _ in 0..20 {
        assert_eq!(login(&host, &mut filter, ANN_WRONG).unwrap(), None);
    }
    for _ in 0..2_000 {
        let user = login(&host, &mut filter, MACHINES).unwrap();
        assert_eq!(user.as_deref(), Some("machine"));
    }
    let user = login(&host, &mut filter, ANN).unwrap();
    assert_eq!(user.as_deref(), Some("ann"));
}

#[test]
fn a_deadline_that_is_too_short_is_a_fault_and_lets_nobody_in() {
    let host = Host::new();
    assert_eq!(Limits::default().deadline, Duration::from_millis(2));
    let mut filter = host.filter(&component(), &users(MODEST)).unwrap();
    for token in [ANN, BOB] {
        let fault = login(&host, &mut filter, token).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Deadline, "{fault}");
    }
    let user = login(&host, &mut filter, MACHINES).unwrap();
    assert_eq!(user.as_deref(), Some("machine"), "hashes are fast");
}

#[test]
fn it_is_called_for_requests_alone_and_waits_for_nobody() {
    let filter = generous().filter(&component(), &users(MODEST)).unwrap();
    let interest = filter.interest();
    assert!(interest.request && !interest.response);
    assert!(!filter.waits());
}

#[test]
fn nonsense_is_refused_with_its_key() {
    for (config, expected) in [
        ("{}", "missing field `users`"),
        (
            r#"{"users": {"ann": "secret"}}"#,
            "users.ann: a password is not kept as it is",
        ),
        (
            r#"{"users": {"ann": "{SHA256}abc"}}"#,
            "users.ann: after {SHA256} stands",
        ),
        (r#"{"users": {}, "user": {}}"#, "user: unknown field"),
    ] {
        let refused = Host::new().filter(&component(), config);
        let Err(LoadError::Refused(why)) = refused else {
            panic!("{config}: {refused:?}");
        };
        assert!(why.starts_with(expected), "{why}");
    }
}
