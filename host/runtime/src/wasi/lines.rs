//! From written bytes to lines: what a guest prints, as a log wants it.
//!
//! A line ends at a newline, or where the call ends. Empty lines are not reported, a
//! line's bytes are bounded, and what is not UTF-8 is replaced. Control characters are
//! left for the sink to judge.

/// Bytes that are kept of one line.
pub(super) const MAX_LINE: usize = 4 << 10;

/// Follows a line that was cut.
const CUT: &str = "…";

/// Which stream a line was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Where lines go. Called on the thread of the plugin's call: must not block.
pub(crate) trait LineSink: Send + 'static {
    /// Takes one line, without its newline.
    fn line(&mut self, stream: Stream, line: &str);
}

impl<F: FnMut(Stream, &str) + Send + 'static> LineSink for F {
    fn line(&mut self, stream: Stream, line: &str) {
        self(stream, line);
    }
}

/// The unfinished line of one stream. Allocates nothing until it is written to.
#[derive(Debug, Default)]
pub(super) struct Lines {
    line: Vec<u8>,
    cut: bool,
}

impl Lines {
    /// Appends, and reports each line that this finishes.
    pub(super) fn push(&mut self, bytes: &[u8], report: &mut dyn FnMut(&str)) {
        let mut pieces = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            self.append(piece);
            if pieces.peek().is_some() {
                self.finish(report);
            }
        }
    }

    /// Reports the line as it is, unless it is empty.
    pub(super) fn finish(&mut self, report: &mut dyn FnMut(&str)) {
        if self.cut {
            self.line.truncate(whole_characters(&self.line));
            self.line.extend_from_slice(CUT.as_bytes());
        } else if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        if !self.line.is_empty() {
            report(&String::from_utf8_lossy(&self.line));
        }
        self.line.clear();
        self.cut = false;
    }

    fn append(&mut self, piece: &[u8]) {
        let kept = piece.len().min(MAX_LINE - self.line.len());
        self.line.extend_from_slice(&piece[..kept]);
        self.cut |= kept < piece.len();
    }
}

/// Length without a character that the end cuts in two.
fn whole_characters(bytes: &[u8]) -> usize {
    let tail = bytes
        .utf8_chunks()
        .last()
        .map_or(0, |chunk| chunk.invalid().len());
    bytes.len() - tail
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(writes: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut reported = Vec::new();
        for write in writes {
            lines.push(write, &mut |line| reported.push(line.to_owned()));
        }
        lines.finish(&mut |line| reported.push(line.to_owned()));
        reported
    }

    #[test]
    fn a_line_may_come_in_pieces_and_a_piece_may_hold_lines() {
        assert_eq!(
            lines(&[b"on", b"e\ntwo\r\n\n\nth", b"ree"]),
            ["one", "two", "three"]
        );
    }

    #[test]
    fn a_long_line_is_cut_at_a_character() {
        let long = format!("x{}", "é".repeat(MAX_LINE));
        let reported = lines(&[long.as_bytes(), b"more\nnext"]);
        assert_eq!(
            reported[0],
            format!("x{}{CUT}", "é".repeat(MAX_LINE / 2 - 1))
        );
        assert_eq!(reported[1..], ["next"]);
    }

    #[test]
    fn bytes_that_are_not_text_are_replaced() {
        assert_eq!(lines(&[b"a\xffb"]), ["a\u{fffd}b"]);
    }

    proptest! {
        #[test]
        fn how_it_is_written_does_not_matter(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200),
            size in 1usize..20,
        ) {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            prop_assert_eq!(lines(&pieces), lines(&[&bytes]));
        }
    }
}
