//! What a filter answered, checked. A plugin's word is hostile until it is parsed.

use crate::bindings::filters::exports::tidegate::plugin::filter as written;
use crate::bindings::tidegate::plugin::types;
use crate::callout::{MAX_BODY, Reply};
use crate::edits::{self, HeaderEdit};
use crate::error::{Fault, FaultKind};
use http::StatusCode;
use http::uri::PathAndQuery;

/// Attributes that one answer may set.
const MAX_ATTRIBUTES: usize = 32;
/// Bytes of their names and values.
const MAX_ATTRIBUTE_BYTES: usize = 8 << 10;
/// Bytes of a new target.
const MAX_TARGET: usize = 8 << 10;

/// What a filter wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Interest {
    pub request: bool,
    pub response: bool,
    pub request_body: BodyMode,
    pub response_body: BodyMode,
}

/// How a filter wants to see a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyMode {
    /// Not at all.
    Skip,
    /// Chunk by chunk.
    Streamed,
    /// Whole.
    Buffered,
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It goes on.
    Pass,
    /// It goes on with these edits.
    Edit(Box<RequestEdits>),
    /// It is answered.
    Answer(Reply),
}

/// Edits of a request.
#[derive(Clone, Debug, Default)]
pub struct RequestEdits {
    /// In this order.
    pub headers: Vec<HeaderEdit>,
    /// New path and query; begins with a slash.
    pub target: Option<PathAndQuery>,
    /// Name of another upstream; whether it exists is the embedder's to say.
    pub upstream: Option<String>,
    /// At most 32, 8 KiB together.
    pub attributes: Vec<(String, String)>,
}

/// Edits of a response.
#[derive(Clone, Debug, Default)]
pub struct ResponseEdits {
    /// 200 to 599.
    pub status: Option<StatusCode>,
    /// In this order.
    pub headers: Vec<HeaderEdit>,
}

/// What becomes of a piece of a body.
#[derive(Clone, Debug)]
pub enum BodyVerdict {
    /// It goes on.
    Pass,
    /// This goes on instead.
    Replace(Vec<u8>),
    /// The exchange ends with this, if it still can.
    Abort(Reply),
}

impl From<written::Interest> for Interest {
    fn from(interest: written::Interest) -> Self {
        let mode = |mode| match mode {
            written::BodyMode::Skip => BodyMode::Skip,
            written::BodyMode::Streamed => BodyMode::Streamed,
            written::BodyMode::Buffered => BodyMode::Buffered,
        };
        Self {
            request: interest.request,
            response: interest.response,
            request_body: mode(interest.request_body),
            response_body: mode(interest.response_body),
        }
    }
}

pub(super) fn verdict(verdict: written::Verdict) -> Result<Verdict, Fault> {
    Ok(match verdict {
        written::Verdict::Pass => Verdict::Pass,
        written::Verdict::Edit(edits) => Verdict::Edit(Box::new(request_edits(edits)?)),
        written::Verdict::Answer(answer) => Verdict::Answer(reply(answer)?),
    })
}

fn request_edits(written: written::RequestEdits) -> Result<RequestEdits, Fault> {
    let target = written.path_and_query.map(target).transpose()?;
    let bytes = written.attributes.iter();
    let bytes: usize = bytes.map(|(name, value)| name.len() + value.len()).sum();
    if written.attributes.len() > MAX_ATTRIBUTES || bytes > MAX_ATTRIBUTE_BYTES {
        return Err(refused(format!(
            "{} attributes of {bytes} bytes; at most {MAX_ATTRIBUTES}, of {MAX_ATTRIBUTE_BYTES}",
            written.attributes.len()
        )));
    }
    Ok(RequestEdits {
        headers: headers(written.headers)?,
        target,
        upstream: written.upstream,
        attributes: written.attributes,
    })
}

pub(super) fn response_edits(written: written::ResponseEdits) -> Result<ResponseEdits, Fault> {
    Ok(ResponseEdits {
        status: written.status.map(status).transpose()?,
        headers: headers(written.headers)?,
    })
}

pub(super) fn body(verdict: written::BodyVerdict, bound: usize) -> Result<BodyVerdict, Fault> {
    Ok(match verdict {
        written::BodyVerdict::Pass => BodyVerdict::Pass,
        written::BodyVerdict::Replace(bytes) if bytes.len() > bound => {
            return Err(refused(format!(
                "a piece of {} bytes; at most {bound}",
                bytes.len()
            )));
        }
        written::BodyVerdict::Replace(bytes) => BodyVerdict::Replace(bytes),
        written::BodyVerdict::Abort(answer) => BodyVerdict::Abort(reply(answer)?),
    })
}

fn reply(written: types::Reply) -> Result<Reply, Fault> {
    if written.body.len() > MAX_BODY {
        return Err(refused(format!(
            "a reply of {} bytes; at most {MAX_BODY}",
            written.body.len()
        )));
    }
    let headers =
        edits::fields(written.headers).map_err(|problem| Fault::new(FaultKind::Edit, problem))?;
    Ok(Reply {
        status: status(written.status)?,
        headers,
        body: written.body,
    })
}

fn headers(edits: Vec<types::HeaderEdit>) -> Result<Vec<HeaderEdit>, Fault> {
    edits::parse(edits).map_err(|problem| Fault::new(FaultKind::Edit, problem))
}

fn status(status: u16) -> Result<StatusCode, Fault> {
    let known = StatusCode::from_u16(status).ok();
    known
        .filter(|known| (200..600).contains(&known.as_u16()))
        .ok_or_else(|| refused(format!("the status {status}; 200 to 599 can be given")))
}

fn target(text: String) -> Result<PathAndQuery, Fault> {
    let shown: String = text.chars().take(100).collect();
    let fits = text.starts_with('/') && text.len() <= MAX_TARGET && !text.contains('#');
    let parsed = fits.then(|| PathAndQuery::try_from(text).ok()).flatten();
    parsed.ok_or_else(|| {
        refused(format!(
            "`{}` is not a path and query that can be sent",
            shown.escape_debug()
        ))
    })
}

fn refused(message: String) -> Fault {
    Fault::new(FaultKind::Answer, message)
}
