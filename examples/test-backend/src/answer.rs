//! From one request to one response.
//!
//! | path | answer |
//! |---|---|
//! | `/health` | 200 `healthy`, or 503 `unhealthy` |
//! | `/toggle` (POST) | turns the health round and says what it is now |
//! | `/echo` and below | the request as JSON: endpoint, method, path, query, version, headers, body |
//! | anything else | the endpoint's name and a line feed |
//!
//! Every answer carries `x-endpoint: NAME` and obeys the [`Instructions`] in the query.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::json;

use crate::body::{Played, Step};
use crate::instructions::{Close, Instructions};

/// Length of one piece of a trickled body.
const PIECE: usize = 1024;
/// Pieces that a trickled body has at least.
const PIECES: usize = 16;

/// What all answers of one endpoint share.
pub(crate) struct Voice {
    pub(crate) name: String,
    pub(crate) healthy: AtomicBool,
}

/// Answers, or returns an error to break the connection off without an answer. `held` is
/// dropped when the last byte of the body was handed over.
pub(crate) async fn answer(
    voice: Arc<Voice>,
    request: Request<Incoming>,
    held: impl Send + 'static,
) -> Result<Response<Played>, io::Error> {
    let asked = match Instructions::parse(request.uri().query().unwrap_or("")) {
        Ok(asked) => asked,
        Err(why) => return Ok(plain(&voice, StatusCode::BAD_REQUEST, &why, held)),
    };
    if !asked.delay.is_zero() {
        tokio::time::sleep(asked.delay).await;
    }
    if asked.close == Some(Close::Before) {
        return Err(io::Error::other("told to close before answering"));
    }
    let path = request.uri().path().to_owned();
    match path.as_str() {
        "/health" => Ok(health(&voice, voice.healthy.load(Ordering::SeqCst), held)),
        "/toggle" if request.method() == Method::POST => {
            let before = voice.healthy.fetch_xor(true, Ordering::SeqCst);
            let now = if before { "unhealthy\n" } else { "healthy\n" };
            Ok(plain(&voice, StatusCode::OK, now, held))
        }
        "/toggle" => {
            let mut refusal = plain(&voice, StatusCode::METHOD_NOT_ALLOWED, "POST only\n", held);
            refusal
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("POST"));
            Ok(refusal)
        }
        _ => {
            let echo = path == "/echo" || path.starts_with("/echo/");
            let method = request.method().clone();
            let (body, kind) = if echo {
                (echo_of(&voice, request).await?, "application/json")
            } else {
                // The whole body is read, so that the connection can be used again.
                request
                    .into_body()
                    .collect()
                    .await
                    .map_err(io::Error::other)?;
                (
                    format!("{}\n", voice.name).into(),
                    "text/plain; charset=utf-8",
                )
            };
            obey(&voice, &asked, &method, body, kind, held)
        }
    }
}

/// A 500 of an endpoint that is ill.
pub(crate) fn broken(voice: &Voice, held: impl Send + 'static) -> Response<Played> {
    plain(voice, StatusCode::INTERNAL_SERVER_ERROR, "ill\n", held)
}

fn health(voice: &Voice, healthy: bool, held: impl Send + 'static) -> Response<Played> {
    if healthy {
        plain(voice, StatusCode::OK, "healthy\n", held)
    } else {
        plain(voice, StatusCode::SERVICE_UNAVAILABLE, "unhealthy\n", held)
    }
}

/// The request as the endpoint saw it. `body` is text as far as it is UTF-8; `body_hash`
/// (FNV-1a, 64 bits, hexadecimal) tells whether bytes arrived intact.
async fn echo_of(voice: &Voice, request: Request<Incoming>) -> Result<Bytes, io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let headers: Vec<_> = head
        .headers
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    let echo = json!({
        "endpoint": voice.name,
        "method": head.method.as_str(),
        "path": head.uri.path(),
        "query": head.uri.query(),
        "version": format!("{:?}", head.version),
        "headers": headers,
        "body_bytes": body.len(),
        "body_hash": format!("{:016x}", fnv1a(&body)),
        "body": String::from_utf8_lossy(&body[..body.len().min(4096)]),
    });
    Ok(format!("{echo}\n").into())
}

fn obey(
    voice: &Voice,
    asked: &Instructions,
    method: &Method,
    usual: Bytes,
    kind: &'static str,
    held: impl Send + 'static,
) -> Result<Response<Played>, io::Error> {
    let body = asked
        .size
        .map_or(usual, |size| Bytes::from(vec![b'x'; size]));
    let status = StatusCode::from_u16(asked.status).map_err(io::Error::other)?;
    // RFC 9110 section 6.4.1: these never carry content.
    let bodiless = matches!(asked.status, 204 | 304);
    let steps = if bodiless || *method == Method::HEAD {
        Vec::new()
    } else {
        play(asked, &body)
    };
    let length = if steps.is_empty() { 0 } else { body.len() };
    let known = !asked.chunked && asked.truncate.is_none() && asked.close.is_none();
    let mut response = Response::new(Played::new(steps, known.then_some(length as u64), held));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert("x-endpoint", name_of(voice));
    if !bodiless {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        if !asked.chunked {
            let missing = asked.truncate.unwrap_or(0);
            headers.insert(CONTENT_LENGTH, (body.len() + missing).into());
        }
    }
    for (name, value) in &asked.headers {
        let name = HeaderName::try_from(name.as_str()).map_err(io::Error::other)?;
        headers.append(
            name,
            HeaderValue::try_from(value.as_str()).map_err(io::Error::other)?,
        );
    }
    Ok(response)
}

fn play(asked: &Instructions, body: &Bytes) -> Vec<Step> {
    let mut steps = Vec::new();
    if !asked.body_delay.is_zero() {
        steps.push(Step::Wait(asked.body_delay));
    }
    if asked.close == Some(Close::After) {
        steps.extend([Step::Flush, Step::Fail]);
        return steps;
    }
    match asked.trickle {
        None => steps.push(Step::Data(body.clone())),
        Some(pause) => {
            for piece in body.chunks(PIECE.min(body.len().div_ceil(PIECES).max(1))) {
                steps.extend([Step::Wait(pause), Step::Data(body.slice_ref(piece))]);
            }
        }
    }
    if asked.truncate.is_some() {
        steps.extend([Step::Flush, Step::Fail]);
    }
    steps
}

fn plain(
    voice: &Voice,
    status: StatusCode,
    text: &str,
    held: impl Send + 'static,
) -> Response<Played> {
    let body = Bytes::copy_from_slice(text.as_bytes());
    let length = body.len() as u64;
    let mut response = Response::new(Played::new([Step::Data(body)], Some(length), held));
    *response.status_mut() = status;
    response.headers_mut().insert("x-endpoint", name_of(voice));
    response
}

/// `Endpoint::start` checked that the name is a field value.
fn name_of(voice: &Voice) -> HeaderValue {
    HeaderValue::from_str(&voice.name).unwrap_or_else(|_| HeaderValue::from_static("?"))
}

/// Fowler, Noll and Vo's hash, variant 1a with 64 bits (RFC 9923).
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}
