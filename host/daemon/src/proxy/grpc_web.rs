//! Calls from browsers ([gRPC-Web](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md)):
//! calls of gRPC whose trailers come at the end of the body, since scripts cannot read others.
//!
//! Pingora translates. Here is what it leaves open: the text form, which is not translated;
//! HTTP/2 towards the client, which has no chunks; and answers that are a head alone.

use http::{HeaderMap, Version, header};
use pingora::Result;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::http::bridge::grpc_web::GrpcWebCtx;

/// One call under way.
pub struct Web(GrpcWebCtx);

impl Web {
    /// Makes a call of gRPC out of the request, if it is one of gRPC-Web.
    pub fn open(head: &mut RequestHeader) -> Option<Self> {
        if !is_web(head) {
            return None;
        }
        let mut bridge = GrpcWebCtx::default();
        bridge.init();
        bridge.request_header_filter(head);
        Some(Self(bridge))
    }

    /// Makes the head fit for a client of that version. `whole` is one without a body, which has
    /// the status of the call itself.
    ///
    /// # Errors
    /// Never: what is in it are constants.
    pub fn finish(
        &mut self,
        head: &mut ResponseHeader,
        client: Version,
        whole: bool,
    ) -> Result<()> {
        self.0.response_header_filter(head);
        if whole || client != Version::HTTP_11 {
            head.remove_header(&header::TRANSFER_ENCODING);
        }
        if whole {
            head.insert_header(header::CONTENT_LENGTH, 0)?;
        }
        Ok(())
    }

    /// The end of the body, in place of the trailers; none if the answer was no call's.
    ///
    /// # Errors
    /// Trailers of more than 4 GiB.
    pub fn trailers(&mut self, trailers: &mut HeaderMap) -> Result<Option<bytes::Bytes>> {
        self.0.response_trailer_filter(trailers)
    }
}

/// `application/grpc-web-text` is another one: all of it in base64.
fn is_web(head: &RequestHeader) -> bool {
    const KIND: &[u8] = b"application/grpc-web";
    let kind = head.headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| {
        let (kind, rest) = kind.as_bytes().split_at(KIND.len().min(kind.len()));
        kind.eq_ignore_ascii_case(KIND) && matches!(rest, [] | [b'+' | b';', ..])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(kind: &str) -> RequestHeader {
        let mut head = RequestHeader::build("POST", b"/a/b", None).expect("a request");
        head.insert_header("content-type", kind).expect("a field");
        head
    }

    #[test]
    fn what_is_translated_is_known_by_its_kind() {
        for (kind, after) in [
            ("application/grpc-web", Some("application/grpc")),
            ("Application/gRPC-Web+proto", Some("application/grpc+proto")),
            ("application/grpc-web-text", None),
            ("application/grpc-web-text+proto", None),
            ("application/grpc", None),
            ("text/html", None),
        ] {
            let mut head = request(kind);
            let translated = Web::open(&mut head).is_some();
            assert_eq!(translated, after.is_some(), "{kind}");
            assert_eq!(head.headers["content-type"], after.unwrap_or(kind));
        }
    }

    #[test]
    fn chunks_are_for_clients_that_know_them() {
        for (version, whole, chunked) in [
            (Version::HTTP_11, false, true),
            (Version::HTTP_11, true, false),
            (Version::HTTP_2, false, false),
            (Version::HTTP_10, false, false),
        ] {
            let mut web = Web::open(&mut request("application/grpc-web+proto")).expect("a call");
            let mut head = ResponseHeader::build(200, None).expect("a head");
            head.insert_header("content-type", "application/grpc+proto")
                .expect("a field");
            web.finish(&mut head, version, whole).expect("a head");
            assert_eq!(head.headers["content-type"], "application/grpc-web+proto");
            let said = head.headers.contains_key("transfer-encoding");
            assert_eq!(said, chunked, "{version:?} {whole}");
            assert_eq!(head.headers.contains_key("content-length"), whole);
        }
    }
}
