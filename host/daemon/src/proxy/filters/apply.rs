//! Edits of a filter, applied to the heads. Everything was checked before.

use super::ask;
use crate::proxy::Exchange;
use crate::proxy::fault::Fault;
use crate::snapshot::FilterUse;
use crate::telemetry::{Deed, Phase};
use bytes::Bytes;
use http::{StatusCode, header};
use pingora::http::{RequestHeader, ResponseHeader};
use tidegate_runtime::{HeaderEdit, RequestEdits, ResponseEdits};

/// Attributes that one exchange may have.
const MAX_ATTRIBUTES: usize = 32;
/// Bytes of their names and values.
const MAX_ATTRIBUTE_BYTES: usize = 8 << 10;

/// Applies all edits of a request, or none.
pub(super) fn request(
    exchange: &mut Exchange,
    filter: &FilterUse,
    head: &mut RequestHeader,
    edits: RequestEdits,
) -> Result<(), Fault> {
    let RequestEdits {
        headers,
        target,
        upstream,
        attributes,
    } = edits;
    let refuse = |exchange: &mut Exchange, message| {
        ask::refuse_answer(exchange, filter, Phase::OnRequest, message)
    };
    let rerouted = match upstream {
        None => None,
        Some(name) => match exchange.snapshot.upstreams.get(&name) {
            Some(upstream) => Some(upstream.clone()),
            None => return refuse(exchange, format!("there is no upstream `{name}`")),
        },
    };
    if !attributes.is_empty() {
        let view = exchange.view.as_mut().ok_or(Fault::Internal)?;
        if !view.set_attributes(attributes, MAX_ATTRIBUTES, MAX_ATTRIBUTE_BYTES) {
            let message = format!(
                "more than {MAX_ATTRIBUTES} attributes, or {MAX_ATTRIBUTE_BYTES} bytes of them"
            );
            return refuse(exchange, message);
        }
    }
    let internal = |_| Fault::Internal;
    for edit in headers {
        match edit {
            HeaderEdit::Set(name, value) => head.insert_header(name, value).map_err(internal)?,
            HeaderEdit::Append(name, value) => {
                head.append_header(name, value).map_err(internal)?;
            }
            HeaderEdit::Remove(name) => {
                head.remove_header(&name);
            }
        }
    }
    if let Some(target) = target {
        let before = Bytes::copy_from_slice(head.raw_path());
        exchange.passage.target.get_or_insert(before);
        head.set_raw_path(target.as_str().as_bytes())
            .map_err(internal)?;
    }
    if let Some(upstream) = rerouted {
        exchange.reroute(upstream);
    }
    filter.warden.series().deed(Deed::Edit);
    Ok(())
}

/// Applies edits of a response's fields.
///
/// # Errors
/// Only when there is no room for one more field.
pub fn edit_response(
    head: &mut ResponseHeader,
    edits: impl IntoIterator<Item = HeaderEdit>,
) -> pingora::Result<()> {
    for edit in edits {
        match edit {
            HeaderEdit::Set(name, value) => head.insert_header(name, value)?,
            HeaderEdit::Append(name, value) => {
                head.append_header(name, value)?;
            }
            HeaderEdit::Remove(name) => {
                head.remove_header(&name);
            }
        }
    }
    Ok(())
}

/// Applies edits of a response. A status decides whether there is a body (RFC 9110, 6.4.1):
/// one that forbids it does not take the place of one that allows it.
pub(super) fn response(head: &mut ResponseHeader, edits: ResponseEdits) -> pingora::Result<bool> {
    if let Some(status) = edits.status {
        match (bodiless(head.status), bodiless(status)) {
            (false, true) => return Ok(false),
            (true, false) => head.insert_header(header::CONTENT_LENGTH, 0)?,
            _ => {}
        }
        head.set_status(status)?;
    }
    edit_response(head, edits.headers)?;
    Ok(true)
}

/// Whether responses of that status end with their head.
pub(super) fn bodiless(status: StatusCode) -> bool {
    status.is_informational()
        || matches!(
            status,
            StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
        )
}
