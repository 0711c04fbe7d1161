//! From the text of a file to the structures of [`super::written`], keeping the place of
//! every value and reporting every problem instead of the first one.
//!
//! Three steps: [`yaml`] reads the text into a tree of [`node::Node`]s, [`environment`]
//! replaces `${NAME}` in its scalars, and [`de`] is a serde deserializer over the tree.

pub(super) mod checked;
mod de;
mod environment;
mod error;
mod fields;
mod node;
mod planned;
mod yaml;

use serde::de::DeserializeOwned;

use super::problem::Report;

pub(super) use error::Refusal;

/// The file as written, or nothing if not even its outline could be read. Every problem is
/// in `report`; `needed` says what a file without anything in it lacks.
pub(super) fn read<T: DeserializeOwned>(
    text: &str,
    needed: &str,
    environment: &dyn Fn(&str) -> Option<String>,
    report: &Report,
) -> Option<T> {
    let mut root = yaml::parse(text, report)?;
    if matches!(root.kind, node::Kind::Nothing) {
        let spot = root.spot(String::new());
        report.refuse(&spot, "the file is empty", needed);
        return None;
    }
    environment::expand(&mut root, environment, report);
    match T::deserialize(de::De::root(&root, report)) {
        Ok(file) => Some(file),
        Err(error) => {
            error.record(report);
            None
        }
    }
}
