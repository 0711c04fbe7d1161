//! What is known of one name, and what an answer changes in it. Pure.
//!
//! An upstream must not vanish because a zone was emptied by mistake or a server fell
//! ill. So an answer without any address changes nothing, be it a failure, "no such
//! name" or "no records": all count as a failure to resolve. When one family answers
//! with addresses, the name is alive, and then the other family is believed when it says
//! that it has none; when it fails, it keeps what it had.

use super::answer::{Answer, Found};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Addresses of one name that are used; the others are ignored.
pub const MOST: usize = 256;

/// What is known of one name.
#[derive(Debug)]
pub struct Known {
    v4: Vec<IpAddr>,
    v6: Vec<IpAddr>,
    addresses: Arc<[IpAddr]>,
    failure: Option<String>,
    failures: u32,
    crowded: bool,
}

/// What there is to tell after an answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct News {
    /// How long the answer lives, if it has addresses.
    pub ttl: Option<Duration>,
    /// Addresses that came, sorted.
    pub added: Vec<IpAddr>,
    /// Addresses that went, sorted.
    pub removed: Vec<IpAddr>,
    /// It fails, and did not before: the cause.
    pub failing: Option<String>,
    /// It does not fail any more.
    pub recovered: bool,
    /// It has so many addresses more than are used, and had not before.
    pub ignored: Option<usize>,
}

impl News {
    /// Whether the addresses are others than before.
    pub fn changed(&self) -> bool {
        !self.added.is_empty() || !self.removed.is_empty()
    }
}

impl Known {
    /// Nothing is known.
    pub fn new() -> Self {
        Self {
            v4: Vec::new(),
            v6: Vec::new(),
            addresses: Arc::new([]),
            failure: None,
            failures: 0,
            crowded: false,
        }
    }

    /// Sorted, each once; empty before the first answer that has any.
    pub fn addresses(&self) -> &Arc<[IpAddr]> {
        &self.addresses
    }

    /// Why the last look-up failed, if it did.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Look-ups that have failed in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Takes in what a look-up has brought.
    pub fn learn(&mut self, answer: Answer) -> News {
        let mut news = News::default();
        let alive = answer.has_addresses();
        let mut causes: Vec<String> = Vec::new();
        for (known, found) in [(&mut self.v4, answer.v4), (&mut self.v6, answer.v6)] {
            match found {
                Some(Found::Addresses(mut addresses, ttl)) => {
                    addresses.sort_unstable();
                    addresses.dedup();
                    *known = addresses;
                    news.ttl = Some(news.ttl.map_or(ttl, |other| other.min(ttl)));
                }
                Some(Found::Nothing(_)) if alive => known.clear(),
                Some(Found::Nothing(cause) | Found::Failed(cause)) if !causes.contains(&cause) => {
                    causes.push(cause)
                }
                _ => {}
            }
        }
        if alive {
            self.merge(&mut news);
        }
        self.count(causes, &mut news);
        news
    }

    /// Makes one list of the families, and tells what is different.
    fn merge(&mut self, news: &mut News) {
        // Sorted and without duplicates, as both families are.
        let mut merged: Vec<IpAddr> = self.v4.iter().chain(&self.v6).copied().collect();
        let ignored = merged.len().saturating_sub(MOST);
        news.ignored = (ignored > 0 && !self.crowded).then_some(ignored);
        self.crowded = ignored > 0;
        merged.truncate(MOST);
        self.v4.truncate(MOST);
        self.v6.truncate(MOST);
        let without = |list: &[IpAddr], other: &[IpAddr]| {
            let missing = |address: &&IpAddr| other.binary_search(address).is_err();
            list.iter().filter(missing).copied().collect()
        };
        news.added = without(&merged, &self.addresses);
        news.removed = without(&self.addresses, &merged);
        if news.changed() {
            self.addresses = merged.into();
        }
    }

