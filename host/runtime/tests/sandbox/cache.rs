//! Compiled components on disk: used, checked, and never from a directory that others can
//! write.

use crate::support::{by, endpoints, pick};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tidegate_components::Selector;
use tidegate_runtime::{Options, Sandbox};

fn sandbox(directory: &Path) -> Sandbox {
    let options = Options {
        cache: Some(directory.to_owned()),
        ..Options::default()
    };
    Sandbox::new(options).unwrap()
}

/// What a newly started process would choose with that component.
fn chosen(directory: &Path, bytes: &[u8]) -> u32 {
    let sandbox = sandbox(directory);
    let component = sandbox.component(bytes).unwrap();
    let list = endpoints(3);
    let selector = sandbox.selector(&component, by("web"), &list).unwrap();
    pick(&selector, &list)
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

/// A directory with the compiled form of one component, and that file.
fn filled(bytes: &[u8]) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    chosen(directory.path(), bytes);
    let [file] = &files(directory.path())[..] else {
        panic!("one file: {:?}", files(directory.path()));
    };
    let file = file.clone();
    (directory, file)
}

#[test]
fn the_second_load_compiles_nothing() {
    let (one, two) = (
        Selector::always(1).component(),
        Selector::always(2).component(),
    );
    let (directory, of_one) = filled(&one);
    let (_other, of_two) = filled(&two);
    // The compiled form of another component in its place is taken at its word: it was not
    // compiled again.
    fs::copy(of_two, of_one).unwrap();
    assert_eq!(chosen(directory.path(), &one), 2);
}

#[test]
fn a_damaged_file_is_found_and_made_anew() {
    let bytes = Selector::always(1).component();
    let (directory, file) = filled(&bytes);
    let whole = fs::read(&file).unwrap();
    let half = whole.len() / 2;
    let mut flipped = whole.clone();
    flipped[half] ^= 1;
    for damaged in [&flipped[..], &whole[..half], &whole[..16], b""] {
        fs::write(&file, damaged).unwrap();
        assert_eq!(chosen(directory.path(), &bytes), 1);
        assert_ne!(fs::read(&file).unwrap(), damaged, "it was replaced");
        assert_eq!(
            files(directory.path()),
            std::slice::from_ref(&file),
            "nothing is left over"
        );
    }
}

#[test]
fn a_directory_that_others_can_write_is_not_used() {
    let bytes = Selector::always(1).component();
    for mode in [0o777, 0o770, 0o702] {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(mode)).unwrap();
        assert_eq!(chosen(directory.path(), &bytes), 1, "it works without");
        assert!(files(directory.path()).is_empty(), "{mode:o}");
    }
}

#[test]
fn a_directory_that_is_made_belongs_to_nobody_else() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("a/b");
    chosen(&directory, &Selector::always(1).component());
    let mode = fs::metadata(&directory).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert_eq!(files(&directory).len(), 1);
}
