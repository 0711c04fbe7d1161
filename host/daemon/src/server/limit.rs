//! How many connections a listener may have open. It lets in or does not; what a
//! connection that was not let in is told is said in `refusal`.

use crate::telemetry::{self, ListenerSeries};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{AcqRel, Relaxed},
};
use std::time::Duration;

/// More connections than a process can have.
const UNBOUNDED: u32 = u32::MAX;
/// From one line of the log about connections that were refused to the next.
const LINE_EVERY: Duration = Duration::from_secs(1);

/// The bounds of one listener. A reload changes them in place; those who are inside stay.
pub struct ConnectionLimit {
    listener: SocketAddr,
    max: AtomicU32,
    max_per_client: AtomicU32,
    /// Connections of each client, while there is a bound for them.
    clients: Mutex<HashMap<IpAddr, u32>>,
    series: ListenerSeries,
    /// Refused and not in the log yet.
    unreported: AtomicU64,
}

impl ConnectionLimit {
    /// None bounds nothing; zero lets nobody in.
    pub fn new(
        listener: SocketAddr,
        max: Option<u32>,
        max_per_client: Option<u32>,
        series: ListenerSeries,
    ) -> Arc<Self> {
        Arc::new(Self {
            listener,
            max: AtomicU32::new(max.unwrap_or(UNBOUNDED)),
            max_per_client: AtomicU32::new(max_per_client.unwrap_or(UNBOUNDED)),
            clients: Mutex::default(),
            series,
            unreported: AtomicU64::new(0),
        })
    }

    /// Other bounds, for those who come from now on.
    pub fn resize(&self, max: Option<u32>, max_per_client: Option<u32>) {
        self.max.store(max.unwrap_or(UNBOUNDED), Relaxed);
        let max_per_client = max_per_client.unwrap_or(UNBOUNDED);
        self.max_per_client.store(max_per_client, Relaxed);
    }

    /// A place for a connection of that client, until the answer is dropped; none when all are
    /// taken, or all that this client may have.
    ///
    /// What is open is counted in one place, the metrics, where connections that
    /// outlived their listener are still found when it comes back. To look and to enter
    /// are two steps: only the task that accepts on the listener may call this.
    pub fn enter(self: &Arc<Self>, client: IpAddr) -> Option<Place> {
        let max = self.max.load(Relaxed);
        if max != UNBOUNDED && self.series.open() >= i64::from(max) {
            return None;
        }
        let max_per_client = self.max_per_client.load(Relaxed);
        let client = (max_per_client != UNBOUNDED).then_some(client.to_canonical());
        if let Some(client) = client {
            let mut clients = self.clients.lock();
            let open = clients.entry(client).or_default();
            if *open >= max_per_client {
                return None;
            }
            *open += 1;
        }
        Some(Place {
            _counted: self.series.connection(),
            of: client.map(|client| (self.clone(), client)),
        })
    }

    /// Counts a connection that found no room, and tells the log: one line a second at
    /// most, with the number since the line before it.
    pub fn count_refused(self: &Arc<Self>) {
        self.series.refused();
        if self.unreported.fetch_add(1, AcqRel) == 0 {
            let limit = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(LINE_EVERY).await;
                limit.report();
            });
        }
    }

    fn report(&self) {
        tracing::warn!(
            listener = %self.listener,
            refused = self.unreported.swap(0, AcqRel),
            open = self.series.open(),
            max_connections = bound(&self.max),
            max_connections_per_client = bound(&self.max_per_client),
            "too many connections; new ones are refused"
        );
    }
}

fn bound(max: &AtomicU32) -> Option<u32> {
    Some(max.load(Relaxed)).filter(|max| *max != UNBOUNDED)
}

/// A place that a connection has.
pub struct Place {
    _counted: telemetry::Connection,
    of: Option<(Arc<ConnectionLimit>, IpAddr)>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((limit, client)) = &self.of else {
            return;
        };
        let mut clients = limit.clients.lock();
        if let Some(open) = clients.get_mut(client) {
            *open -= 1;
            if *open == 0 {
                clients.remove(client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Metrics;
    use std::io;

    /// Keeps what is logged.
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Page {
        fn lines(&self) -> Vec<String> {
            let text = String::from_utf8(self.0.lock().clone()).unwrap();
            text.lines().map(str::to_owned).collect()
        }
    }

    fn limit(max: Option<u32>) -> Arc<ConnectionLimit> {
        limits(max, None)
    }

    fn limits(max: Option<u32>, max_per_client: Option<u32>) -> Arc<ConnectionLimit> {
        let address = SocketAddr::from(([127, 0, 0, 1], 80));
        let series = Metrics::new("test").listener("a");
        ConnectionLimit::new(address, max, max_per_client, series)
    }

    fn client(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn one_client_does_not_take_the_places_of_others() {
        let limit = limits(None, Some(2));
        let (first, _second) = (limit.enter(client(1)), limit.enter(client(1)));
        assert!(first.is_some() && limit.enter(client(1)).is_none());
        assert!(limit.enter(client(2)).is_some());
        let mapped = "::ffff:10.0.0.1".parse().unwrap();
        assert!(
            limit.enter(mapped).is_none(),
            "the same one in another form"
        );
        drop(first);
        assert!(limit.enter(client(1)).is_some());
        assert_eq!(limit.clients.lock().len(), 1, "who left is forgotten");
    }

    #[test]
    fn a_place_is_free_again_when_it_is_given_back() {
        let limit = limit(Some(1));
        let place = limit.enter(client(1)).expect("the first");
        assert!(limit.enter(client(1)).is_none());
        drop(place);
        assert!(limit.enter(client(1)).is_some());
    }

    #[test]
    fn zero_lets_nobody_in_and_none_bounds_nothing() {
        assert!(limit(Some(0)).enter(client(1)).is_none());
        let limit = limit(None);
        let places: Vec<_> = (0..1_000).map_while(|_| limit.enter(client(1))).collect();
        assert_eq!(places.len(), 1_000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_one_line_a_second_and_no_refusal_is_lost() {
        let page = Page::default();
        let writer = page.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false);
        let subscriber = subscriber.with_writer(move || writer.clone()).finish();
        let _logging = tracing::subscriber::set_default(subscriber);

        let limit = limit(Some(0));
        for _ in 0..1_000 {
            limit.count_refused();
        }
        tokio::time::sleep(LINE_EVERY * 10).await;
        limit.count_refused();
        tokio::time::sleep(LINE_EVERY * 10).await;
        let lines = page.lines();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].contains(" WARN ") && lines[0].contains("refused=1000"));
        assert!(lines[1].contains("refused=1 "), "{lines:?}");
    }
}
