//! What the host itself answers to calls of gRPC.
//!
//! Libraries show the status of gRPC and make one up where there is only one of HTTP
//! ([the mapping](https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md)),
//! without a word of why. Ours comes with the sentence.

use http::{Method, StatusCode, header};
use pingora::Result;
use pingora::http::{RequestHeader, ResponseHeader};

/// Whether a request is a call.
pub fn is_call(head: &RequestHeader) -> bool {
    let kind = head.headers.get(header::CONTENT_TYPE);
    head.method == Method::POST
        && kind.is_some_and(|kind| {
            let rest = kind.as_bytes().strip_prefix(b"application/grpc");
            matches!(rest, Some([] | [b'+' | b';', ..]))
        })
}

/// An answer that is nothing but a status.
///
/// # Errors
/// Never: what is in it are constants.
pub fn trailers_only(status: StatusCode, sentence: &str) -> Result<ResponseHeader> {
    let mut head = ResponseHeader::build(StatusCode::OK, Some(3))?;
    head.insert_header(header::CONTENT_TYPE, "application/grpc")?;
    head.insert_header("grpc-status", code(status).to_string())?;
    head.insert_header("grpc-message", sentence)?;
    Ok(head)
}

/// The mapping, and those for which it has no better word than UNKNOWN.
fn code(status: StatusCode) -> u8 {
    match status.as_u16() {
        400 | 431 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        408 | 504 => 4,
        413 => 8,
        429 | 502 | 503 => 14,
        500 => 13,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_known_by_their_kind() {
        for (kind, call) in [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("application/grpc;charset=x", true),
            ("application/grpc-web", false),
            ("application/json", false),
        ] {
            let mut head = RequestHeader::build("POST", b"/a/b", None).expect("a request");
            head.insert_header("content-type", kind).expect("a field");
            assert_eq!(is_call(&head), call, "{kind}");
        }
    }

    #[test]
    fn libraries_see_why() {
        let head = trailers_only(StatusCode::SERVICE_UNAVAILABLE, "busy").expect("a head");
        assert_eq!(head.status, 200);
        assert_eq!(head.headers["grpc-status"], "14");
        assert_eq!(head.headers["grpc-message"], "busy");
    }
}
