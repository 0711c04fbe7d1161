//! What came of one probe, in words for the operator.

use std::borrow::Cow;
use std::error::Error;
use std::io;

/// A few words: "200", "connection refused".
pub(super) type Words = Cow<'static, str>;

/// What the endpoint said when it passed, or why it did not.
pub(super) type Answer = Result<Words, Failure>;

/// Why a probe did not pass.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The endpoint did not answer as it should.
    Endpoint(Words),
    /// We could not ask: it says nothing about the endpoint.
    Ours(Words),
}

/// Some errors quote what the other side sent.
const MOST_WORDS: usize = 200;

impl Failure {
    /// The endpoint's failure in these words, which may be too many.
    pub fn new(words: impl Into<Words>) -> Self {
        let mut words = words.into();
        if words.len() > MOST_WORDS {
            let end = words.floor_char_boundary(MOST_WORDS);
            words.to_mut().truncate(end);
            words.to_mut().push('…');
        }
        Self::Endpoint(words)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(words(&error))
    }
}

impl From<hyper::Error> for Failure {
    fn from(error: hyper::Error) -> Self {
        let mut cause: Option<&dyn Error> = error.source();
        while let Some(error) = cause {
            if let Some(io) = error.downcast_ref() {
                return Self::new(words(io));
            }
            cause = error.source();
        }
        Self::new(error.to_string())
    }
}

impl From<h2::Error> for Failure {
    fn from(error: h2::Error) -> Self {
        // A server of HTTP/1.1 breaks the connection in many ways; the protocol is a hint.
        match error.get_io() {
            Some(io) => Self::new(format!("HTTP/2: {}", words(io))),
            None => Self::new(format!("HTTP/2: {error}")),
        }
    }
}

/// "connection refused", without the number and the capital.
pub(super) fn words(error: &io::Error) -> Words {
    let all = error.to_string();
    let text = match error.raw_os_error() {
        Some(code) => all
            .strip_suffix(&format!(" (os error {code})"))
            .unwrap_or(&all),
        None => return all.into(),
    };
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}", first.to_lowercase(), letters.as_str()).into(),
        None => all.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_few_and_for_people() {
        let refused = io::Error::from_raw_os_error(111);
        assert_eq!(words(&refused), "connection refused");
        assert_eq!(words(&io::Error::other("it lies")), "it lies");
        let Failure::Endpoint(words) = Failure::new("ä".repeat(1_000)) else {
            panic!("it is the endpoint's")
        };
        assert_eq!(words.chars().count(), MOST_WORDS / 2 + 1);
    }
}
