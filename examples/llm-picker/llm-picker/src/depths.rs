//! How much each endpoint has to do, as far as one can know.
//!
//! A report is true for the moment in which it was made. What this proxy has sent there since, less
//! what has come back, is the difference of the requests in flight; so the depth now is the reported
//! one and that difference. What other proxies have sent since nobody here knows.
//!
//! Memory is a cache: each thread notes the requests in flight when it first sees a report, which is
//! a little later than it was made, and a new instance begins anew.

use std::collections::BTreeMap;

use reports::Report;
use tidegate_sdk::Endpoint;

#[derive(Default)]
pub struct Depths {
    positions: BTreeMap<String, usize>,
    seen: Vec<Option<Seen>>,
    /// The text that `seen` is about: most requests bring the one before.
    text: String,
}

#[derive(Clone, Copy)]
struct Seen {
    report: Report,
    in_flight: u32,
}

impl Depths {
    pub fn new(endpoints: &[Endpoint]) -> Self {
        let addresses = endpoints.iter().map(|endpoint| endpoint.address.clone());
        Depths {
            positions: addresses.zip(0..).collect(),
            seen: vec![None; endpoints.len()],
            text: String::new(),
        }
    }

    /// Takes the reports that came with a request. Who is not named is unknown from now on.
    pub fn hear(&mut self, text: &str, in_flight: &[u32]) {
        if self.text == text {
            return;
        }
        let mut seen = vec![None; self.seen.len()];
        for (address, report) in reports::read(text) {
            let Some(&position) = self.positions.get(address) else {
                continue;
            };
            let known = self.seen[position].filter(|seen| seen.report == report);
            seen[position] = known.or(Some(Seen {
                report,
                in_flight: at(in_flight, position),
            }));
        }
        self.seen = seen;
        text.clone_into(&mut self.text);
    }

    /// The depth at a position now. An endpoint that nothing is known of has what this proxy has
    /// sent it: it looks better than it may be, is tried, and reports.
    pub fn now(&self, position: usize, in_flight: &[u32]) -> u32 {
        let in_flight = at(in_flight, position);
        match self.seen.get(position).copied().flatten() {
            Some(seen) => {
                (seen.report.depth.saturating_add(in_flight)).saturating_sub(seen.in_flight)
            }
            None => in_flight,
        }
    }
}

fn at(column: &[u32], position: usize) -> u32 {
    column.get(position).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use tidegate_sdk::testing::endpoint;

    use super::*;

    fn two() -> Depths {
        Depths::new(&[endpoint("a:1"), endpoint("b:1")])
    }

    #[test]
    fn a_report_counts_with_what_was_sent_and_came_back_since() {
        let mut depths = two();
        depths.hear("a:1=10~1", &[4, 0]);
        assert_eq!(depths.now(0, &[4, 0]), 10);
        assert_eq!(depths.now(0, &[7, 0]), 13);
        assert_eq!(depths.now(0, &[1, 0]), 7);
        depths.hear("a:1=10~1 b:1=3~1", &[7, 2]);
        assert_eq!(depths.now(0, &[7, 2]), 13, "the report is the same one");
        depths.hear("a:1=10~2 b:1=3~1", &[7, 2]);
        assert_eq!(depths.now(0, &[7, 2]), 10, "it is a new one");
    }

    #[test]
    fn who_is_unknown_has_what_was_sent() {
        let mut depths = two();
        assert_eq!(depths.now(0, &[3]), 3);
        depths.hear("a:1=10~1", &[3, 0]);
        depths.hear("", &[3, 0]);
        assert_eq!(depths.now(0, &[3, 0]), 3, "the report has ended");
        depths.hear("c:1=5~1", &[]);
        assert_eq!(depths.now(1, &[]), 0);
        assert_eq!(depths.now(9, &[]), 0, "no such position");
    }

    #[test]
    fn no_number_is_too_large_or_too_small() {
        let mut depths = two();
        depths.hear("a:1=9999~1 b:1=0~1", &[0, u32::MAX]);
        assert_eq!(depths.now(0, &[u32::MAX, 0]), u32::MAX);
        assert_eq!(depths.now(1, &[0, 0]), 0);
    }
}
