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

/// Files with their stamps, from one look.
pub type Look = Vec<(PathBuf, Stamp)>;

/// Looks at these files.
pub fn look(files: &[PathBuf]) -> Look {
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
        .iter()
        .map(|path| (path.clone(), stamp(path)))
        .collect()
}

/// The look to compare with once `files` are loaded, when `before` was taken before the
/// loading began: a change in between is then seen as one.
pub fn loaded(before: &Look, files: &[PathBuf]) -> Look {
    let known = |(path, stamp): (PathBuf, Stamp)| {
        let old = before.iter().find(|(old, _)| *old == path);
        let stamp = old.map_or(stamp, |(_, stamp)| *stamp);
        (path, stamp)
    };
    look(files).into_iter().map(known).collect()
}

/// Reloads whenever a file has changed since it was last loaded. Never returns.
pub async fn follow(reloader: Arc<Reloader>, period: Duration) {
    let mut last = Look::new();
    loop {
        tokio::time::sleep(period).await;
        let loaded = reloader.seen().await;
        let files: Vec<PathBuf> = loaded.iter().map(|(path, _)| path.clone()).collect();
        let now = look(&files);
        if settled(&loaded, &last, &now) {
            // The problems are logged; the next change is another chance.
            let _ = reloader.reload("file changed").await;
        }
        last = now;
    }
}

/// Whether there is a change since the loading, and two looks agree on it.
fn settled(loaded: &Look, last: &Look, now: &Look) -> bool {
    now != loaded && now == last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(stamp: Option<u64>) -> Look {
        vec![("a".into(), stamp.map(|stamp| (0, 0, 0, 0, stamp)))]
    }

    #[test]
    fn a_change_counts_when_two_looks_agree() {
        let (old, new) = (seen(Some(1)), seen(Some(2)));
        assert!(!settled(&old, &old, &old));
        assert!(!settled(&old, &old, &new), "it may still be written");
        assert!(!settled(&old, &new, &seen(Some(3))), "it is still written");
        assert!(settled(&old, &new, &new));
        assert!(settled(&old, &seen(None), &seen(None)), "gone is changed");
        assert!(
            !settled(&new, &new, &new),
            "loaded meanwhile by someone else"
        );
    }

    #[test]
    fn a_change_while_loading_is_not_lost() {
        let directory = tempfile::tempdir().unwrap();
        let (a, b) = (directory.path().join("a"), directory.path().join("b"));
        fs::write(&a, "1").unwrap();
        fs::write(&b, "1").unwrap();
        let before = look(std::slice::from_ref(&a));
        fs::write(&a, "22").unwrap();
        let files = [a, b];
        let after = loaded(&before, &files);
        assert_ne!(after[0], look(&files)[0], "the change is still to be seen");
        assert_eq!(after[1], look(&files)[1], "a file that came is as it is");
    }
}
