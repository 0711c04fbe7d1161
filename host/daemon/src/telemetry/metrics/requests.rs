//! Finished requests: `lb_requests_total` and `lb_request_duration_seconds`.
//!
//! The label set of a request is known only at its end: its method, its status, its
//! route, and the endpoint that answered. So counters are found then, without text
//! and without a lock that requests share: each endpoint has a table, sorted by a
//! number made of route, method and status, that readers load as it is and that is
//! replaced as a whole when a new combination turns up. What the host answers itself
//! is in a table of the route. A counter lives while its route and its endpoint do.
//!
//! The table of an endpoint is bounded: ten methods, 502 values of status, and the
//! routes that lead to it.

use super::endpoints::{Endpoint, EndpointSeries};
use super::exposition::Page;
use super::histogram::Durations;
use super::labels::{Label, Method};
use super::names;
use super::series::{Key, Living};
use super::value::Counter;
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// What is counted of one route to one upstream.
pub(super) struct Route {
    /// Never used twice in one process.
    id: u64,
    labels: Key<2>,
    duration: Durations,
    answered_by_host: Table,
}

impl Route {
    pub(super) fn new(id: u64, labels: &Key<2>) -> Self {
        Self {
            id,
            labels: labels.clone(),
            duration: Durations::new(names::REQUEST_BUCKETS),
            answered_by_host: Table::default(),
        }
    }
}

/// One route to one upstream.
#[derive(Clone)]
pub struct RouteSeries(pub(super) Arc<Route>);

impl RouteSeries {
    /// Counts a finished request.
    ///
    /// `endpoint` is the one whose response went to the client, none when the host
    /// answered; `status` is none when the client left before it had one. About
    /// 30 ns, without an allocation, once a combination of method and status has
    /// been seen.
    pub fn observe(
        &self,
        endpoint: Option<&EndpointSeries>,
        method: &http::Method,
        status: Option<u16>,
        took: Duration,
    ) {
        let table = endpoint.map_or(&self.0.answered_by_host, |series| &series.0.requests);
        table.count(&self.0, Method::from(method), Status::of(status));
        self.0.duration.observe(took);
    }
}

/// A status as a label: 100 to 599 as they are, all others together, and none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Status(u16);

impl Status {
    const NONE: Self = Self(0);
    const OTHER: Self = Self(1);

    fn of(status: Option<u16>) -> Self {
        match status {
            None => Self::NONE,
            Some(status @ 100..=599) => Self(status),
            Some(_) => Self::OTHER,
        }
    }

    fn word(self) -> String {
        match self {
            Self::NONE => "none".into(),
            Self::OTHER => "other".into(),
            Self(status) => status.to_string(),
        }
    }
}

/// Counters by route, method and status, sorted.
#[derive(Default)]
pub(super) struct Table {
    entries: ArcSwap<Vec<Entry>>,
    /// Held to add an entry; readers do not wait for it.
    adding: Mutex<()>,
}

#[derive(Clone)]
struct Entry {
    key: u64,
    route: Weak<Route>,
    method: Method,
    status: Status,
    count: Arc<Counter>,
}

impl Table {
    fn count(&self, route: &Arc<Route>, method: Method, status: Status) {
        let key = (route.id << 14) | ((method.position() as u64) << 10) | u64::from(status.0);
        let entries = self.entries.load();
        match entries.binary_search_by_key(&key, |entry| entry.key) {
            Ok(found) => entries[found].count.inc(),
            Err(_) => self.count_new(key, route, method, status),
        }
    }

    #[cold]
    fn count_new(&self, key: u64, route: &Arc<Route>, method: Method, status: Status) {
        let _adding = self.adding.lock();
        // Entries of routes that are gone go too: their ids never come back.
        let mut entries = Vec::clone(&self.entries.load());
        entries.retain(|entry| entry.route.strong_count() > 0);
        match entries.binary_search_by_key(&key, |entry| entry.key) {
            // Another thread added it since.
            Ok(found) => entries[found].count.inc(),
            Err(place) => {
                let count = Arc::new(Counter::default());
                count.inc();
                let route = Arc::downgrade(route);
                entries.insert(
                    place,
                    Entry {
                        key,
                        route,
                        method,
                        status,
                        count,
                    },
                );
                self.entries.store(Arc::new(entries));
            }
        }
    }
}

