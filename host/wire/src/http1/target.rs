//! The forms of a request target (RFC 9112, section 3.2).
//!
//! Refuses to know what a path means: percent signs, dots and doubled slashes are for
//! [`crate::path`].

use super::host::{self, Port};

/// In which of its four forms a request target came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetForm {
    /// `/path?query`, the usual one. Doubled slashes at its start included, which some take
    /// for the start of a host.
    Origin,
    /// `http://host/path?query`, as sent to proxies. The scheme is in lower case: in any
    /// other, lax parsers take it for a path.
    Absolute,
    /// `host:port`, with CONNECT and only with it.
    Authority,
    /// `*`, with OPTIONS and only with it.
    Asterisk,
}

/// The form of the target, and its authority, which is empty when it has none. `None` if it
/// is none of the four, or not the one that the method asks for.
///
/// The bytes are known to be those that a target may have.
pub(super) fn read<'a>(method: &[u8], target: &'a [u8]) -> Option<(TargetForm, &'a [u8])> {
    if method == b"CONNECT" {
        return (host::read(target)? == Port::Given).then_some((TargetForm::Authority, target));
    }
    if target.first() == Some(&b'/') {
        return Some((TargetForm::Origin, &[]));
    }
    if target == b"*" {
        return (method == b"OPTIONS").then_some((TargetForm::Asterisk, &[]));
    }
    let rest = target
        .strip_prefix(b"http://")
        .or_else(|| target.strip_prefix(b"https://"))?;
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?'));
    let authority = &rest[..end.unwrap_or(rest.len())];
    host::read(authority).map(|_| (TargetForm::Absolute, authority))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(method: &str, target: &str) -> Option<TargetForm> {
        read(method.as_bytes(), target.as_bytes()).map(|(form, _)| form)
    }

    #[test]
    fn a_target_has_one_of_four_forms() {
        for target in ["/", "/a?b=/c", "//a", "/http://a/", "/*", "/@", "/a:80"] {
            assert_eq!(form("GET", target), Some(TargetForm::Origin), "{target}");
        }
        for target in [
            "http://a",
            "https://a",
            "http://a/",
            "http://a:80/b?c",
            "http://a?b",
            "http://[::1]/",
            "http://a/b@c",
            "http://a:/",
        ] {
            assert_eq!(form("GET", target), Some(TargetForm::Absolute), "{target}");
        }
        for target in ["a:443", "[::1]:443", "10.0.0.1:1"] {
            assert_eq!(
                form("CONNECT", target),
                Some(TargetForm::Authority),
                "{target}"
            );
        }
        assert_eq!(form("OPTIONS", "*"), Some(TargetForm::Asterisk));
        assert_eq!(form("OPTIONS", "/"), Some(TargetForm::Origin));
    }

    #[test]
    fn another_form_or_that_of_another_method_is_none() {
        for target in [
            "*",
            "",
            "a",
            "a:80",
            "a/b",
            "?a",
            ".",
            "../a",
            "http:",
            "http:/a",
            "http://",
            "http:///a",
            "http://?a",
            "http://u@a/",
            "http://u:p@a/",
            "http://a:b/",
            "http://a,b/",
            "HTTP://a/",
            "Http://a/",
            "ftp://a/",
            "httpx://a/",
            "http://a;b/",
            "**",
            "*/",
            "https:a",
            "@a/",
        ] {
            assert_eq!(form("GET", target), None, "{target}");
        }
        for target in [
            "a",
            "a:",
            "/",
            "*",
            "http://a:443",
            "u@a:443",
            "a:443/",
            "a:65536",
        ] {
            assert_eq!(form("CONNECT", target), None, "{target}");
        }
        assert_eq!(form("OPTIONS", "*/"), None);
        assert_eq!(form("options", "*"), None);
        assert_eq!(form("connect", "a:443"), None);
    }

    #[test]
    fn an_absolute_target_tells_its_authority() {
        let authority = |target: &'static str| read(b"GET", target.as_bytes()).expect("valid").1;
        assert_eq!(authority("http://a:80/b"), b"a:80");
        assert_eq!(authority("https://[::1]?b"), b"[::1]");
        assert_eq!(authority("http://a"), b"a");
    }
}
