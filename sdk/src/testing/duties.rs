//! What the real host calls a fault of a filter, as far as one filter can be judged alone.

use super::fields::Field;
use crate::config::Target;
use crate::{HeaderEdit, Reply, RequestEdits, ResponseEdits, fields};

const MAX_FIELDS: usize = 64;
const MAX_FIELD_BYTES: usize = 16 << 10;
const MAX_ATTRIBUTES: usize = 32;
const MAX_ATTRIBUTE_BYTES: usize = 8 << 10;
/// Of a reply, and of a request and a reply of a callout.
pub(super) const MAX_BODY: usize = 1 << 20;

/// Edits of a request. What attributes come to over the exchange is [`attributes`]' to judge.
pub(super) fn request_edits(edits: &RequestEdits) -> Result<(), String> {
    header_edits(&edits.headers)?;
    match &edits.path_and_query {
        Some(target) => Target::parse(target).map(|_| ()),
        None => Ok(()),
    }
}

pub(super) fn response_edits(edits: &ResponseEdits) -> Result<(), String> {
    edits.status.map_or(Ok(()), status)?;
    header_edits(&edits.headers)
}

pub(super) fn reply(reply: &Reply) -> Result<(), String> {
    status(reply.status)?;
    all_fields(
        reply
            .headers
            .iter()
            .map(|(name, value)| (&**name, &**value)),
    )?;
    match reply.body.len() {
        ..=MAX_BODY => Ok(()),
        length => Err(format!("a body of {length} bytes; at most {MAX_BODY}")),
    }
}

/// All attributes of an exchange.
pub(super) fn attributes(attributes: &[(String, String)]) -> Result<(), String> {
    let bytes = attributes
        .iter()
        .map(|(name, value)| name.len() + value.len());
    let bytes: usize = bytes.sum();
    match attributes.len() {
        count if count > MAX_ATTRIBUTES => {
            Err(format!("{count} attributes; at most {MAX_ATTRIBUTES}"))
        }
        _ if bytes > MAX_ATTRIBUTE_BYTES => Err(format!(
            "attributes of {bytes} bytes; at most {MAX_ATTRIBUTE_BYTES}"
        )),
        _ => Ok(()),
    }
}

/// The fields of a callout: `host` is its own.
pub(super) fn outgoing_fields(fields: &[Field]) -> Result<(), String> {
    let others = fields
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("host"));
    all_fields(others.map(|(name, value)| (&**name, &**value)))
}

fn header_edits(edits: &[HeaderEdit]) -> Result<(), String> {
    all_fields(edits.iter().map(|edit| match edit {
        HeaderEdit::Set((name, value)) | HeaderEdit::Append((name, value)) => (&**name, &**value),
        HeaderEdit::Remove(name) => (&**name, &b""[..]),
    }))
}

fn all_fields<'a>(fields: impl Iterator<Item = (&'a str, &'a [u8])>) -> Result<(), String> {
    let (mut count, mut bytes) = (0, 0);
    for (name, value) in fields {
        fields::editable(name)?;
        fields::value(name, value)?;
        count += 1;
        bytes += name.len() + value.len();
    }
    match count {
        count if count > MAX_FIELDS => Err(format!("{count} fields; at most {MAX_FIELDS}")),
        _ if bytes > MAX_FIELD_BYTES => Err(format!(
            "fields of {bytes} bytes; at most {MAX_FIELD_BYTES}"
        )),
        _ => Ok(()),
    }
}

fn status(status: u16) -> Result<(), String> {
    match status {
        200..=599 => Ok(()),
        _ => Err(format!("{status} is not a status from 200 to 599")),
    }
}
