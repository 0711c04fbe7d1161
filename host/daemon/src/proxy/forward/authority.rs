//! Which host a request is for, and whether that can be said at all.
//!
//! Two answers to that question, one here and another at the endpoint, are how requests get
//! past routes and caches. So there is one source or two that agree, and its syntax is the
//! narrow one of names and addresses that are in use: no user information, no
//! percent-encoding and no punctuation beyond `-`, `.`, `_` and `~`, which the grammar of
//! RFC 3986 would allow.

use super::target::{self, Target};
use http::Version;
use http::header::HOST;
use pingora::http::RequestHeader;
use std::borrow::Cow;
use std::net::Ipv6Addr;

/// Why a request names no host that can be trusted to be the one. Answered with 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadAuthority {
    /// Required since HTTP/1.1 (RFC 9112, 3.2).
    Missing,
    /// More than one `Host` field (RFC 9112, 3.2).
    Repeated,
    /// `Host` and the request target name different ones (RFC 9113, 8.3.1).
    Conflict,
    /// Not a name or address with an optional port.
    Invalid,
    /// Not a path, nor an `http` or `https` URI (RFC 9112, 3.2).
    Target,
}

impl BadAuthority {
    /// A word for the log: the same as for HTTP/1, where it is found earlier.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "host_missing",
            Self::Repeated => "host_twice",
            Self::Conflict => "host_mismatch",
            Self::Invalid => "host",
            Self::Target => "target",
        }
    }

    /// A sentence for whoever sent it.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Missing => "the request names no host",
            Self::Repeated => "the request has more than one Host field",
            Self::Conflict => "the request target and the Host field differ",
            Self::Invalid => "the host is not a name or address with an optional port",
            Self::Target => "the request target is neither a path nor an HTTP URI",
        }
    }
}

/// The authority that a request is for, as it stands on the wire: a host and an optional
/// port. Empty only for HTTP/1.0 without `Host`.
///
/// # Errors
///
/// When the request names none, several, or something that is no authority.
pub fn effective_authority(request: &RequestHeader) -> Result<&str, BadAuthority> {
    let in_target = match (target::classify(request), request.uri.authority()) {
        (Some(Target::Origin), authority) => authority.map(|a| a.as_str().as_bytes()),
        (Some(Target::Absolute { authority, .. }), None) => Some(authority),
        // An HTTP/2 `:path` that is a URI itself.
        (Some(Target::Absolute { .. }), Some(_)) | (None, _) => return Err(BadAuthority::Target),
    };
    let mut hosts = request.headers.get_all(HOST).iter();
    let host = hosts.next().map(|host| host.as_bytes());
    if hosts.next().is_some() {
        return Err(BadAuthority::Repeated);
    }
    match (in_target, host) {
        (Some(one), Some(other)) if !one.eq_ignore_ascii_case(other) => Err(BadAuthority::Conflict),
        (Some(authority), _) | (None, Some(authority)) => parse(authority),
        (None, None) if request.version <= Version::HTTP_10 => Ok(""),
        (None, None) => Err(BadAuthority::Missing),
    }
}

/// The host of a valid authority in the one form that routes are looked up by: lower case,
/// without port, without trailing dot, IPv6 as in RFC 5952.
pub fn host_only(authority: &str) -> Cow<'_, str> {
    let (host, _) = split_port(authority);
    if let Some(address) = ipv6(host) {
        return Cow::Owned(format!("[{address}]"));
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

fn parse(authority: &[u8]) -> Result<&str, BadAuthority> {
    let text = str::from_utf8(authority).map_err(|_| BadAuthority::Invalid)?;
    let (host, port) = split_port(text);
    if (is_name(host) || ipv6(host).is_some()) && port.is_none_or(is_port) {
        Ok(text)
    } else {
        Err(BadAuthority::Invalid)
    }
}

/// The colons of an address are inside its brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let brackets = authority.rfind(']').map_or(0, |at| at + 1);
    match authority[brackets..].split_once(':') {
        Some((name, port)) => (&authority[..brackets + name.len()], Some(port)),
        None => (authority, None),
    }
}

