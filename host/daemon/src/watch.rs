//! Files that changed and have settled.
//!
//! Stamps are compared by polling: it works where notifications do not (network file
//! systems, symbolic links swapped by orchestrators, bind mounts), costs a few calls a
//! second, and a change counts only when two looks in a row agree, so that a file that
//! is still being written is left alone.

use crate::reload::Reloader;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What tells one state of a file from another; none when it is not there.
type Stamp = Option<(u64, u64, i64, i64, u64)>;

/// Follows a set of files through looks at their stamps.
#[derive(Debug, Default)]
pub struct Settled {
    loaded: Vec<(PathBuf, Stamp)>,
    last: Vec<(PathBuf, Stamp)>,
}

impl Settled {
    /// The files as they were when the running configuration was loaded.
    pub fn new(stamps: Vec<(PathBuf, Stamp)>) -> Self {
        Self {
            last: stamps.clone(),
            loaded: stamps,
        }
    }

    /// Takes a look; true when there is a change, it has settled, and it has not been
    /// reported before.
    pub fn look(&mut self, stamps: Vec<(PathBuf, Stamp)>) -> bool {
        let settled = stamps == self.last && stamps != self.loaded;
        if settled {
            self.loaded.clone_from(&stamps);
        }
        self.last = stamps;
        settled
    }
}

/// Reloads whenever a file of the running configuration has changed. Never returns.
pub async fn follow(reloader: Arc<Reloader>, period: Duration) {
    let mut settled = Settled::new(stamps(reloader.files().await));
    loop {
        tokio::time::sleep(period).await;
        let now = stamps(reloader.files().await);
        if settled.look(now.clone()) {
            // The problems are logged; the next change is another chance.
            let _ = reloader.reload("file changed").await;
            settled = Settled::new(after(now, reloader.files().await));
        }
    }
}

/// The stamps to compare with after a reload: those from before it for the files that
/// were known, so that a change during the reload is seen; new ones for files that came
/// with the new configuration.
fn after(before: Vec<(PathBuf, Stamp)>, files: Vec<PathBuf>) -> Vec<(PathBuf, Stamp)> {
    let known = |(path, stamp): (PathBuf, Stamp)| {
        let old = before.iter().find(|(old, _)| *old == path);
        let stamp = old.map_or(stamp, |(_, stamp)| *stamp);
        (path, stamp)
    };
    stamps(files).into_iter().map(known).collect()
}

/// The stamps of these files now.
pub fn stamps(files: Vec<PathBuf>) -> Vec<(PathBuf, Stamp)> {
    let stamp = |path: &PathBuf| {
        let file = fs::metadata(path).ok()?;
        Some((
            file.dev(),
            file.ino(),
            file.mtime(),
            file.mtime_nsec(),
            file.size(),
        ))
    };
    files
        .into_iter()
        .map(|path| (path.clone(), stamp(&path)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(stamp: u64) -> Vec<(PathBuf, Stamp)> {
        vec![("a".into(), Some((0, 0, 0, 0, stamp)))]
    }

    #[test]
    fn a_change_counts_once_and_only_when_it_has_settled() {
        let mut settled = Settled::new(look(1));
        assert!(!settled.look(look(1)));
        assert!(!settled.look(look(2)), "it may still be written");
        assert!(!settled.look(look(3)), "it is still written");
        assert!(settled.look(look(3)));
        assert!(!settled.look(look(3)), "reported once");
        assert!(!settled.look(vec![("a".into(), None)]));
        assert!(
            settled.look(vec![("a".into(), None)]),
            "a file that is gone is a change"
        );
    }
}
