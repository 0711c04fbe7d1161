//! What is wrong with a request of HTTP/2 besides its frames (RFC 9113, 8.2 and 8.3), so that it
//! could not be said in HTTP/1 without being read in another way there.

use super::fault::{Fault, Wrong};
use crate::config::value::Bounds;
use http::header;
use pingora::http::RequestHeader;

/// Checks it, and joins its cookies (RFC 9113, 8.2.3).
///
/// # Errors
/// What the client is told, and what exactly is wrong if there is more to say.
pub fn check(head: &mut RequestHeader, bounds: &Bounds) -> Result<(), (Fault, Option<Wrong>)> {
    let bad = |word, sentence| Err((Fault::BadRequest, Some(Wrong { word, sentence })));
    let target = head.raw_path();
    if target.len() > bounds.target {
        return Err((Fault::TargetTooLong, None));
    }
    if head.headers.len() > bounds.fields {
        return Err((Fault::HeadTooLarge, None));
    }
    let visible = |byte: &u8| matches!(byte, b'!'..=b'~') && !b"\"#<>\\^`".contains(byte);
    if !target.iter().all(visible) {
        return bad("target", "the path has a character that none may have");
    }
    if !["http", "https"].contains(&head.uri.scheme_str().unwrap_or("http")) {
        return bad("scheme", "the scheme is neither http nor https");
    }
    let named = |name: &http::HeaderName| name.as_str().bytes().all(is_token);
    if !head.headers.keys().all(named) {
        return bad("field_name", "a field name is not a token");
    }
    if head.headers.get_all(header::CONTENT_LENGTH).iter().count() > 1 {
        return bad(
            "content_length_twice",
            "Content-Length is there more than once",
        );
    }
    // Pingora passes no interim answer on to HTTP/2: who waits for one waits for nothing.
    head.remove_header(&header::EXPECT);
    if join_cookies(head).is_none() {
        return bad("field_value", "the cookies are not one value");
    }
    Ok(())
}

/// RFC 9110, 5.6.2; in HTTP/2 names are lower case.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// None if that cannot be, which parts of valid values do not meet.
fn join_cookies(head: &mut RequestHeader) -> Option<()> {
    let mut cookies = head.headers.get_all(header::COOKIE).iter();
    if cookies.nth(1).is_none() {
        return Some(());
    }
    let crumbs = head.headers.get_all(header::COOKIE).iter();
    let crumbs: Vec<&[u8]> = crumbs.map(|crumb| crumb.as_bytes()).collect();
    let whole = http::HeaderValue::from_bytes(&crumbs.join(&b"; "[..])).ok()?;
    head.insert_header(header::COOKIE, whole).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, fields: &[(&'static str, &'static str)]) -> RequestHeader {
        let mut head = RequestHeader::build("GET", target.as_bytes(), None).expect(target);
        for (name, value) in fields {
            head.append_header(*name, *value).expect("a field");
        }
        head
    }

    #[test]
    fn what_http_1_could_not_say_is_refused() {
        let bounds = Bounds::default();
        let word = |target: &str, fields: &[(&'static str, &'static str)]| {
            let checked = check(&mut request(target, fields), &bounds);
            let (fault, wrong) = checked.err()?;
            Some(wrong.map_or(fault.as_str(), |wrong| wrong.word))
        };
        let fine = [("x-a", "b"), ("content-length", "4")];
        assert_eq!(word("/a?b=c|d", &fine), None);
        for target in ["/\u{e9}", "/a\"b"] {
            assert_eq!(word(target, &[]), Some("target"), "{target}");
        }
        let twice = [("content-length", "4"), ("content-length", "4")];
        assert_eq!(word("/", &twice), Some("content_length_twice"));
        let long = format!("/{}", "a".repeat(bounds.target));
        assert_eq!(word(&long, &[]), Some("target_too_long"));
    }

    #[test]
    fn crumbs_become_a_cookie() {
        let mut head = request("/", &[("cookie", "a=1"), ("x", "y"), ("cookie", "b=2")]);
        check(&mut head, &Bounds::default()).expect("a request");
        let cookies: Vec<_> = head.headers.get_all("cookie").iter().collect();
        assert_eq!(cookies, ["a=1; b=2"]);
    }
}
