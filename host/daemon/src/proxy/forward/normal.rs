//! The one form of a request's path, for routes, filters and endpoints alike.

use super::target;
use bytes::Bytes;
use pingora::http::RequestHeader;
use std::borrow::Cow;
use tidegate_wire::path::{self, PathFault, Rules};

/// Brings the target into origin-form and its path into one form. Answers the target as the
/// client sent it, if that is not what it is now. The query stays as it is.
///
/// # Errors
///
/// When the path is one that cannot be read in one way.
pub fn normalise(head: &mut RequestHeader, rules: &Rules) -> Result<Option<Bytes>, PathFault> {
    let came = head.raw_path();
    let (path, query) = split(came);
    if path.first() == Some(&b'/') {
        let path = str::from_utf8(path).map_err(|_| PathFault::Forbidden)?;
        let Cow::Owned(normal) = path::normalise(path, rules)? else {
            return Ok(None);
        };
        return replace(head, [normal.as_bytes(), query].concat());
    }
    let mut copy = head.clone();
    if target::make_origin_form(&mut copy).is_err() {
        return Err(PathFault::NotAbsolute);
    }
    let (path, query) = split(copy.raw_path());
    let path = str::from_utf8(path).map_err(|_| PathFault::Forbidden)?;
    if path == "*" {
        return Ok(None);
    }
    let target = [path::normalise(path, rules)?.as_bytes(), query].concat();
    replace(head, target)
}

fn split(target: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memchr(b'?', target).unwrap_or(target.len());
    target.split_at(end)
}

fn replace(head: &mut RequestHeader, target: Vec<u8>) -> Result<Option<Bytes>, PathFault> {
    let came = Bytes::copy_from_slice(head.raw_path());
    // The authority of HTTP/2 stands in the same place as the path.
    let authority = head.uri.authority().cloned();
    head.set_raw_path(&target)
        .map_err(|_| PathFault::Forbidden)?;
    if let Some(authority) = authority
        && head.version == http::Version::HTTP_2
    {
        let mut parts = std::mem::take(&mut head.uri.clone()).into_parts();
        parts.authority = Some(authority);
        parts.scheme.get_or_insert(http::uri::Scheme::HTTP);
        let uri = http::Uri::from_parts(parts).map_err(|_| PathFault::Forbidden)?;
        head.set_uri(uri);
    }
    Ok(Some(came))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{Uri, Version};

    fn normal(version: Version, target: &str) -> Result<(String, Option<Bytes>), PathFault> {
        let mut head = RequestHeader::build("GET", target.as_bytes(), None).expect(target);
        head.set_version(version);
        let original = normalise(&mut head, &Rules::default())?;
        assert_eq!(
            head.uri.path_and_query().map(|p| p.as_str().as_bytes()),
            Some(head.raw_path())
        );
        Ok((
            String::from_utf8(head.raw_path().to_vec()).expect("text"),
            original,
        ))
    }

    #[test]
    fn the_path_is_rewritten_and_the_query_is_not() {
        for (target, expected) in [
            ("/a/../b//c/%2e%2e/d?x=/../%41", "/b/d?x=/../%41"),
            ("http://a.test/./x?y", "/x?y"),
            ("http://a.test", "/"),
            ("/%41", "/A"),
        ] {
            let (rewritten, original) = normal(Version::HTTP_11, target).expect(target);
            assert_eq!(rewritten, expected, "{target}");
            assert_eq!(original.as_deref(), Some(target.as_bytes()));
        }
        let (same, original) = normal(Version::HTTP_11, "/a/b?c=%2e").expect("a target");
        assert_eq!((&*same, original), ("/a/b?c=%2e", None));
        assert!(normal(Version::HTTP_11, "/../a").is_err());
        assert!(normal(Version::HTTP_11, "/a%00").is_err());
    }

    #[test]
    fn http_2_keeps_its_authority() {
        let mut head = RequestHeader::build("GET", b"/a/../b", None).expect("a target");
        head.set_version(Version::HTTP_2);
        head.set_uri(Uri::from_static("https://a.test/a/../b"));
        normalise(&mut head, &Rules::default()).expect("a path");
        assert_eq!(head.uri.authority().map(|a| a.as_str()), Some("a.test"));
        assert_eq!(head.uri.path(), "/b");
    }
}
