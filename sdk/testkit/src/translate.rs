//! Between the types that a plugin has of the contract and those that the sandbox has.

use http::{HeaderName, HeaderValue};
use tidegate_runtime as runtime;
use tidegate_sdk::{Choice, Endpoint, HeaderEdit};

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
