//! Header fields: names in lower case, in the order of the wire.

use crate::HeaderEdit;

pub(crate) type Field = (String, Vec<u8>);

/// First value of a field.
pub(crate) fn first<'a>(fields: &'a [Field], name: &str) -> Option<&'a [u8]> {
    fields
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_slice())
}

/// Changes the fields, in the order of the edits.
pub(super) fn apply(fields: &mut Vec<Field>, edits: &[HeaderEdit]) {
    for edit in edits {
        if let HeaderEdit::Set((name, _)) | HeaderEdit::Remove(name) = edit {
            fields.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        }
        if let HeaderEdit::Set((name, value)) | HeaderEdit::Append((name, value)) = edit {
            fields.push((name.to_ascii_lowercase(), value.clone()));
        }
    }
}
