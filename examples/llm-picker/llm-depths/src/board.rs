//! The last report of each endpoint, in one value of `state`: all threads write it, and a list of
//! keys cannot be asked for.
//!
//! One entry for each endpoint, `10.0.0.1:8001=12~7@93812`: depth, number of the report, and when it
//! came, in milliseconds of the host's clock.

use std::fmt::Write;
use std::time::Duration;

use reports::Report;
use tidegate_sdk::{clock, state};

const KEY: &str = "board";

/// Entries of a board. More than fit into the attribute are of no use.
const MOST_ENTRIES: usize = 320;

/// How often a report is tried to be written when other threads write too. One that is lost is no
/// loss: the next response brings another.
const TRIES: u32 = 4;

/// Keeps a report of the endpoint at that address. False when it was lost.
pub fn keep(address: &str, depth: u32, ttl: Duration) -> bool {
    let now = clock::now();
    (0..TRIES).any(|_| {
        let before = state::get(KEY);
        let mut board = Board::read(before.as_deref().unwrap_or_default());
        board.forget(now, ttl);
        board.report(address, depth, now);
        state::swap(KEY, before.as_deref(), board.write().as_bytes())
    })
}

/// The attribute with all reports that are young enough, the youngest first.
pub fn attribute(ttl: Duration) -> String {
    let text = state::get(KEY).unwrap_or_default();
    let mut board = Board::read(&text);
    board.forget(clock::now(), ttl);
    let entries = board.0.iter().rev();
    reports::write(entries.map(|entry| (entry.address, entry.report)))
}

/// In the order of time, the oldest first.
struct Board<'a>(Vec<Entry<'a>>);

struct Entry<'a> {
    address: &'a str,
    report: Report,
    at: u64,
}

impl<'a> Board<'a> {
    fn read(text: &'a [u8]) -> Self {
        let text = str::from_utf8(text).unwrap_or_default();
        let entries = text.split(' ').filter_map(|entry| {
            let (entry, at) = entry.rsplit_once('@')?;
            let (address, report) = reports::read(entry).next()?;
            let at = at.parse().ok()?;
            Some(Entry {
                address,
                report,
                at,
            })
        });
        Board(entries.collect())
    }

    fn write(&self) -> String {
        let mut text = String::with_capacity(32 * self.0.len());
        for Entry {
            address,
            report: Report { depth, number },
            at,
        } in &self.0
        {
            // Writing to a string cannot fail.
            let _ = write!(text, "{address}={depth}~{number}@{at} ");
        }
        text
    }

    fn forget(&mut self, now: Duration, ttl: Duration) {
        let now = now.as_millis() as u64;
        let ttl = ttl.as_millis() as u64;
        self.0.retain(|entry| now.saturating_sub(entry.at) < ttl);
    }

    fn report(&mut self, address: &'a str, depth: u32, now: Duration) {
        let at = now.as_millis() as u64;
        let number = match self.0.iter().position(|entry| entry.address == address) {
            Some(known) => self.0.remove(known).report.number.wrapping_add(1),
            None => at as u8,
        };
        if self.0.len() >= MOST_ENTRIES {
            self.0.remove(0);
        }
        self.0.push(Entry {
            address,
            report: Report { depth, number },
            at,
        });
    }
}

#[cfg(test)]
mod tests {
    use tidegate_sdk::testing::Host;

    use super::*;

    const TTL: Duration = Duration::from_secs(10);

    #[test]
    fn the_youngest_report_of_each_counts() {
        let host = Host::new();
        assert_eq!(attribute(TTL), "");
        assert!(keep("a:1", 5, TTL) && keep("b:1", 6, TTL));
        host.advance(Duration::from_secs(1));
        assert!(keep("a:1", 7, TTL));
        let text = attribute(TTL);
        let read: Vec<(&str, u32)> = reports::read(&text)
            .map(|(address, report)| (address, report.depth))
            .collect();
        assert_eq!(read, [("a:1", 7), ("b:1", 6)]);
    }

    #[test]
    fn a_report_ends_and_an_equal_one_has_another_number() {
        let host = Host::new();
        keep("a:1", 5, TTL);
        let first = attribute(TTL);
        keep("a:1", 5, TTL);
        assert_ne!(attribute(TTL), first);
        host.advance(TTL);
        assert_eq!(attribute(TTL), "");
    }

    #[test]
    fn a_board_is_full_some_day_and_forgets_the_oldest() {
        let host = Host::new();
        for i in 0..MOST_ENTRIES + 9 {
            host.advance(Duration::from_millis(1));
            assert!(keep(&format!("10.0.0.1:{i}"), 1, TTL));
        }
        let board = state::get(KEY).unwrap();
        let board = Board::read(&board);
        assert_eq!(board.0.len(), MOST_ENTRIES);
        assert_eq!(board.0[0].address, "10.0.0.1:9");
        assert!(attribute(TTL).len() <= reports::MOST_BYTES);
    }

    #[test]
    fn what_another_version_wrote_is_no_harm() {
        let _host = Host::new();
        state::set(KEY, b"\xff 1 2 a=1 a=1~1@x", None).unwrap();
        assert_eq!(attribute(TTL), "");
        assert!(keep("a:1", 5, TTL));
    }
}
