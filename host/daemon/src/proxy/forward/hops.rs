//! How many more proxies a question about the way itself may pass (RFC 9110, 7.6.2).

use http::{HeaderName, Method};
use pingora::http::RequestHeader;

static MAX_FORWARDS: HeaderName = HeaderName::from_static("max-forwards");

/// The number that an OPTIONS carries; none if it has none that can be read.
pub fn left(head: &RequestHeader) -> Option<u64> {
    let value = head.headers.get(&MAX_FORWARDS)?.to_str().ok()?;
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| value.parse().unwrap_or(u64::MAX))
}

/// One less.
pub(super) fn count(up: &mut RequestHeader) -> pingora::Result<()> {
    match left(up) {
        Some(left) if up.method == Method::OPTIONS => {
            up.insert_header(MAX_FORWARDS.clone(), left.saturating_sub(1).to_string())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_proxy_takes_one() {
        for (method, before, after) in [
            ("OPTIONS", "5", "4"),
            ("OPTIONS", "99999999999999999999999", "18446744073709551614"),
            ("OPTIONS", "-1", "-1"),
            ("GET", "5", "5"),
        ] {
            let mut head = RequestHeader::build(method, b"/", None).expect("a request");
            head.append_header("max-forwards", before).expect("a field");
            count(&mut head).expect("room");
            assert_eq!(head.headers["max-forwards"], after, "{method} {before}");
        }
    }
}
