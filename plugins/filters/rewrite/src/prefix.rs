//! One prefix for another.

use serde::Deserialize;
use tidegate_sdk::config::Target;

/// As written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    from: Target,
    to: Target,
}

/// Prefixes without the slash at their end.
pub struct Rule {
    from: String,
    to: String,
    /// With its question mark, or empty.
    query: String,
}

impl Rule {
    pub fn new(Config { from, to }: Config) -> Result<Self, String> {
        if from.contains('?') {
            return Err("prefix.from: is compared with the path alone, without a query".to_owned());
        }
        let (path, query) = match to.find('?') {
            Some(mark) => to.split_at(mark),
            None => (&*to, ""),
        };
        Ok(Rule {
            from: from.trim_end_matches('/').to_owned(),
            to: path.trim_end_matches('/').to_owned(),
            query: query.to_owned(),
        })
    }

    /// The path and query that the rule makes of a path, if it is about that path.
    pub fn apply(&self, path: &str) -> Option<String> {
        let rest = path.strip_prefix(&self.from)?;
        if !rest.is_empty() && !rest.starts_with('/') {
            return None;
        }
        let Rule { to, query, .. } = self;
        // The root alone has a slash at its end.
        let slash = if to.is_empty() && rest.is_empty() {
            "/"
        } else {
            ""
        };
        Some(format!("{to}{rest}{slash}{query}"))
    }
}
