//! One request of HTTP/1.1, and no more of the answer than has to be seen.
//!
//! The head is read up to 16 KiB; the body only if a text is wanted in it, and only up to
//! 64 KiB. Then the connection is closed, whatever else the endpoint would have to say.
//! Redirects are answers like any other: where they lead is not what was asked about.

use super::answer::{Answer, Failure};
use super::checker::USER_AGENT;
use super::drive::drive;
use crate::config::value::HttpCheck;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderValue, USER_AGENT as AGENT};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use memchr::memmem::Finder;
use tidegate_policy::StatusSet;
use tokio::io::{AsyncRead, AsyncWrite};

/// Longest head.
const HEAD: usize = 16 * 1024;
/// How much of a body is searched.
const BODY: usize = 64 * 1024;

/// The request and the answer that passes.
pub(super) struct Http1 {
    method: Method,
    uri: Uri,
    host: Option<HeaderValue>,
    statuses: StatusSet,
    /// The statuses, for people.
    wanted: String,
    body: Option<Box<Finder<'static>>>,
}

impl Http1 {
    pub fn new(check: &HttpCheck) -> Result<Self, String> {
        let uri = Uri::try_from(&check.path)
            .map_err(|error| format!("`{}` is no path: {error}", check.path))?;
        let host = check.host.as_ref().map(|host| {
            HeaderValue::try_from(host).map_err(|error| format!("`{host}` is no host: {error}"))
        });
        Ok(Self {
            method: check.method.clone(),
            uri,
            host: host.transpose()?,
            statuses: check.statuses,
            wanted: ranges(&check.statuses),
            body: check
                .body
                .as_ref()
                .map(|text| Box::new(Finder::new(text).into_owned())),
        })
    }

    pub fn question(&self, authority: &str) -> Request<()> {
        let host = self.host.clone().unwrap_or_else(|| {
            HeaderValue::try_from(authority).expect("an address is a field value")
        });
        let mut request = Request::new(());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        let fields = request.headers_mut();
        fields.insert(HOST, host);
        fields.insert(AGENT, HeaderValue::from_static(USER_AGENT));
        fields.insert(CONNECTION, HeaderValue::from_static("close"));
        if matches!(self.method, Method::POST | Method::PUT | Method::PATCH) {
            // Some refuse these without a length.
            fields.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        request
    }

    pub async fn exchange<S>(&self, stream: S, question: &Request<()>) -> Answer
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(HEAD)
            .handshake(TokioIo::new(stream))
            .await?;
        let request = question.clone().map(|()| Empty::<Bytes>::new());
        let answer = async move {
            let response = sender.send_request(request).await?;
            self.judge(response.status().as_u16(), response.into_body())
                .await
        };
        drive(connection, answer).await
    }

    async fn judge(&self, status: u16, body: Incoming) -> Answer {
        if !self.statuses.contains(status) {
            return Err(Failure::new(format!("{status} instead of {}", self.wanted)));
        }
        match &self.body {
            Some(text) if !contains(body, text).await? => Err(Failure::new(format!(
                "{status} without the text in the body"
            ))),
            _ => Ok(status.to_string().into()),
        }
    }
}

async fn contains(mut body: Incoming, text: &Finder<'_>) -> Result<bool, Failure> {
    // The end of what has been searched: the text may have begun there.
    let mut tail = Vec::new();
    let mut left = BODY;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        tail.extend_from_slice(&data[..data.len().min(left)]);
        if text.find(&tail).is_some() {
            return Ok(true);
        }
        left = left.saturating_sub(data.len());
        if left == 0 {
            break;
        }
        let keep = tail.len().min(text.needle().len().saturating_sub(1));
        tail.drain(..tail.len() - keep);
    }
    Ok(false)
}

/// "200-299, 304".
fn ranges(statuses: &StatusSet) -> String {
    let mut text = String::new();
    let mut status = 100;
    while status < 600 {
        let first = status;
        while statuses.contains(status) {
            status += 1;
        }
        if first < status {
            let comma = if text.is_empty() { "" } else { ", " };
            let last = status - 1;
            text += &match last - first {
                0 => format!("{comma}{first}"),
                _ => format!("{comma}{first}-{last}"),
            };
        }
        status += 1;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_written_as_ranges() {
        let text = |set: StatusSet| ranges(&set);
        assert_eq!(text(StatusSet::range(200, 299)), "200-299");
        assert_eq!(text(StatusSet::range(200, 200).with(404, 404)), "200, 404");
        assert_eq!(text(StatusSet::range(100, 599)), "100-599");
        assert_eq!(text(StatusSet::empty()), "");
    }
}
