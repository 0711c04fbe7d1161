//! The built component in the proxy's sandbox: one bucket for all threads, which outlives the
//! component that opened it.

use std::sync::Barrier;
use std::thread;

use tidegate_testkit::{Component, FilterPlugin, Host, LoadError, Request, Verdict, build};

fn component() -> Component {
    build!("plugin")
}

/// Whether the request of the host passes; if not, it is answered with 429.
fn passes(filter: &mut FilterPlugin) -> bool {
    filter.next();
    match filter.on_request().unwrap() {
        Verdict::Pass => true,
        Verdict::Answer(reply) => {
            assert_eq!(reply.status, 429);
            false
        }
        edit @ Verdict::Edit(_) => panic!("{edit:?}"),
    }
}

/// How many of so many requests pass.
fn passing(filter: &mut FilterPlugin, requests: u32) -> u32 {
    (0..requests).map(|_| u32::from(passes(filter))).sum()
}

#[test]
fn a_burst_is_taken_once_by_all_threads_together() {
    let host = Host::new();
    // The next token would be there in eleven days.
    let config = r#"{"rate": 0.000001, "burst": 500}"#;
    let filters: Vec<_> = (0..8)
        .map(|_| host.filter(&component(), config).unwrap())
        .collect();
    let begin = Barrier::new(filters.len());
    let passed: u32 = thread::scope(|scope| {
        let threads = filters.into_iter().map(|mut filter| {
            let begin = &begin;
            scope.spawn(move || {
                begin.wait();
                passing(&mut filter, 200)
            })
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().map(|it| it.join().unwrap()).sum()
    });
    assert_eq!(passed, 500, "of 1600");
}

#[test]
fn who_has_used_it_up_gains_nothing_by_a_replacement() {
    let host = Host::new();
    let mut old = host
        .filter(&component(), r#"{"rate": 0.000001, "burst": 5}"#)
        .unwrap();
    assert_eq!(passing(&mut old, 3), 3);
    let mut new = host
        .filter(&component(), r#"{"rate": 0.000002, "burst": 4}"#)
        .unwrap();
    drop(old);
    assert_eq!(passing(&mut new, 9), 2, "what the old one had left");
    host.request(Request::get("/").client("192.0.2.77"));
    assert_eq!(passing(&mut new, 9), 4, "others have the new burst");
}

#[test]
fn a_client_is_told_when_to_come_back() {
    let host = Host::new();
    let mut filter = host
        .filter(&component(), r#"{"rate": 0.01, "burst": 1}"#)
        .unwrap();
    assert!(passes(&mut filter));
    assert!(!passes(&mut filter));
    let exchange = host.exchange();
    let field = |name| std::str::from_utf8(exchange.response_field(name).unwrap()).unwrap();
    // A hundred seconds, less what this test has taken.
    let seconds: u32 = field("retry-after").parse().unwrap();
    assert!((1..=100).contains(&seconds), "{seconds}");
    assert_eq!(field("ratelimit-policy"), "\"default\";q=1;w=100");
    assert_eq!(field("ratelimit"), format!("\"default\";r=0;t={seconds}"));
}

#[test]
fn many_keys_stay_within_the_memory_of_an_instance() {
    let host = Host::new();
    let mut filter = host
        .filter(&component(), r#"{"rate": 1, "key": {"header": "x-key"}}"#)
        .unwrap();
    for i in 0..2_000 {
        let long = format!("{i:>8000}");
        host.request(Request::get("/").header("x-key", long));
        assert!(passes(&mut filter), "each key has its own bucket");
    }
    assert!(!passes(&mut filter));
}

#[test]
fn it_is_called_for_requests_alone_and_waits_for_nobody() {
    let filter = Host::new().filter(&component(), r#"{"rate": 1}"#).unwrap();
    let interest = filter.interest();
    assert!(interest.request && !interest.response);
    assert!(!filter.waits());
}

#[test]
fn nonsense_is_refused_with_its_key() {
    for (config, expected) in [
        ("{}", "missing field `rate`"),
        (r#"{"rate": 0}"#, "rate: must be above 0"),
        (r#"{"rate": 1, "burst": 0}"#, "burst: must be at least 1"),
        (r#"{"rate": 1, "per": "s"}"#, "per: unknown field"),
    ] {
        let refused = Host::new().filter(&component(), config);
        let Err(LoadError::Refused(why)) = refused else {
            panic!("{config}: {refused:?}");
        };
        assert!(why.starts_with(expected), "{why}");
    }
}
