//! From what happened to what can be tried: an access log or a record of faults becomes a
//! scenario, and an access log the arrivals of a simulation.

mod log;
mod scenario;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::json;

pub use log::{Line, Skipped, read};
pub use scenario::{of_faults, of_lines};

/// The last faults of a plugin, as `GET /plugins/NAME/faults` of the proxy tells them.
#[derive(Debug, Deserialize)]
pub struct Faults {
    /// Name of the plugin.
    pub plugin: String,
    /// The latest first.
    pub faults: Vec<Fault>,
}

/// One fault.
#[derive(Debug, Deserialize)]
pub struct Fault {
    pub(crate) call: String,
    pub(crate) kind: String,
    pub(crate) message: String,
    pub(crate) inputs: Inputs,
}

/// What a call was about, as far as the proxy keeps it: values of fields are not.
#[derive(Debug, Deserialize)]
pub(crate) struct Inputs {
    pub(crate) method: String,
    pub(crate) authority: String,
    pub(crate) target: String,
    pub(crate) client: String,
    pub(crate) route: String,
    pub(crate) attempt: u32,
    pub(crate) fields: Vec<String>,
    pub(crate) chunk_bytes: Option<usize>,
}

/// A record of faults, if that is what the text is.
///
/// # Errors
/// When it is one of no fault, or half of one.
pub fn faults(text: &str) -> Result<Option<Faults>> {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else {
        return Ok(None);
    };
    if value.get("faults").is_none() {
        return Ok(None);
    }
    let faults: Faults = serde_json::from_value(value).context("a record of faults")?;
    if faults.faults.is_empty() {
        bail!("the record has no faults: there is nothing to replay");
    }
    Ok(Some(faults))
}

/// The arrivals of a simulation: a JSON object a line, as `arrivals: { recorded: { file: … } }`
/// of a workload takes it.
pub fn arrivals(lines: &[Line]) -> String {
    let Some(first) = lines.iter().map(|line| line.at).min() else {
        return String::new();
    };
    let mut lines: Vec<&Line> = lines.iter().collect();
    lines.sort_by_key(|line| line.at);
    let record = |line: &&Line| {
        let at = (line.at - first).as_secs_f64();
        let record = json!({ "at": at, "client": line.client, "path": line.path });
        format!("{record}\n")
    };
    lines.iter().map(record).collect()
}
