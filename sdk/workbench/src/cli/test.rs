//! `tidegate plugin test`.

use crate::output::Output;
use anyhow::{Result, bail};
use std::process::ExitCode;

/// Arguments of `tidegate plugin test`.
#[derive(clap::Args)]
pub(super) struct Arguments {}

pub(super) fn run(_: &Arguments, _: Output) -> Result<ExitCode> {
    bail!("`tidegate plugin test` is not there yet")
}
