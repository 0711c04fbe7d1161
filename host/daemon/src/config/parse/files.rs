//! Lists of endpoints in files of their own. Each is read once, whoever refers to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::endpoint::{Found, found};
use super::path;
use crate::config::Outside;
use crate::config::problem::Report;
use crate::config::read::checked::Checked;
use crate::config::read::read;
use crate::config::written::EndpointItem;

pub(super) struct Files<'a> {
    /// Paths are relative to it.
    directory: &'a Path,
    outside: &'a Outside<'a>,
    /// What was found in each, or why it could not be read.
    read: BTreeMap<PathBuf, Result<Rc<Found>, String>>,
}

impl<'a> Files<'a> {
    pub(super) fn new(directory: &'a Path, outside: &'a Outside<'a>) -> Self {
        Self {
            directory,
            outside,
            read: BTreeMap::new(),
        }
    }

    /// The directory that paths are relative to.
    pub(super) fn directory(&self) -> &'a Path {
        self.directory
    }

    /// The endpoints in the file that is named here; nothing if it could not be read, which
    /// is reported.
    pub(super) fn endpoints(
        &mut self,
        written: Checked<PathBuf>,
        report: &Report,
    ) -> Option<Rc<Found>> {
        let spot = written.spot.clone();
        let path = path(Some(written), self.directory, report)?;
        let outside = self.outside;
        let list = self
            .read
            .entry(path)
            .or_insert_with_key(|path| load(path, outside, report));
        match list {
            Ok(list) => Some(list.clone()),
            Err(message) => {
                report.refuse(
                    &spot,
                    message.as_str(),
                    "write the path of a file with a list of endpoints, relative to this file",
                );
                None
            }
        }
    }

    /// Each file once.
    pub(super) fn into_paths(self) -> Vec<PathBuf> {
        self.read.into_keys().collect()
    }
}

/// A discovery that has lost everything leaves an empty list or no file at all. Both are
/// problems, so that it cannot take an upstream away.
fn load(path: &Path, outside: &Outside<'_>, report: &Report) -> Result<Rc<Found>, String> {
    let text = (outside.text)(path).map_err(|message| {
        // The path comes from the file: in one line, but whole.
        let path = path.display().to_string();
        format!("cannot read `{}`: {message}", path.escape_debug())
    })?;
    let of_file = Report::new(path);
    let list = read::<Checked<Vec<Checked<EndpointItem>>>>(
        &text,
        "it needs a list of endpoints",
        outside.environment,
        &of_file,
    );
    let list = list.map_or_else(Found::default, |list| found(list, &of_file));
    report.absorb(of_file);
    Ok(Rc::new(list))
}
