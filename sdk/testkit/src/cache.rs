//! Where compiled components are kept between two processes, and how much of them.
//!
//! A component of an interpreted language takes seconds to compile and tens of megabytes, and an
//! author builds one after the other: without a bound the disk would fill with what nobody will
//! load again.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs, io};

/// Bytes that may lie there when a process begins; above it the oldest go.
const MOST: u64 = 1 << 30;
/// What is left of them then.
const LEFT: u64 = MOST / 2;

/// The user's own directory for such things (XDG Base Directory Specification, 0.8), where there
/// is one.
pub(crate) fn directory() -> Option<PathBuf> {
    let named = |name| env::var_os(name).filter(|value| !value.is_empty());
    let base = named("XDG_CACHE_HOME").map(PathBuf::from);
    let base = base.or_else(|| Some(PathBuf::from(named("HOME")?).join(".cache")))?;
    let directory = base.join("tidegate/components");
    // One that is not there, or cannot be cleaned, is no reason not to go on.
    let _ = prune(&directory, MOST, LEFT);
    Some(directory)
}

/// Removes the oldest files when all have more than `most` bytes, until at most `left` are there.
fn prune(directory: &Path, most: u64, left: u64) -> io::Result<()> {
    let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_file() {
            files.push((metadata.modified()?, metadata.len(), entry.path()));
        }
    }
    let mut sum: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
    if sum <= most {
        return Ok(());
    }
    files.sort();
    for (_, bytes, path) in files {
        if sum <= left {
            break;
        }
        // Another process may have been quicker.
        if fs::remove_file(path).is_ok() {
            sum -= bytes;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_oldest_go_when_there_are_too_many() {
        let here = tempfile::tempdir().unwrap();
        for age in 1..=5 {
            let path = here.path().join(age.to_string());
            fs::write(&path, [0; 100]).unwrap();
            let then = SystemTime::now() - Duration::from_secs(age);
            fs::File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_modified(then)
                .unwrap();
        }
        prune(here.path(), 500, 200).unwrap();
        assert_eq!(
            fs::read_dir(here.path()).unwrap().count(),
            5,
            "there is room"
        );
        prune(here.path(), 499, 200).unwrap();
        let mut left: Vec<_> = fs::read_dir(here.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["1", "2"]);
    }
}
