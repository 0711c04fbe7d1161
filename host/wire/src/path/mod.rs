//! One spelling for each path: what the filters see, the endpoint sees.
//!
//! `/a/%2e%2e/b`, `//b` and `/b` are the same file to some servers and three to others. A rule
//! that guards `/b` is worth nothing while the request can be spelt so that only the endpoint
//! recognises it. So the path is rewritten once, before routes and filters, as RFC 3986 6.2.2
//! has it, and the rewritten path is what goes on. What two servers are known to read in two
//! ways, and no honest client sends, is refused instead.
//!
//! Escapes are decoded once: `%252e` stays, and an endpoint that decodes twice is on its own.
//! Refuses to look at the query, and to decide about letter case.

mod escapes;
mod segments;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

/// What is rewritten. Whatever is on or off, broken escapes, control characters and raw
/// backslashes are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// `.` and `..` are resolved (RFC 3986 5.2.4), also when written `%2e`.
    pub dot_segments: bool,
    /// `//` becomes `/`.
    pub merge_slashes: bool,
    /// Escapes that need not be are decoded, `%41` to `A`, and the others get upper-case
    /// digits (RFC 3986 6.2.2.1 and 6.2.2.2).
    pub unreserved: bool,
    /// What becomes of `%2F` and `%5C`.
    pub encoded_slashes: EncodedSlashes,
}

/// What becomes of `%2F` and `%5C`, which are data to some servers and slashes to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodedSlashes {
    /// They are kept as they are, never decoded.
    Keep,
    /// The request is refused.
    Refuse,
}

impl Default for Rules {
    /// Everything is rewritten, and encoded slashes are kept.
    fn default() -> Self {
        Self {
            dot_segments: true,
            merge_slashes: true,
            unreserved: true,
            encoded_slashes: EncodedSlashes::Keep,
        }
    }
}

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PathFault {
    /// It begins with something else than `/`.
    NotAbsolute,
    /// It has a control character, a space, `?` or `#` in it.
    Forbidden,
    /// A `%` is not followed by two hexadecimal digits.
    BadPercent,
    /// `%00` to `%1F`, or `%7F`.
    EncodedControl,
    /// `\`, which some servers take for a slash.
    Backslash,
    /// `%2F` or `%5C`, where [`EncodedSlashes::Refuse`] says so.
    EncodedSlash,
    /// `..` goes above the root.
    AboveRoot,
    /// A segment that is `.` or `..` only to some servers: `..;x` to those that cut off path
    /// parameters before they resolve dots, as Tomcat does, and `..%2Fx` to those that decode
    /// first.
    HiddenDots,
}

impl PathFault {
    /// A short constant word for metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAbsolute => "path_not_absolute",
            Self::Forbidden => "path_character",
            Self::BadPercent => "path_percent",
            Self::EncodedControl => "path_control",
            Self::Backslash => "path_backslash",
            Self::EncodedSlash => "path_encoded_slash",
            Self::AboveRoot => "path_above_root",
            Self::HiddenDots => "path_hidden_dots",
        }
    }

    /// A sentence for whoever sent it.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NotAbsolute => "the path does not begin with a slash",
            Self::Forbidden => "the path has a character in it that must be percent-encoded",
            Self::BadPercent => "the path has a % without two hexadecimal digits after it",
            Self::EncodedControl => "the path has an encoded control character in it",
            Self::Backslash => "the path has a backslash in it",
            Self::EncodedSlash => "the path has an encoded slash or backslash in it",
            Self::AboveRoot => "the path leads above the root",
            Self::HiddenDots => "the path has a dot segment in it that servers read differently",
        }
    }
}

/// The one spelling of `path`, which is what stands before the `?`. A path that is in order is
/// handed back as it is, after one look at each byte. `*`, the target of `OPTIONS` (RFC 9112
/// 3.2.4), is in order.
///
/// Escapes come first, then slashes, then dots, so that `/a//%2e%2e` is `/`. Characters
/// outside ASCII stay as they are. A second call changes nothing.
pub fn normalise<'a>(path: &'a str, rules: &Rules) -> Result<Cow<'a, str>, PathFault> {
    if path == "*" {
        return Ok(Cow::Borrowed(path));
    }
    if !path.starts_with('/') {
        return Err(PathFault::NotAbsolute);
    }
    let findings = escapes::survey(path, rules)?;
    let mut text = Cow::Borrowed(path);
    if findings.respell {
        text = Cow::Owned(escapes::respell(path));
    }
    if findings.slashes || findings.dots && segments::has_dots(&text)? {
        text = Cow::Owned(segments::resolve(&text, rules)?);
    }
    Ok(text)
}
