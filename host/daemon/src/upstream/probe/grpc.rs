//! One call of `grpc.health.v1.Health/Check` over HTTP/2.
//!
//! The two messages have one field each and are encoded here by hand. The connection is
//! that of `h2` itself, which hyper would wrap: hyper needs an executor and leaves tasks
//! behind that outlive the probe; this is one future and ends with it.

use super::answer::{Answer, Failure, Words};
use super::checker::USER_AGENT;
use super::http1::drive;
use crate::config::value::GrpcCheck;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, TE, USER_AGENT as AGENT};
use http::uri::Authority;
use http::{Method, Request, StatusCode, Uri, Version};
use tokio::io::{AsyncRead, AsyncWrite};

const PATH: &str = "/grpc.health.v1.Health/Check";
/// Longest head, in the way that HTTP/2 counts.
const HEAD: u32 = 16 * 1024;
/// Longest answer; one with a status has seven bytes.
const ANSWER: usize = 4 * 1024;
/// The flag that says whether a message is compressed, and its length.
const PREFIX: usize = 5;

/// The call, encoded.
pub(super) struct Grpc {
    authority: Option<Authority>,
    scheme: &'static str,
    message: Bytes,
}

impl Grpc {
    pub fn new(check: &GrpcCheck) -> Result<Self, String> {
        let authority = check.authority.as_ref().map(|authority| {
            Authority::try_from(authority.as_str())
                .map_err(|error| format!("`{authority}` is no authority: {error}"))
        });
        let scheme = match check.tls {
            Some(_) => "https",
            None => "http",
        };
        Ok(Self {
            authority: authority.transpose()?,
            scheme,
            message: request(&check.service),
        })
    }

    pub fn question(&self, authority: &str) -> Request<()> {
        let builder = Uri::builder().scheme(self.scheme).path_and_query(PATH);
        let uri = match &self.authority {
            Some(authority) => builder.authority(authority.clone()),
            None => builder.authority(authority),
        }
        .build()
        .expect("an address is an authority");
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.version_mut() = Version::HTTP_2;
        *request.uri_mut() = uri;
        let fields = request.headers_mut();
        fields.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        fields.insert(TE, HeaderValue::from_static("trailers"));
        fields.insert(AGENT, HeaderValue::from_static(USER_AGENT));
        request
    }

    pub async fn exchange<S>(&self, stream: S, question: &Request<()>) -> Answer
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let (sender, connection) = h2::client::Builder::new()
            .enable_push(false)
            .max_header_list_size(HEAD)
            .handshake::<_, Bytes>(stream)
            .await?;
        let answer = async move {
            let (response, mut body) = sender
                .ready()
                .await?
                .send_request(question.clone(), false)?;
            body.send_data(self.message.clone(), true)?;
            judge(response.await?).await
        };
        drive(connection, answer).await
    }
}

async fn judge(response: http::Response<h2::RecvStream>) -> Answer {
    let (head, mut body) = response.into_parts();
    if head.status != StatusCode::OK {
        let status = head.status.as_u16();
        return Err(Failure::new(format!(
            "{status} instead of an answer of gRPC"
        )));
    }
    let kind = head.headers.get(CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc")) {
        return Err(Failure::new("the answer is not gRPC"));
    }
    let mut message = BytesMut::new();
    while let Some(data) = body.data().await {
        message.extend_from_slice(&data?);
        if message.len() > ANSWER {
            return Err(Failure::new("the answer is too long"));
        }
    }
    // Errors without an answer may carry their status in the head.
    let trailers = body.trailers().await?;
    match code(trailers.as_ref().unwrap_or(&head.headers)) {
        None => Err(Failure::new("the answer has no grpc-status")),
        Some(0) => match status(&message) {
            None => Err(Failure::new("the answer is garbled")),
            Some(1) => Ok(serving(1)),
            Some(other) => Err(Failure::new(serving(other))),
        },
        Some(code) => {
            let name = CODES.get(usize::from(code)).unwrap_or(&"unknown to us");
            Err(Failure::new(format!("grpc-status {code}, {name}")))
        }
    }
}

fn code(fields: &HeaderMap) -> Option<u16> {
    fields.get("grpc-status")?.to_str().ok()?.parse().ok()
}

