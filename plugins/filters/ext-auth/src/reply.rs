//! What becomes of the service's reply.

use tidegate_sdk::config::EditableName;
use tidegate_sdk::prelude::*;

/// Fields that one answer may have, and their bytes.
const MAX_FIELDS: usize = 64;
const MAX_BYTES: usize = 16 << 10;

/// The fields of these names as the reply has them. What the client sent under these names goes,
/// whether the reply has them or not: a client must not be taken for whom the service did not name.
/// None when it is more than one answer can hold.
pub fn copy(names: &[EditableName], reply: &Reply) -> Option<RequestEdits> {
    let copied = reply.headers.iter().filter_map(|(name, value)| {
        let listed = names
            .iter()
            .find(|listed| name.eq_ignore_ascii_case(listed))?;
        Some((&**listed, value.clone()))
    });
    let copied: Vec<(&str, Vec<u8>)> = copied.collect();
    let removed: usize = names.iter().map(|name| name.len()).sum();
    let bytes: usize = copied
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if names.len() + copied.len() > MAX_FIELDS || removed + bytes > MAX_BYTES {
        return None;
    }
    let edits = copied
        .into_iter()
        .fold(without(names), |edits, (name, value)| {
            edits.append(name, value)
        });
    Some(edits)
}

/// Without the fields of these names.
pub fn without(names: &[EditableName]) -> RequestEdits {
    let names = names.iter().map(|name| &**name);
    names.fold(RequestEdits::new(), RequestEdits::remove)
}

/// The reply without what is between the proxy and the service, and what one answer cannot hold.
pub fn for_client(mut reply: Reply) -> Reply {
    reply
        .headers
        .retain(|(name, _)| EditableName::parse(name).is_ok());
    reply.headers.truncate(MAX_FIELDS);
    let mut bytes = 0;
    reply.headers.retain(|(name, value)| {
        let size = name.len() + value.len();
        let fits = bytes + size <= MAX_BYTES;
        bytes += if fits { size } else { 0 };
        fits
    });
    reply
}
