//! `tidegate plugin inspect`.

use crate::output::Output;
use anyhow::{Result, bail};
use std::process::ExitCode;

/// Arguments of `tidegate plugin inspect`.
#[derive(clap::Args)]
pub(super) struct Arguments {}

pub(super) fn run(_: &Arguments, _: Output) -> Result<ExitCode> {
    bail!("`tidegate plugin inspect` is not there yet")
}
