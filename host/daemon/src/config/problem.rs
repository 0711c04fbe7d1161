//! What is wrong with a configuration, where, and what to do about it.
//!
//! A loader adds every problem that it meets to one [`Report`] and goes on, so that an
//! operator repairs a file in one round. Nothing here decides what a problem is.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A position in a configuration file. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as it was named on the command line.
    pub file: Arc<Path>,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// One reason why a configuration is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is; `None` if the file could not be read at all.
    pub place: Option<Place>,
    /// The key's path, such as `upstreams.web.endpoints[1].weight`; empty for the whole file.
    pub path: String,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do, in one line.
    pub help: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// Every problem of one configuration, in the order of the file; those of the files that it
/// refers to follow. Displays one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// A node of the file: its key path and its position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) path: String,
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Spot {
    /// The path of an entry below this one. A key that is not a plain word is quoted.
    pub(super) fn key(&self, key: &str) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if key.is_empty() || !key.chars().all(plain) {
            format!("{}[\"{}\"]", self.path, key.escape_debug())
        } else if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// The path of a list's item.
    pub(super) fn index(&self, index: usize) -> String {
        format!("{}[{index}]", self.path)
    }
}

/// Text from outside as a message shows it: in backquotes, one line, not endless.
pub(super) fn quote(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown: String = text
        .chars()
        .take(SHOWN)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// Collects the problems of one file, and takes in those of others.
#[derive(Debug)]
pub(super) struct Report {
    file: Arc<Path>,
    problems: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
}

impl Report {
    pub(super) fn new(file: &Path) -> Self {
        Self {
            file: file.into(),
            problems: RefCell::default(),
            warnings: RefCell::default(),
        }
    }

    /// The public position of a spot.
    pub(super) fn place(&self, spot: &Spot) -> Place {
        Place {
            file: Arc::clone(&self.file),
            line: spot.line,
            column: spot.column,
        }
    }

    /// Adds a problem.
    pub(super) fn add(&self, spot: &Spot, message: impl Into<String>, help: Option<String>) {
        self.problems.borrow_mut().push(Problem {
            place: Some(self.place(spot)),
            path: spot.path.clone(),
            message: message.into(),
            help,
        });
    }

    /// Adds a problem together with what to do about it.
    pub(super) fn refuse(&self, spot: &Spot, message: impl Into<String>, help: impl Into<String>) {
        self.add(spot, message, Some(help.into()));
    }

    /// Adds one whose place, perhaps in another file, is known already.
    pub(super) fn refuse_at(&self, place: &Place, path: &str, message: String, help: &str) {
        self.problems.borrow_mut().push(Problem {
            place: Some(place.clone()),
            path: path.to_owned(),
            message,
            help: Some(help.to_owned()),
        });
    }

    /// Adds what is no reason to refuse the file, but should be meant.
    pub(super) fn warn(&self, spot: &Spot, message: &str, help: &str) {
        self.warnings.borrow_mut().push(Problem {
            place: Some(self.place(spot)),
            path: spot.path.clone(),
            message: message.to_owned(),
            help: Some(help.to_owned()),
        });
    }

    /// Takes in what was found in another file.
    pub(super) fn absorb(&self, other: Self) {
        let (problems, warnings) = (other.problems.into_inner(), other.warnings.into_inner());
        self.problems.borrow_mut().extend(problems);
        self.warnings.borrow_mut().extend(warnings);
    }

    /// The value if there was no problem, and its warnings are logged; otherwise all problems.
    pub(super) fn finish<T>(self, value: Option<T>) -> Result<T, Problems> {
        let problems = self.problems.into_inner();
        match value {
            Some(value) if problems.is_empty() => {
                for warning in in_order(&self.file, self.warnings.into_inner()) {
                    tracing::warn!("{warning}");
                }
                Ok(value)
            }
            _ => Err(Problems(in_order(&self.file, problems))),
        }
    }
}

/// File by file, each in its order.
fn in_order(file: &Arc<Path>, mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by_cached_key(|problem| {
        problem.place.as_ref().map(|place| {
            let other = (place.file != *file).then(|| place.file.clone());
            (other, place.line, place.column)
        })
    });
    // What an alias repeats is wrong once: where it is defined.
    let mut seen = HashSet::new();
    problems.retain(
        |Problem {
             place,
             message,
             help,
             ..
         }| {
            let place = place
                .as_ref()
                .map(|place| (place.file.clone(), place.line, place.column));
            seen.insert((place, message.clone(), help.clone()))
        },
    );
    problems
}
