//! What the filter `llm-depths` tells the selector `llm-picker`, by two attributes of the exchange.
//!
//! Attributes are the only way from a filter to a selector, and all of an exchange have 8 KiB
//! together. So the text is short, one entry for each endpoint, `10.0.0.1:8001=12~7`, with a space
//! between two, and it is cut at [`MOST_BYTES`] so that the filters of others have room too.

/// The attribute with the reports.
pub const DEPTHS: &str = "llm-depths";

/// The attribute with the hash of the prefix, in hexadecimal digits.
pub const PREFIX: &str = "llm-prefix";

/// Bytes of the longest text: about 300 endpoints at addresses such as `10.0.0.1:8001`.
pub const MOST_BYTES: usize = 6 << 10;

/// Deeper is as bad as this. An endpoint may say what it likes, so numbers have an end.
pub const MOST_DEPTH: u32 = 9_999;

/// What an endpoint said of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Requests in its queue, at most [`MOST_DEPTH`].
    pub depth: u32,
    /// Tells a report from the one before it, also when both say the same. Wraps.
    pub number: u8,
}

/// The text of the attribute. What does not fit is left out: put first what matters most.
pub fn write<'a>(reports: impl Iterator<Item = (&'a str, Report)>) -> String {
    let mut text = String::new();
    for (address, Report { depth, number }) in reports {
        let entry = format!("{address}={depth}~{number}");
        if text.len() + 1 + entry.len() > MOST_BYTES {
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text += &entry;
    }
    text
}

/// The reports in a text, by address. What is not one is passed over.
pub fn read(text: &str) -> impl Iterator<Item = (&str, Report)> {
    text.split(' ').filter_map(|entry| {
        let (address, report) = entry.rsplit_once('=')?;
        let (depth, number) = report.split_once('~')?;
        let report = Report {
            depth: depth.parse().ok()?,
            number: number.parse().ok()?,
        };
        (report.depth <= MOST_DEPTH).then_some((address, report))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(depth: u32, number: u8) -> Report {
        Report { depth, number }
    }

    #[test]
    fn what_is_written_is_read() {
        let reports = [
            ("10.0.0.1:8001", report(0, 255)),
            ("[2001:db8::1]:80", report(MOST_DEPTH, 0)),
            ("gpu-7.example:8000", report(12, 7)),
        ];
        let text = write(reports.into_iter());
        assert_eq!(
            text,
            "10.0.0.1:8001=0~255 [2001:db8::1]:80=9999~0 gpu-7.example:8000=12~7"
        );
        assert!(read(&text).eq(reports));
        assert_eq!(read(&write([].into_iter())).count(), 0);
    }

    #[test]
    fn a_long_text_ends_with_a_whole_entry() {
        let addresses: Vec<String> = (0..1000).map(|i| format!("10.0.0.1:{i}")).collect();
        let text = write(addresses.iter().map(|address| (&**address, report(7, 7))));
        assert!(text.len() <= MOST_BYTES && text.len() > MOST_BYTES - 20);
        let read: Vec<&str> = read(&text).map(|(address, _)| address).collect();
        assert_eq!(read, addresses[..read.len()]);
        assert!(read.len() > 300, "{}", read.len());
    }

    #[test]
    fn nonsense_is_passed_over() {
        let text = "a a=1 a=~ a=1~256 a=-1~1 a=10000~1 =2~1  b=3~1";
        let read: Vec<(&str, Report)> = read(text).collect();
        assert_eq!(read, [("", report(2, 1)), ("b", report(3, 1))]);
    }
}
