//! One call of `grpc.health.v1.Health/Check` over HTTP/2.
//!
//! The two messages have one field each and are encoded by hand in `message.rs`. The
//! connection is that of `h2` itself, which hyper would wrap: hyper needs an executor and
//! leaves tasks behind that outlive the probe; this is one future and ends with it.

mod message;

use super::answer::{Answer, Failure, Words};
use super::checker::USER_AGENT;
use super::drive::drive;
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
            message: message::request(&check.service),
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
        Some(0) => match message::status(&message) {
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
