//! What is wrong with a request of HTTP/2 besides its frames (RFC 9113, 8.2 and 8.3), so that it
//! could not be said in HTTP/1 without being read in another way there.

use super::fault::Fault;
use crate::config::value::Bounds;
use http::header;
use pingora::http::RequestHeader;

/// Checks it, and joins its cookies (RFC 9113, 8.2.3).
pub fn check(head: &mut RequestHeader, bounds: &Bounds) -> Result<(), Fault> {
    let target = head.raw_path();
    if target.len() > bounds.target {
        return Err(Fault::TargetTooLong);
    }
    if head.headers.len() > bounds.fields {
        return Err(Fault::HeadTooLarge);
    }
    let visible = |byte: &u8| matches!(byte, b'!'..=b'~') && !b"\"#<>\\^`".contains(byte);
    let scheme = head.uri.scheme_str().unwrap_or("http");
    let named = |name: &http::HeaderName| name.as_str().bytes().all(is_token);
    let lengths = head.headers.get_all(header::CONTENT_LENGTH).iter().count();
    if !target.iter().all(visible)
        || !["http", "https"].contains(&scheme)
        || !head.headers.keys().all(named)
        || lengths > 1
    {
        return Err(Fault::BadRequest);
    }
    // Pingora passes no interim answer on to HTTP/2: who waits for one waits for nothing.
    head.remove_header(&header::EXPECT);
    join_cookies(head)
}

/// RFC 9110, 5.6.2; in HTTP/2 names are lower case.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn join_cookies(head: &mut RequestHeader) -> Result<(), Fault> {
    let mut cookies = head.headers.get_all(header::COOKIE).iter();
    if cookies.nth(1).is_none() {
        return Ok(());
    }
    let crumbs = head.headers.get_all(header::COOKIE).iter();
    let crumbs: Vec<&[u8]> = crumbs.map(|crumb| crumb.as_bytes()).collect();
    // Parts of valid values are one.
    let whole = http::HeaderValue::from_bytes(&crumbs.join(&b"; "[..]));
    let whole = whole.map_err(|_| Fault::BadRequest)?;
    head.insert_header(header::COOKIE, whole)
        .map_err(|_| Fault::BadRequest)
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
        let check = |target: &str, fields: &[(&'static str, &'static str)]| {
            check(&mut request(target, fields), &bounds)
        };
        assert_eq!(
            check("/a?b=c|d", &[("x-a", "b"), ("content-length", "4")]),
            Ok(())
        );
        for target in ["/\u{e9}", "/a\"b"] {
            assert_eq!(check(target, &[]), Err(Fault::BadRequest), "{target}");
        }
        let twice = [("content-length", "4"), ("content-length", "4")];
        assert_eq!(check("/", &twice), Err(Fault::BadRequest));
        let long = format!("/{}", "a".repeat(bounds.target));
        assert_eq!(check(&long, &[]), Err(Fault::TargetTooLong));
    }

    #[test]
    fn crumbs_become_a_cookie() {
        let mut head = request("/", &[("cookie", "a=1"), ("x", "y"), ("cookie", "b=2")]);
        check(&mut head, &Bounds::default()).expect("a request");
        let cookies: Vec<_> = head.headers.get_all("cookie").iter().collect();
        assert_eq!(cookies, ["a=1; b=2"]);
    }
}
