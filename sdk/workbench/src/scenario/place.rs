//! What is wrong with a file, and where.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_yaml::Error;

/// A file that was refused.
#[derive(Debug)]
pub struct Problem {
    /// The file, as it was named.
    pub file: PathBuf,
    /// Line and column, from 1; none when the file could not be read at all.
    pub place: Option<(u64, u64)>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for Problem {}

/// Reads a file of YAML into a type that refuses what it does not know.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Problem> {
    let problem = |place, message| Problem {
        file: path.to_owned(),
        place,
        message,
    };
    let text = std::fs::read_to_string(path).map_err(|error| problem(None, error.to_string()))?;
    parse(&text).map_err(|(place, message)| problem(place, message))
}

type Refused = (Option<(u64, u64)>, String);

/// The same for a text.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Refused> {
    let options = serde_yaml::options! {
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    serde_yaml::from_str_with_options(text, options).map_err(|error| refused(&error))
}

fn refused(error: &Error) -> Refused {
    let place = error
        .location()
        .map(|place| (place.line(), place.column()))
        .filter(|(line, _)| *line > 0);
    // The place is said before the text, not in it.
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    (
        place,
        text.strip_prefix("error: ").unwrap_or(text).to_owned(),
    )
}