/// Writes both families.
pub(super) fn write(page: &mut Page, routes: &Living<Route, 2>, endpoints: &Living<Endpoint, 2>) {
    let routes = routes.all();
    page.family(&names::REQUESTS, |family| {
        let mut table = |backend: &str, table: &Table| {
            for entry in table.entries.load().iter() {
                if let Some(route) = entry.route.upgrade() {
                    let [upstream, name] = &route.labels;
                    let status = entry.status.word();
                    let labels = [entry.method.word(), &status, backend, upstream, name];
                    family.add(&labels, &*entry.count);
                }
            }
        };
        routes
            .iter()
            .for_each(|(_, route)| table("", &route.answered_by_host));
        for ([_, backend], endpoint) in endpoints.all() {
            table(&backend, &endpoint.requests);
        }
    });
    page.family(&names::REQUEST_DURATION, |family| {
        for ([upstream, name], route) in &routes {
            family.add(&[upstream, name], &route.duration);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::Metrics;
    use super::*;
    use http::Method;

    const TOOK: Duration = Duration::from_millis(3);

    fn requests(metrics: &Metrics) -> Vec<String> {
        let page = metrics.render();
        let lines = page
            .lines()
            .filter(|line| line.starts_with("lb_requests_total{"));
        lines.map(str::to_owned).collect()
    }

    #[test]
    fn a_request_is_counted_under_all_of_its_labels() {
        let metrics = Metrics::new("1");
        let (route, endpoint) = (
            metrics.route("web", "api"),
            metrics.endpoint("web", "10.0.0.1:80"),
        );
        route.observe(Some(&endpoint), &Method::GET, Some(200), TOOK);
        route.observe(Some(&endpoint), &Method::GET, Some(200), TOOK);
        route.observe(None, &Method::POST, Some(503), TOOK);
        assert_eq!(
            requests(&metrics),
            [
                r#"lb_requests_total{method="POST",status="503",backend="",upstream="web",route="api"} 1"#,
                r#"lb_requests_total{method="GET",status="200",backend="10.0.0.1:80",upstream="web",route="api"} 2"#,
            ]
        );
        let duration = r#"lb_request_duration_seconds_count{upstream="web",route="api"} 3"#;
        assert!(metrics.render().contains(duration));
    }

    #[test]
    fn clients_and_endpoints_cannot_invent_values() {
        let metrics = Metrics::new("1");
        let route = metrics.route("web", "api");
        for n in 0..50 {
            let method = Method::from_bytes(format!("BREW{n}").as_bytes()).unwrap();
            route.observe(None, &method, Some(600 + n), TOOK);
            route.observe(None, &method, None, TOOK);
        }
        let lines = requests(&metrics);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].contains(r#"method="other",status="none""#) && lines[0].ends_with(" 50"));
        assert!(lines[1].contains(r#"method="other",status="other""#) && lines[1].ends_with(" 50"));
    }

    #[test]
    fn counts_outlive_a_reload_and_end_with_their_endpoint_or_route() {
        let metrics = Metrics::new("1");
        let (route, endpoint) = (metrics.route("web", "api"), metrics.endpoint("web", "a"));
        // The next snapshot is compiled before the old one's last exchange ends.
        let (next_route, next_endpoint) =
            (metrics.route("web", "api"), metrics.endpoint("web", "a"));
        route.observe(Some(&endpoint), &Method::GET, Some(200), TOOK);
        drop((route, endpoint));
        next_route.observe(Some(&next_endpoint), &Method::GET, Some(200), TOOK);
        assert!(requests(&metrics)[0].ends_with(" 2"));

        // The route leaves; the endpoint stays, and another route leads to it.
        drop(next_route);
        assert_eq!(requests(&metrics), [""; 0]);
        let other = metrics.route("web", "other");
        other.observe(Some(&next_endpoint), &Method::GET, Some(200), TOOK);
        assert_eq!(
            next_endpoint.0.requests.entries.load().len(),
            1,
            "the dead entry is swept"
        );
        assert!(requests(&metrics)[0].contains(r#"route="other"} 1"#));

        drop(next_endpoint);
        assert_eq!(requests(&metrics), [""; 0]);
    }

    #[test]
    fn threads_that_meet_a_new_combination_together_lose_nothing() {
        let metrics = Metrics::new("1");
        let (route, endpoint) = (metrics.route("web", "api"), metrics.endpoint("web", "a"));
        let barrier = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for status in 200..400 {
                        barrier.wait();
                        route.observe(Some(&endpoint), &Method::GET, Some(status), TOOK);
                    }
                });
            }
        });
        let lines = requests(&metrics);
        assert_eq!(lines.len(), 200);
        assert!(lines.iter().all(|line| line.ends_with(" 4")), "{lines:?}");
    }
}
