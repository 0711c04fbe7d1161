//! Calls out of a filter, checked; who makes them is the embedder's.

use crate::bindings::filters::tidegate::plugin::http_client as written;
use crate::edits;
use crate::limits::Limits;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, StatusCode};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// Calls out that one call of a filter may make.
pub(crate) const MAX_CALLOUTS: u32 = 8;
/// Bytes of a request's or a reply's body.
pub const MAX_BODY: usize = 1 << 20;

/// A request that a filter may make.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Name of an upstream, granted.
    pub upstream: String,
    /// Any method but `CONNECT`.
    pub method: Method,
    /// Begins with a slash.
    pub target: PathAndQuery,
    /// No framing and no hop-by-hop fields. `host` may be among them.
    pub headers: HeaderMap,
    /// At most [`MAX_BODY`].
    pub body: Vec<u8>,
    /// Bound of the whole.
    pub timeout: Duration,
}

/// A whole response: made by a filter, or got by one.
#[derive(Clone, Debug)]
pub struct Reply {
    /// 200 to 599.
    pub status: StatusCode,
    /// No framing and no hop-by-hop fields.
    pub headers: HeaderMap,
    /// At most [`MAX_BODY`].
    pub body: Vec<u8>,
}

/// Why a call out has no answer; see `http-client` in `wit/host.wit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum CalloutFailure {
    Denied,
    TimedOut,
    Unavailable,
    TooLarge,
    Invalid,
}

/// The answer to come.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Result<Reply, CalloutFailure>> + Send + 'a>>;

/// Makes calls out, through whatever pools and policies there are.
pub trait Callouts: Send + Sync + 'static {
    /// Makes one. Answers within its timeout.
    fn send(&self, request: Outgoing) -> Answering<'_>;
}

/// What a guest wants sent, checked against its grant.
pub(crate) fn check(
    written: written::Outgoing,
    limits: &Limits,
) -> Result<Outgoing, CalloutFailure> {
    if !limits.http.contains(&written.upstream) {
        return Err(CalloutFailure::Denied);
    }
    if written.body.len() > MAX_BODY {
        return Err(CalloutFailure::TooLarge);
    }
    let invalid = CalloutFailure::Invalid;
    let method = Method::from_bytes(written.method.as_bytes()).map_err(|_| invalid)?;
    if method == Method::CONNECT || !written.path_and_query.starts_with('/') {
        return Err(invalid);
    }
    let target = PathAndQuery::try_from(written.path_and_query).map_err(|_| invalid)?;
    let mut host = None;
    let mut fields = Vec::with_capacity(written.headers.len());
    for (name, value) in written.headers {
        if name.eq_ignore_ascii_case("host") {
            host = Some(http::HeaderValue::from_bytes(&value).map_err(|_| invalid)?);
        } else {
            fields.push((name, value));
        }
    }
    let mut headers = edits::fields(fields).map_err(|_| invalid)?;
    if let Some(host) = host {
        headers.insert(http::header::HOST, host);
    }
    let timeout = Duration::from_millis(written.timeout.max(1).into());
    Ok(Outgoing {
        upstream: written.upstream,
        method,
        target,
        headers,
        body: written.body,
        timeout: timeout.min(limits.callout_timeout),
    })
}

/// The reply as a guest reads it. Fields that a guest could not be given are not in it.
pub(crate) fn reply(
    reply: Reply,
) -> Result<crate::bindings::tidegate::plugin::types::Reply, CalloutFailure> {
    if reply.body.len() > MAX_BODY {
        return Err(CalloutFailure::TooLarge);
    }
    let fields = reply.headers.iter();
    Ok(crate::bindings::tidegate::plugin::types::Reply {
        status: reply.status.as_u16(),
        headers: fields
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect(),
        body: reply.body,
    })
}

impl From<CalloutFailure> for written::Failure {
    fn from(failure: CalloutFailure) -> Self {
        match failure {
            CalloutFailure::Denied => Self::Denied,
            CalloutFailure::TimedOut => Self::TimedOut,
            CalloutFailure::Unavailable => Self::Unavailable,
            CalloutFailure::TooLarge => Self::TooLarge,
            CalloutFailure::Invalid => Self::Invalid,
        }
    }
}
