//! A complete answer, and what the endpoint echoed in it.

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::HeaderMap;
use serde_json::Value;

/// A complete answer.
#[derive(Debug)]
pub struct Answer {
    pub(crate) head: hyper::http::response::Parts,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The status code.
    pub fn status(&self) -> u16 {
        self.head.status.as_u16()
    }

    /// Whether the status is 200.
    pub fn is_ok(&self) -> bool {
        self.head.status == StatusCode::OK
    }

    /// Name of the endpoint that answered; empty when none did.
    pub fn endpoint(&self) -> &str {
        self.header("x-endpoint").unwrap_or("")
    }

    /// The first value of a field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name)?.to_str().ok()
    }

    /// All fields.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The version of the answer's status line.
    pub fn version(&self) -> hyper::Version {
        self.head.version
    }

    /// The body's bytes.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not.
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(json) => json,
            Err(error) => panic!("{error} in {}", self.text()),
        }
    }

    /// For an answer of `/echo`: the values that the endpoint saw of a field.
    pub fn echoed(&self, name: &str) -> Vec<String> {
        let echo = self.json();
        let pairs = echo["headers"].as_array().into_iter().flatten();
        pairs
            .filter(|pair| pair[0].as_str() == Some(name))
            .filter_map(|pair| pair[1].as_str().map(str::to_owned))
            .collect()
    }
}
