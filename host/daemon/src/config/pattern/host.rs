//! Patterns for the host that a request is for.

use std::fmt;
use std::net::Ipv6Addr;

/// A host name or address, or every name below one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// This host.
    Exact(Box<str>),
    /// Every name below this one, at any depth, but not the name itself: `*.example.com`
    /// holds `example.com`.
    Below(Box<str>),
}

impl HostPattern {
    /// Parses `example.com`, `*.example.com`, `10.0.0.1` or `[::1]`. Upper case and a
    /// trailing dot mean nothing (RFC 4343; RFC 9110, 4.2.3) and are taken away.
    ///
    /// # Errors
    ///
    /// A sentence for the operator when the text has a port, a `*` anywhere but in front, or
    /// is no host.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(address) = text.strip_prefix('[') {
            return parse_ipv6(address);
        }
        if text == "*" {
            return Err("to match every host, leave `host` out".into());
        }
        if text.contains(':') {
            return Err("a host is matched without its port".into());
        }
        let lower = text.to_ascii_lowercase();
        let lower = lower.strip_suffix('.').unwrap_or(&lower);
        let (name, below) = match lower.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (lower, false),
        };
        check_name(name)?;
        Ok(if below {
            Self::Below(name.into())
        } else {
            Self::Exact(name.into())
        })
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name),
            Self::Below(name) => write!(f, "*.{name}"),
        }
    }
}

fn parse_ipv6(rest: &str) -> Result<HostPattern, String> {
    let address = rest
        .strip_suffix(']')
        .and_then(|text| text.parse::<Ipv6Addr>().ok());
    match address {
        // One text for each address (RFC 5952), as in the hosts that are looked up.
        Some(address) => Ok(HostPattern::Exact(format!("[{address}]").into())),
        None => Err("expected an IPv6 address in brackets, without a port".into()),
    }
}

/// The same letters that a request's host may have.
fn check_name(name: &str) -> Result<(), String> {
    if name.contains('*') {
        return Err("`*` may only stand in front, for whole labels: `*.example.com`".into());
    }
    if name.len() > 255 {
        return Err("a host has at most 255 letters".into());
    }
    let label_fits = |label: &str| {
        let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'~');
        !label.is_empty() && label.bytes().all(letter)
    };
    if name.split('.').all(label_fits) {
        Ok(())
    } else if name.is_ascii() {
        Err("expected labels of letters, digits, `-` and `_`, separated by single dots".into())
    } else {
        Err("write an international name in its ASCII form (`xn--…`), as clients send it".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_spellings_are_one_pattern() {
        let parsed = |text| HostPattern::parse(text).expect(text);
        assert_eq!(
            parsed("WWW.Example.com."),
            HostPattern::Exact("www.example.com".into())
        );
        assert_eq!(
            parsed("*.Example.com"),
            HostPattern::Below("example.com".into())
        );
        assert_eq!(parsed("[0:0::0:1]"), HostPattern::Exact("[::1]".into()));
        assert_eq!(parsed("10.0.0.1").to_string(), "10.0.0.1");
        assert_eq!(parsed("*.a.b").to_string(), "*.a.b");
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "",
            ".",
            "*",
            "*.",
            "a..b",
            ".a",
            "a.*.b",
            "*a.b",
            "a:80",
            "[::1]:80",
            "[::1",
            "a b",
            "größe.de",
            "user@a",
            "a/b",
            "**.a",
        ] {
            assert!(HostPattern::parse(text).is_err(), "{text:?}");
        }
    }
}
