//! What becomes of the service's reply.

use tidegate_sdk::config::EditableName;
use tidegate_sdk::prelude::*;

/// Fields that one answer may have, and their bytes.
const MAX_FIELDS: usize = 64;
const MAX_BYTES: usize = 16 << 10;

/// The fields of these names as the reply has them. What the client sent under these names goes,
/// whether the reply has them or not: a client must not be taken for whom the service did not name.
pub fn copy(names: &[EditableName], reply: &Reply) -> RequestEdits {
    let removed = names.iter().map(|name| HeaderEdit::remove(&**name));
    let copied = reply.headers.iter().filter_map(|(name, value)| {
        let listed = names
            .iter()
            .find(|listed| name.eq_ignore_ascii_case(listed))?;
        Some(HeaderEdit::append(&**listed, value.clone()))
    });
    removed
        .chain(copied)
        .fold(RequestEdits::new(), RequestEdits::edit)
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
