//! How many connections a listener may have open. It lets in or does not; what a
//! connection that was not let in is told is said in `refusal`.

use crate::telemetry::{self, ListenerSeries};
use std::net::SocketAddr;
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

/// The bound of one listener. A reload changes it in place; those who are inside stay.
pub struct ConnectionLimit {
    listener: SocketAddr,
    max: AtomicU32,
    series: ListenerSeries,
    /// Refused and not in the log yet.
    unreported: AtomicU64,
}

impl ConnectionLimit {
    /// None bounds nothing; zero lets nobody in.
    pub fn new(listener: SocketAddr, max: Option<u32>, series: ListenerSeries) -> Arc<Self> {
        Arc::new(Self {
            listener,
            max: AtomicU32::new(max.unwrap_or(UNBOUNDED)),
            series,
            unreported: AtomicU64::new(0),
        })
    }

    /// Another bound, for those who come from now on.
    pub fn resize(&self, max: Option<u32>) {
        self.max.store(max.unwrap_or(UNBOUNDED), Relaxed);
    }

    /// A place for a connection, until the answer is dropped; none when all are taken.
    ///
    /// What is open is counted in one place, the metrics, where connections that
    /// outlived their listener are still found when it comes back. To look and to enter
    /// are two steps: only the task that accepts on the listener may call this.
    pub fn enter(&self) -> Option<telemetry::Connection> {
        let max = self.max.load(Relaxed);
        let room = max == UNBOUNDED || self.series.open() < i64::from(max);
        room.then(|| self.series.connection())
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
            max_connections = self.max.load(Relaxed),
            "too many connections; new ones are refused"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Metrics;
    use parking_lot::Mutex;
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
        let address = SocketAddr::from(([127, 0, 0, 1], 80));
        ConnectionLimit::new(address, max, Metrics::new("test").listener("a"))
    }

    #[test]
    fn a_place_is_free_again_when_it_is_given_back() {
        let limit = limit(Some(1));
        let place = limit.enter().expect("the first");
        assert!(limit.enter().is_none());
        drop(place);
        assert!(limit.enter().is_some());
    }

    #[test]
    fn zero_lets_nobody_in_and_none_bounds_nothing() {
        assert!(limit(Some(0)).enter().is_none());
        let limit = limit(None);
        let places: Vec<_> = (0..1_000).map_while(|_| limit.enter()).collect();
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
