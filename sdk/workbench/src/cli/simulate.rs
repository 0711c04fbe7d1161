//! `tidegate plugin simulate`.

use crate::output::Output;
use anyhow::{Result, bail};
use std::process::ExitCode;

/// Arguments of `tidegate plugin simulate`.
#[derive(clap::Args)]
pub(super) struct Arguments {}

pub(super) fn run(_: &Arguments, _: Output) -> Result<ExitCode> {
    bail!("`tidegate plugin simulate` is not there yet")
}