    /// Keeps count of the failures in a row.
    fn count(&mut self, causes: Vec<String>, news: &mut News) {
        if causes.is_empty() {
            news.recovered = self.failures > 0;
            self.failures = 0;
            self.failure = None;
            return;
        }
        let cause = causes.join("; ");
        news.failing = (self.failures == 0).then(|| cause.clone());
        self.failures = self.failures.saturating_add(1);
        self.failure = Some(cause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(30);

    fn list(addresses: &[&str]) -> Vec<IpAddr> {
        addresses.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn some(addresses: &[&str]) -> Option<Found> {
        Some(Found::Addresses(list(addresses), TTL))
    }

    fn nothing() -> Option<Found> {
        Some(Found::Nothing("nothing there".into()))
    }

    fn failed(cause: &str) -> Option<Found> {
        Some(Found::Failed(cause.into()))
    }

    fn answer(v4: Option<Found>, v6: Option<Found>) -> Answer {
        Answer { v4, v6 }
    }

    /// A name that has resolved to two addresses, one of each family.
    fn both() -> Known {
        let mut known = Known::new();
        known.learn(answer(some(&["10.0.0.1"]), some(&["::1"])));
        known
    }

    #[test]
    fn addresses_are_sorted_and_each_is_there_once() {
        let mut known = Known::new();
        let news = known.learn(answer(
            some(&["10.0.0.3", "10.0.0.1", "10.0.0.3"]),
            some(&["::2", "::1"]),
        ));
        let sorted = list(&["10.0.0.1", "10.0.0.3", "::1", "::2"]);
        assert_eq!(known.addresses()[..], sorted);
        assert_eq!((news.added, news.ttl), (sorted, Some(TTL)));
        let again = known.learn(answer(
            some(&["10.0.0.1", "10.0.0.3"]),
            some(&["::1", "::2"]),
        ));
        assert!(!again.changed(), "the order of an answer is no change");
    }

    #[test]
    fn a_change_tells_what_came_and_what_went() {
        let mut known = both();
        let news = known.learn(answer(some(&["10.0.0.2"]), some(&["::1"])));
        assert_eq!(news.added, list(&["10.0.0.2"]));
        assert_eq!(news.removed, list(&["10.0.0.1"]));
    }

    #[test]
    fn an_answer_without_addresses_changes_nothing() {
        let bad = [
            answer(nothing(), nothing()),
            answer(failed("broken"), failed("broken")),
            answer(nothing(), failed("broken")),
            answer(failed("broken"), nothing()),
        ];
        for answer in bad {
            let mut known = both();
            let news = known.learn(answer);
            assert!(!news.changed() && news.failing.is_some());
            assert_eq!(known.addresses()[..], list(&["10.0.0.1", "::1"]));
        }
    }

    #[test]
    fn a_family_that_fails_keeps_what_it_had_and_one_that_is_empty_does_not() {
        let mut known = both();
        known.learn(answer(some(&["10.0.0.2"]), failed("broken")));
        assert_eq!(known.addresses()[..], list(&["10.0.0.2", "::1"]));
        assert_eq!(known.failure(), Some("broken"));
        known.learn(answer(some(&["10.0.0.2"]), nothing()));
        assert_eq!(known.addresses()[..], list(&["10.0.0.2"]));
        assert_eq!(known.failure(), None, "no records is an answer here");
    }

    #[test]
    fn a_row_of_failures_is_told_once_at_each_end() {
        let mut known = Known::new();
        let bad = |cause| answer(failed(cause), failed(cause));
        assert_eq!(known.learn(bad("one")).failing.as_deref(), Some("one"));
        assert_eq!(known.learn(bad("two")), News::default());
        assert_eq!((known.failures(), known.failure()), (2, Some("two")));
        assert!(known.addresses().is_empty());
        let good = || answer(some(&["10.0.0.1"]), nothing());
        assert!(known.learn(good()).recovered);
        assert!(!known.learn(good()).recovered);
        assert_eq!((known.failures(), known.failure()), (0, None));
    }

    #[test]
    fn too_many_addresses_are_cut_the_same_way_each_time() {
        let all: Vec<IpAddr> = (0..300u32)
            .map(|n| IpAddr::V4((0x0a00_0000 + n).into()))
            .collect();
        let many = |addresses: Vec<IpAddr>| Some(Found::Addresses(addresses, TTL));
        let mut known = Known::new();
        let reversed = all.iter().rev().copied().collect();
        let news = known.learn(answer(many(reversed), some(&["::1"])));
        assert_eq!(news.ignored, Some(45));
        assert_eq!(known.addresses()[..], all[..MOST]);
        let again = known.learn(answer(many(all.clone()), some(&["::1"])));
        assert!(!again.changed() && again.ignored.is_none(), "told once");
        known.learn(answer(some(&["10.0.0.1"]), nothing()));
        assert!(known.learn(answer(many(all), None)).ignored.is_some());
    }
}
