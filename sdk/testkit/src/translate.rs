//! Between the types that a plugin has of the contract and those that the sandbox has.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::time::Duration;
use tidegate_runtime::{self as runtime, CalloutFailure};
use tidegate_sdk::http_client::Outgoing;
use tidegate_sdk::{
    BodyMode, BodyVerdict, Choice, Endpoint, HeaderEdit, Interest, Reply, RequestEdits,
    ResponseEdits, Verdict,
};

pub(crate) fn endpoint(endpoint: &Endpoint) -> runtime::Endpoint {
    let Endpoint {
        id,
        address,
        weight,
        zone,
        labels,
        draining,
    } = endpoint.clone();
    runtime::Endpoint {
        id,
        address,
        weight,
        zone,
        labels,
        draining,
    }
}

pub(crate) fn choice(choice: runtime::Choice) -> Choice {
    Choice {
        index: choice.index,
        response_edits: choice.response_edits.into_iter().map(edit).collect(),
    }
}

fn edit(edit: runtime::HeaderEdit) -> HeaderEdit {
    let field = |name: HeaderName, value: HeaderValue| {
        (name.as_str().to_owned(), value.as_bytes().to_vec())
    };
    match edit {
        runtime::HeaderEdit::Set(name, value) => HeaderEdit::Set(field(name, value)),
        runtime::HeaderEdit::Append(name, value) => HeaderEdit::Append(field(name, value)),
        runtime::HeaderEdit::Remove(name) => HeaderEdit::Remove(name.as_str().to_owned()),
    }
}

pub(crate) fn interest(interest: runtime::Interest) -> Interest {
    let mode = |mode| match mode {
        runtime::BodyMode::Skip => BodyMode::Skip,
        runtime::BodyMode::Streamed => BodyMode::Streamed,
        runtime::BodyMode::Buffered => BodyMode::Buffered,
    };
    Interest {
        request: interest.request,
        response: interest.response,
        request_body: mode(interest.request_body),
        response_body: mode(interest.response_body),
    }
}

pub(crate) fn verdict(verdict: runtime::Verdict) -> Verdict {
    match verdict {
        runtime::Verdict::Pass => Verdict::Pass,
        runtime::Verdict::Edit(edits) => Verdict::Edit(RequestEdits {
            headers: edits.headers.into_iter().map(edit).collect(),
            path_and_query: edits.target.map(|target| target.as_str().to_owned()),
            upstream: edits.upstream,
            attributes: edits.attributes,
        }),
        runtime::Verdict::Answer(answer) => Verdict::Answer(given(answer)),
    }
}

pub(crate) fn response_edits(edits: runtime::ResponseEdits) -> ResponseEdits {
    ResponseEdits {
        status: edits.status.map(|status| status.as_u16()),
        headers: edits.headers.into_iter().map(edit).collect(),
    }
}

pub(crate) fn body(verdict: runtime::BodyVerdict) -> BodyVerdict {
    match verdict {
        runtime::BodyVerdict::Pass => BodyVerdict::Pass,
        runtime::BodyVerdict::Replace(bytes) => BodyVerdict::Replace(bytes),
        runtime::BodyVerdict::Abort(answer) => BodyVerdict::Abort(given(answer)),
    }
}

pub(crate) fn outgoing(request: runtime::Outgoing) -> Outgoing {
    let timeout = request.timeout.min(Duration::from_secs(3_600)).as_millis();
    Outgoing {
        upstream: request.upstream,
        method: request.method.as_str().to_owned(),
        path_and_query: request.target.as_str().to_owned(),
        headers: fields(&request.headers),
        body: request.body,
        timeout: u32::try_from(timeout).unwrap_or(u32::MAX),
    }
}

/// What a test says an upstream answers; as in the proxy, what is no response is no answer.
pub(crate) fn reply(reply: Reply) -> Result<runtime::Reply, CalloutFailure> {
    let mut headers = HeaderMap::new();
    for (name, value) in reply.headers {
        let name = HeaderName::try_from(name).map_err(|_| CalloutFailure::Unavailable)?;
        let value = HeaderValue::from_bytes(&value).map_err(|_| CalloutFailure::Unavailable)?;
        headers.append(name, value);
    }
    Ok(runtime::Reply {
        status: reply
            .status
            .try_into()
            .map_err(|_| CalloutFailure::Unavailable)?,
        headers,
        body: reply.body,
    })
}

fn given(reply: runtime::Reply) -> Reply {
    Reply {
        status: reply.status.as_u16(),
        headers: fields(&reply.headers),
        body: reply.body,
    }
}

fn fields(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let fields = headers.iter();
    fields
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect()
}
