//! The log as an operator meets it: files that move, disks that are full.

use super::*;
use serde_json::Value;
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

/// A directory of its own for each test, removed with its content.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("tidegate-access-log-{}-{next}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // A directory that cannot be removed is no reason to fail a test.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn open(format: Format, path: &Path) -> (AccessLog, Arc<Counter>) {
    let dropped = Arc::new(Counter::default());
    let log = AccessLog::open(format, &Sink::File(path.into()), Arc::clone(&dropped));
    (log.unwrap(), dropped)
}

#[test]
fn closing_leaves_every_line_in_the_file() {
    let directory = Directory::new();
    let path = directory.file("access.log");
    fs::write(&path, "from before\n").unwrap();
    let (log, dropped) = open(Format::Json, &path);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..1000).for_each(|_| log.write(&Record::sample())));
        }
    });
    log.close();
    let text = fs::read_to_string(&path).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("from before"));
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!((lines.len(), dropped.value()), (4000, 0));
    log.write(&Record::sample());
    assert_eq!(dropped.value(), 1, "closed is closed");
}

#[test]
fn a_moved_file_is_followed_by_a_new_one() {
    let directory = Directory::new();
    let (path, moved) = (directory.file("access.log"), directory.file("access.log.1"));
    let (log, dropped) = open(Format::Text, &path);
    for n in 0..100 {
        log.write(&Record::sample());
        if n == 50 {
            fs::rename(&path, &moved).unwrap();
            log.reopen().unwrap();
        }
    }
    log.close();
    let (new, old) = (
        fs::read_to_string(&path).unwrap(),
        fs::read_to_string(&moved).unwrap(),
    );
    assert!(
        new.lines().count() >= 49,
        "what came after reopening is in the new file"
    );
    let all: Vec<_> = old.lines().chain(new.lines()).collect();
    assert_eq!((all.len(), dropped.value()), (100, 0));
    assert!(all.iter().all(|line| line.ends_with("agent=\"curl/8\"")));
}

#[test]
fn a_file_that_cannot_be_reopened_is_kept() {
    let directory = Directory::new();
    let (inner, moved) = (directory.file("logs"), directory.file("moved"));
    fs::create_dir(&inner).unwrap();
    let (log, _) = open(Format::Text, &inner.join("access.log"));
    fs::rename(&inner, &moved).unwrap();
    log.reopen().expect_err("its directory is gone");
    log.write(&Record::sample());
    log.close();
    assert_eq!(
        fs::read_to_string(moved.join("access.log"))
            .unwrap()
            .lines()
            .count(),
        1
    );
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error() {
    let directory = Directory::new();
    let sink = Sink::File(directory.file("missing/access.log"));
    assert!(AccessLog::open(Format::Text, &sink, Arc::default()).is_err());
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_costs_lines_and_nothing_else() {
    // Every write to this device fails for lack of space: full(4).
    let (log, dropped) = open(Format::Text, Path::new("/dev/full"));
    (0..10).for_each(|_| log.write(&Record::sample()));
    log.close();
    assert_eq!(dropped.value(), 10);
}