/// RFC 3986, 3.2.3: digits, or none.
fn is_port(text: &str) -> bool {
    text.is_empty() || text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// A registered name or an IPv4 address, with or without its trailing dot.
fn is_name(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let mut previous = b'.';
    let fits = host.bytes().all(|byte| {
        let empty_label = byte == b'.' && previous == b'.';
        previous = byte;
        !empty_label && (byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
    });
    fits && previous != b'.' && host.len() <= 255
}

fn ipv6(host: &str) -> Option<Ipv6Addr> {
    host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Uri;

    fn request(version: Version, target: &str, hosts: &[&str]) -> RequestHeader {
        let mut request = RequestHeader::build("GET", target.as_bytes(), None).expect(target);
        request.set_version(version);
        for host in hosts {
            request.append_header("Host", *host).expect("a value");
        }
        request
    }

    fn http1(target: &str, hosts: &[&str]) -> Result<String, BadAuthority> {
        let request = request(Version::HTTP_11, target, hosts);
        effective_authority(&request).map(str::to_owned)
    }

    #[test]
    fn the_host_field_or_the_target_says_it() {
        assert_eq!(http1("/", &["a.test:80"]).as_deref(), Ok("a.test:80"));
        assert_eq!(http1("http://a.test/", &[]).as_deref(), Ok("a.test"));
        assert_eq!(
            http1("http://a.test/", &["A.test"]).as_deref(),
            Ok("a.test")
        );
    }

    #[test]
    fn doubt_is_an_error() {
        assert_eq!(http1("/", &[]), Err(BadAuthority::Missing));
        assert_eq!(
            http1("/", &["a.test", "a.test"]),
            Err(BadAuthority::Repeated)
        );
        assert_eq!(
            http1("http://a.test/", &["b.test"]),
            Err(BadAuthority::Conflict)
        );
        assert_eq!(
            http1("http://a.test/", &["a.test:80"]),
            Err(BadAuthority::Conflict)
        );
        assert_eq!(
            http1("http://u@a.test/", &["a.test"]),
            Err(BadAuthority::Conflict)
        );
        assert_eq!(
            http1("http://u@a.test/", &["u@a.test"]),
            Err(BadAuthority::Invalid)
        );
        assert_eq!(http1("a.test", &["a.test"]), Err(BadAuthority::Target));
    }

    #[test]
    fn http_1_0_may_name_none_but_not_nonsense() {
        let none = request(Version::HTTP_10, "/", &[]);
        assert_eq!(effective_authority(&none), Ok(""));
        let empty = request(Version::HTTP_10, "/", &[""]);
        assert_eq!(effective_authority(&empty), Err(BadAuthority::Invalid));
    }

    #[test]
    fn http_2_says_it_in_the_uri() {
        let with = |uri: &'static str, hosts: &[&str]| {
            let mut request = request(Version::HTTP_2, "/", hosts);
            request.set_uri(Uri::from_static(uri));
            effective_authority(&request).map(str::to_owned)
        };
        assert_eq!(with("https://a.test/x", &[]).as_deref(), Ok("a.test"));
        assert_eq!(
            with("https://a.test/x", &["a.TEST"]).as_deref(),
            Ok("a.test")
        );
        assert_eq!(
            with("https://a.test/x", &["b.test"]),
            Err(BadAuthority::Conflict)
        );
        assert_eq!(with("https://u@a.test/x", &[]), Err(BadAuthority::Invalid));
        assert_eq!(with("/x", &[]), Err(BadAuthority::Missing));
        assert_eq!(with("/x", &["a.test"]).as_deref(), Ok("a.test"));
    }

    #[test]
    fn only_names_and_addresses_with_ports_are_hosts() {
        for good in [
            "a",
            "a.",
            "A-b_c~1.test:8080",
            "10.0.0.1:80",
            "[::1]",
            "[::1]:0",
            "a:",
        ] {
            assert_eq!(http1("/", &[good]).as_deref(), Ok(good));
        }
        let long = "a".repeat(256);
        for bad in [
            "",
            ".",
            ":80",
            "a..b",
            ".a",
            "a..",
            "u@a",
            "a:b",
            "a:80:80",
            "a:65536",
            "a:+1",
            "::1",
            "[::1",
            "::1]",
            "[a]",
            "[::1]a",
            "[::1]a:80",
            "[fe80::1%25eth0]",
            "[v1.x]",
            "a b",
            "a/b",
            "a,b",
            "a%2eb",
            "a\\b",
            "a\tb",
            "../../etc<x>",
            "größe.de",
            &long,
        ] {
            assert_eq!(http1("/", &[bad]), Err(BadAuthority::Invalid), "{bad:?}");
        }
    }

    #[test]
    fn one_host_has_one_form() {
        for (authority, host) in [
            ("a.test", "a.test"),
            ("A.Test.:80", "a.test"),
            ("a.test:", "a.test"),
            ("[0::0001]:80", "[::1]"),
            ("[::FFFF]", "[::ffff]"),
            ("", ""),
        ] {
            assert_eq!(host_only(authority), host, "{authority}");
        }
        assert!(
            matches!(host_only("a.test:80"), Cow::Borrowed(_)),
            "nothing is allocated"
        );
    }
}