/// The codes of gRPC, by number.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The values of `HealthCheckResponse.ServingStatus`.
fn serving(status: u64) -> Words {
    match status {
        0 => "UNKNOWN".into(),
        1 => "SERVING".into(),
        2 => "NOT_SERVING".into(),
        3 => "SERVICE_UNKNOWN".into(),
        other => format!("an unknown status, {other}").into(),
    }
}

/// A `HealthCheckRequest`: `string service = 1`.
fn request(service: &str) -> Bytes {
    let mut message = Vec::new();
    if !service.is_empty() {
        message.push(0x0a); // Field 1, a length and as many bytes.
        let mut length = service.len();
        while length >= 0x80 {
            message.push(length as u8 | 0x80);
            length >>= 7;
        }
        message.push(length as u8);
        message.extend_from_slice(service.as_bytes());
    }
    let mut framed = vec![0]; // Not compressed.
    framed.extend_from_slice(&(message.len() as u32).to_be_bytes());
    framed.append(&mut message);
    framed.into()
}

/// The field of a `HealthCheckResponse`, `ServingStatus status = 1`: 0 if it is not there.
/// None if this is not one message of that kind.
fn status(framed: &[u8]) -> Option<u64> {
    let (prefix, mut rest) = framed.split_at_checked(PREFIX)?;
    let length = u32::from_be_bytes(prefix[1..].try_into().ok()?);
    if prefix[0] != 0 || rest.len() != length as usize {
        return None;
    }
    let mut status = 0;
    while !rest.is_empty() {
        let key = varint(&mut rest)?;
        match key & 7 {
            0 => {
                let value = varint(&mut rest)?;
                if key >> 3 == 1 {
                    status = value;
                }
            }
            1 => skip(&mut rest, 8)?,
            2 => {
                let length = varint(&mut rest)?;
                skip(&mut rest, usize::try_from(length).ok()?)?;
            }
            5 => skip(&mut rest, 4)?,
            _ => return None,
        }
    }
    Some(status)
}

fn skip(bytes: &mut &[u8], length: usize) -> Option<()> {
    *bytes = bytes.get(length..)?;
    Some(())
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for place in 0..10 {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f).checked_shl(7 * place)?;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_is_encoded() {
        assert_eq!(&request("")[..], [0, 0, 0, 0, 0]);
        assert_eq!(&request("ab")[..], [0, 0, 0, 0, 4, 0x0a, 2, b'a', b'b']);
        let long = request(&"x".repeat(300));
        assert_eq!(&long[..8], [0, 0, 0, 1, 47, 0x0a, 0xac, 2]);
        assert_eq!(long.len(), 8 + 300);
    }

    #[test]
    fn an_answer_is_decoded() {
        let framed = |message: &[u8]| {
            let mut framed = vec![0, 0, 0, 0, message.len() as u8];
            framed.extend_from_slice(message);
            framed
        };
        assert_eq!(status(&framed(&[])), Some(0), "a default is not sent");
        assert_eq!(status(&framed(&[8, 1])), Some(1));
        assert_eq!(
            status(&framed(&[8, 1, 8, 2])),
            Some(2),
            "the last one counts"
        );
        let others = [
            &[0x12, 2, 8, 7][..],
            &[0x19, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0x25, 0, 0, 0, 0],
            &[0x28, 5],
            &[8, 1],
        ];
        assert_eq!(status(&framed(&others.concat())), Some(1));
        for garbled in [&[8][..], &[0x12, 9, 1], &[8, 0x80], &[0x0b], &[8; 0]] {
            let mut framed = framed(garbled);
            if garbled.is_empty() {
                framed[0] = 1; // It says that it is compressed.
            }
            assert_eq!(status(&framed), None, "{garbled:?}");
        }
        assert_eq!(status(&[0, 0, 0, 0]), None);
        assert_eq!(status(&[0, 0, 0, 0, 1]), None);
    }

    proptest! {
        #[test]
        fn no_answer_is_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut framed = vec![0, 0, 0, 0, bytes.len() as u8];
            framed.extend_from_slice(&bytes);
            let _ = status(&framed);
            let _ = status(&bytes);
        }
    }
}
