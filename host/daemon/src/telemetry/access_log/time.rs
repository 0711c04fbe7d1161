//! Times as RFC 3339 writes them: UTC, with milliseconds.

use super::escape::padded;
use std::time::{SystemTime, UNIX_EPOCH};

/// Writes times; the date and the time of day are made once a second.
#[derive(Debug, Default)]
pub(super) struct Clock {
    second: u64,
    text: Vec<u8>,
}

impl Clock {
    /// Writes `2026-02-28T23:59:59.007Z`. Times before 1970 are shown as 1970.
    pub(super) fn write(&mut self, time: SystemTime, line: &mut Vec<u8>) {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        if self.text.is_empty() || self.second != since.as_secs() {
            self.second = since.as_secs();
            self.text.clear();
            write_second(self.second, &mut self.text);
        }
        line.extend_from_slice(&self.text);
        padded(u64::from(since.subsec_millis()), 3, line);
        line.push(b'Z');
    }
}

fn write_second(second: u64, text: &mut Vec<u8>) {
    let (year, month, day) = civil(second / 86_400);
    let of_day = second % 86_400;
    let parts = [
        (year, 4, b'-'),
        (month, 2, b'-'),
        (day, 2, b'T'),
        (of_day / 3600, 2, b':'),
        (of_day / 60 % 60, 2, b':'),
        (of_day % 60, 2, b'.'),
    ];
    for (n, width, end) in parts {
        padded(n, width, text);
        text.push(end);
    }
}

/// Year, month and day of a day since 1970-01-01, in the Gregorian calendar.
///
/// The idea is Howard Hinnant's ("chrono-Compatible Low-Level Date Algorithms",
/// `civil_from_days`): count years from March, so that the leap day is the last of
/// its year and the lengths of months follow one linear formula.
fn civil(days: u64) -> (u64, u64, u64) {
    // From 0000-03-01, in eras of 400 years, which all have the same days.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn shown(clock: &mut Clock, millis: u64) -> String {
        let mut line = Vec::new();
        clock.write(UNIX_EPOCH + Duration::from_millis(millis), &mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn known_times_are_shown_as_others_show_them() {
        let mut clock = Clock::default();
        for (millis, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_001, "2000-02-29T00:00:00.001Z"),
            (1_772_323_199_007, "2026-02-28T23:59:59.007Z"),
            (1_772_323_199_999, "2026-02-28T23:59:59.999Z"),
            (1_772_323_200_000, "2026-03-01T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(shown(&mut clock, millis), expected);
        }
    }

    #[test]
    fn every_day_of_eight_centuries_follows_the_one_before() {
        let leap = |year: u64| {
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
        };
        let mut expected = (1970, 1, 1);
        for days in 0..365 * 800 {
            assert_eq!(civil(days), expected);
            let (year, month, day) = expected;
            let length = match month {
                2 => 28 + u64::from(leap(year)),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            expected = match (day == length, month == 12) {
                (false, _) => (year, month, day + 1),
                (true, false) => (year, month + 1, 1),
                (true, true) => (year + 1, 1, 1),
            };
        }
    }

    #[test]
    fn a_time_before_the_epoch_does_no_harm() {
        let mut line = Vec::new();
        Clock::default().write(UNIX_EPOCH - Duration::from_secs(1), &mut line);
        assert_eq!(line, b"1970-01-01T00:00:00.000Z");
    }
}
