//! The fakes keep the promises of the contract that a plugin may rely on.

use std::time::Duration;

use tidegate_sdk::prelude::*;
use tidegate_sdk::testing::{Host, Metric, Request, endpoint, endpoints};

/// Answers the position that the header `x-to` says, and reports what it saw where.
struct To {
    seen: Vec<String>,
    calls: metrics::Counter,
}

impl Selector for To {
    type Config = NoConfig;

    fn configure(_: NoConfig) -> Result<Self, String> {
        let calls = metrics::Counter::open("calls", "Calls of select.");
        Ok(To {
            seen: vec![request::path()],
            calls,
        })
    }

    fn update(&mut self, endpoints: Vec<Endpoint>) {
        self.seen.push(request::path());
        log::info!("{} endpoints, {} in flight", endpoints.len(), load::total());
    }

    fn select(&mut self, _: &Excluded) -> Option<Choice> {
        self.calls.add(1);
        self.seen.push(request::path());
        let to = String::from_utf8(request::header("x-to")?).ok()?;
        Some(Choice::at(to.parse().ok()?))
    }
}

export!(To);

#[test]
fn the_exchange_is_seen_in_select_alone() {
    let host = Host::new();
    host.request(Request::get("/seen").header("x-to", "1"));
    host.in_flight(&[3, 4]);
    let mut plugin = host.plugin::<To>("{}").unwrap();
    plugin.update(&endpoints(2));
    assert_eq!(plugin.pick(), Some(1));
    assert_eq!(plugin.inner().seen, ["", "", "/seen"]);
    assert_eq!(
        host.lines(),
        [(log::Level::Info, "2 endpoints, 0 in flight".to_owned())]
    );
    assert_eq!(host.metric("calls"), Some(Metric::Counter(1)));
}

#[test]
#[should_panic(expected = "2 is not a position of the list")]
fn an_answer_out_of_range_fails_the_test() {
    let host = Host::new();
    let mut plugin = host.plugin::<To>("{}").unwrap();
    plugin.update(&endpoints(2));
    host.request(Request::get("/").header("x-to", "2"));
    plugin.select();
}

#[test]
#[should_panic(expected = "1 is excluded from this exchange")]
fn an_excluded_answer_fails_the_test() {
    let host = Host::new();
    let mut plugin = host.plugin::<To>("{}").unwrap();
    plugin.update(&endpoints(2));
    host.exclude(&[1]);
    host.request(Request::get("/").header("x-to", "1"));
    plugin.select();
}

#[test]
fn a_counter_is_shared_by_all_who_open_it() {
    let host = Host::new();
    let (one, other) = (state::Counter::open("n"), state::Counter::open("n"));
    assert_eq!((one.add(2), other.add(-5), one.value()), (0, 2, -3));
    assert_eq!(host.counter("n"), Some(-3));
    assert_eq!(host.counter("m"), None);
    state::Counter::open("n").add(i64::MIN);
    assert_eq!(other.value(), i64::MAX - 2, "it wraps");
}

#[test]
fn values_end_with_their_ttl_and_swap_keeps_it() {
    let host = Host::new();
    state::set("k", b"1", Some(Duration::from_secs(10))).unwrap();
    assert!(!state::swap("k", None, b"2"));
    assert!(!state::swap("k", Some(b"2"), b"2"));
    assert!(state::swap("k", Some(b"1"), b"2"));
    host.advance(Duration::from_millis(9_999));
    assert_eq!(state::get("k").as_deref(), Some(&b"2"[..]));
    host.advance(Duration::from_millis(1));
    assert_eq!(state::get("k"), None);
    assert!(state::swap("k", None, b"3"));
    state::delete("k");
    assert_eq!(state::get("k"), None);
}

#[test]
fn a_bucket_refills_and_says_how_long_it_takes() {
    let host = Host::new();
    let bucket = state::Bucket::open("b", 2.0, 3.0);
    assert_eq!(bucket.take("a", 3), Ok(()));
    assert_eq!(bucket.take("b", 1), Ok(()), "keys are apart");
    assert_eq!(bucket.take("a", 1), Err(Duration::from_millis(500)));
    host.advance(Duration::from_millis(500));
    assert_eq!(bucket.take("a", 1), Ok(()));
    assert_eq!(bucket.take("a", 4), Err(Duration::MAX));
}

#[test]
fn a_seed_repeats_and_a_new_host_has_forgotten_everything() {
    let host = Host::new();
    host.seed(7);
    let first = [random::next(), random::next()];
    assert_ne!(first[0], first[1]);
    host.seed(7);
    assert_eq!([random::next(), random::next()], first);
    assert!((0..1000).all(|_| random::below(3) < 3));
    state::set("k", b"1", None).unwrap();
    Host::new();
    assert_eq!(state::get("k"), None);
}

#[test]
fn clocks_move_only_when_told() {
    let host = Host::new();
    let (now, wall) = (clock::now(), clock::wall());
    host.advance(Duration::from_secs(3));
    assert_eq!(
        (clock::now() - now, clock::wall() - wall),
        (Duration::from_secs(3), Duration::from_secs(3))
    );
    host.set_wall(Duration::from_secs(5));
    assert_eq!(clock::wall(), Duration::from_secs(5));
}

#[test]
fn an_endpoint_is_known_by_its_address() {
    assert_eq!(endpoint("a:1").id, endpoint("a:1").id);
    assert_ne!(endpoint("a:1").id, endpoint("a:2").id);
    let labelled = Endpoint {
        labels: vec![("version".to_owned(), "2".to_owned())],
        ..endpoint("a:1")
    };
    assert_eq!(
        (labelled.label("version"), labelled.label("zone")),
        (Some("2"), None)
    );
}
