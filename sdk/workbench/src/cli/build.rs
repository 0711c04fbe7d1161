//! `tidegate plugin build`.

use crate::output::Output;
use anyhow::{Result, bail};
use std::process::ExitCode;

/// Arguments of `tidegate plugin build`.
#[derive(clap::Args)]
pub(super) struct Arguments {}

pub(super) fn run(_: &Arguments, _: Output) -> Result<ExitCode> {
    bail!("`tidegate plugin build` is not there yet")
}
