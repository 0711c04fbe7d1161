//! The request target: what forms there are, and which of them an endpoint gets.
//!
//! Pingora keeps an absolute-form target as it came and parses only its path, so it is read
//! here from the raw bytes, with Pingora's own classifier: two readings of one target are
//! how requests get past routes.

use http::Method;
use pingora::http::RequestHeader;
use pingora::http::authority::{RawTargetAuthority, raw_target_authority};

/// The forms of RFC 9112, 3.2, that an endpoint can be asked in.
pub(super) enum Target<'a> {
    /// A path, or the `*` of `OPTIONS *`.
    Origin,
    /// A whole URI.
    Absolute {
        authority: &'a [u8],
        path_and_query: &'a [u8],
    },
}

/// `None` for what is no target, or one that others may read differently: `GET *`, a relative
/// path, another scheme than HTTP's, or a host hidden behind backslashes.
pub(super) fn classify(request: &RequestHeader) -> Option<Target<'_>> {
    match request.raw_path() {
        [b'/', ..] => Some(Target::Origin),
        b"*" => (request.method == Method::OPTIONS).then_some(Target::Origin),
        raw => match raw_target_authority(raw) {
            RawTargetAuthority::Absolute {
                scheme,
                authority,
                path_and_query,
            } if scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https") => {
                Some(Target::Absolute {
                    authority,
                    path_and_query,
                })
            }
            _ => None,
        },
    }
}

/// Takes scheme and authority off an absolute-form target (RFC 9112, 3.2.1 and 3.2.4).
pub(super) fn make_origin_form(up: &mut RequestHeader) -> pingora::Result<()> {
    let Some(Target::Absolute { path_and_query, .. }) = classify(up) else {
        return Ok(());
    };
    let target = match path_and_query {
        b"" if up.method == Method::OPTIONS => b"*".to_vec(),
        [b'/', ..] => path_and_query.to_vec(),
        _ => [b"/", path_and_query].concat(),
    };
    up.set_raw_path(&target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, target: &str) -> RequestHeader {
        RequestHeader::build(method, target.as_bytes(), None).expect(target)
    }

    #[test]
    fn an_endpoint_is_asked_in_origin_form() {
        for (method, target, expected) in [
            ("GET", "/a?b", "/a?b"),
            ("GET", "http://a.test/b/c?d", "/b/c?d"),
            ("GET", "HTTPS://a.test", "/"),
            ("GET", "http://a.test?q=/x", "/?q=/x"),
            ("OPTIONS", "http://a.test", "*"),
            ("OPTIONS", "http://a.test/", "/"),
            ("OPTIONS", "*", "*"),
            ("GET", "//a.test/b", "//a.test/b"),
        ] {
            let mut up = request(method, target);
            make_origin_form(&mut up).expect(target);
            assert_eq!(up.raw_path(), expected.as_bytes(), "{method} {target}");
            assert_eq!(up.uri.path_and_query().map(|p| p.as_str()), Some(expected));
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_no_target() {
        for target in [
            "*",
            "a/b",
            "a.test:80",
            "?q",
            "ftp://a.test/",
            "http:a.test",
            "http:///a",
            "http://a.test\\b.test/",
            "://a.test/",
        ] {
            assert!(classify(&request("GET", target)).is_none(), "{target}");
        }
    }
}
