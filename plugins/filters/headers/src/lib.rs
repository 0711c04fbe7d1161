//! Sets, adds and removes header fields.
//!
//! ```yaml
//! filters:
//!   - plugin: headers
//!     config:
//!       request:                            # what the endpoint gets
//!         remove: [x-debug]
//!         set: { x-proxy: tidegate }        # replaces every value
//!         append: { x-seen: a }             # adds one more value
//!       response:                           # what the client gets
//!         set: { strict-transport-security: max-age=63072000 }
//!         append: { link: [</a.css>; rel=preload, </b.js>; rel=preload] }
//! ```
//!
//! Each part is optional, and so is each of its keys; a part that changes nothing is not called.
//! First fields are removed, then set, then appended, so that a field may be in more than one of
//! them. A value is text, or a list of values for `append`. The answers of the host and of later
//! filters get the response's fields too; those of a filter before this one do when this one has no
//! `request`.
//!
//! Fields that frame a message or belong to a connection, and `host`, are the proxy's and are
//! refused.

use std::collections::BTreeMap;

use serde::Deserialize;
use tidegate_sdk::config::{EditableName, FieldValue};
use tidegate_sdk::prelude::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    request: Part,
    #[serde(default)]
    response: Part,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Part {
    set: BTreeMap<EditableName, FieldValue>,
    append: BTreeMap<EditableName, Values>,
    remove: Vec<EditableName>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "text, or a list of texts (put a number in quotes)"
)]
enum Values {
    One(FieldValue),
    Several(Vec<FieldValue>),
}

struct Headers {
    request: Vec<HeaderEdit>,
    response: Vec<HeaderEdit>,
}

impl Filter for Headers {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        let request = config.request.edits("request")?;
        let response = config.response.edits("response")?;
        if request.is_empty() && response.is_empty() {
            return Err("nothing is changed: write `request` or `response`, \
                 each with `set`, `append` or `remove`"
                .to_owned());
        }
        Ok(Headers { request, response })
    }

    fn interest(&self) -> Interest {
        Interest {
            request: !self.request.is_empty(),
            response: !self.response.is_empty(),
            ..Interest::NOTHING
        }
    }

    fn on_request(&mut self) -> Verdict {
        let edits = self.request.iter().cloned();
        edits.fold(RequestEdits::new(), RequestEdits::edit).into()
    }

    fn on_response(&mut self) -> Option<ResponseEdits> {
        let edits = self.response.iter().cloned();
        Some(edits.fold(ResponseEdits::new(), ResponseEdits::edit))
    }
}

impl Part {
    fn edits(self, key: &str) -> Result<Vec<HeaderEdit>, String> {
        let removed = self.remove.iter().map(|name| HeaderEdit::remove(&**name));
        let set = self.set.iter();
        let set = set.map(|(name, value)| HeaderEdit::set(&**name, &**value));
        let appended = self.append.iter().flat_map(|(name, values)| {
            let values = values.as_slice().iter();
            values.map(|value| HeaderEdit::append(&**name, &**value))
        });
        let edits: Vec<HeaderEdit> = removed.chain(set).chain(appended).collect();
        bounded(&edits).map_err(|problem| format!("{key}: {problem}"))?;
        Ok(edits)
    }
}

impl Values {
    fn as_slice(&self) -> &[FieldValue] {
        match self {
            Values::One(value) => std::slice::from_ref(value),
            Values::Several(values) => values,
        }
    }
}

/// More than this in one answer is a fault.
fn bounded(edits: &[HeaderEdit]) -> Result<(), String> {
    const FIELDS: usize = 64;
    const BYTES: usize = 16 << 10;
    let bytes = edits.iter().map(|edit| match edit {
        HeaderEdit::Set((name, value)) | HeaderEdit::Append((name, value)) => {
            name.len() + value.len()
        }
        HeaderEdit::Remove(name) => name.len(),
    });
    match (edits.len(), bytes.sum::<usize>()) {
        (count, _) if count > FIELDS => Err(format!(
            "{count} changes are too many: at most {FIELDS}, or use the filter twice"
        )),
        (_, bytes) if bytes > BYTES => Err(format!(
            "{bytes} bytes are too many: at most {BYTES}, or use the filter twice"
        )),
        _ => Ok(()),
    }
}

export_filter!(Headers);

#[cfg(test)]
mod tests;
