//! A pattern, and what stands in place of its match.

use regex_lite::Regex;
use serde::Deserialize;
use tidegate_sdk::config::Target;

/// As written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pattern: String,
    replacement: String,
}

pub struct Rule {
    pattern: Regex,
    replacement: String,
}

impl Rule {
    pub fn new(config: Config) -> Result<Self, String> {
        let Config {
            pattern,
            replacement,
        } = config;
        let pattern = Regex::new(&pattern).map_err(|error| format!("regex.pattern: {error}"))?;
        check(&pattern, &replacement).map_err(|problem| format!("regex.replacement: {problem}"))?;
        Ok(Rule {
            pattern,
            replacement,
        })
    }

    /// The path and query that the rule makes of a path, if it is about that path.
    pub fn apply(&self, path: &str) -> Option<String> {
        let groups = self.pattern.captures(path)?;
        let found = groups.get(0)?;
        let mut target = path[..found.start()].to_owned();
        groups.expand(&self.replacement, &mut target);
        target.push_str(&path[found.end()..]);
        // A pattern may take the slash away, and a path begins with one.
        if !target.starts_with('/') {
            target.insert(0, '/');
        }
        Some(target)
    }
}

/// What the replacement says can stand in a path, and the groups that it names are there.
fn check(pattern: &Regex, replacement: &str) -> Result<(), String> {
    if !replacement.bytes().all(Target::may_have) {
        return Err("spaces, `#` and what is not ASCII are written percent-encoded".to_owned());
    }
    let mut rest = replacement;
    while let Some((_, after)) = rest.split_once('$') {
        if let Some(after) = after.strip_prefix('$') {
            rest = after;
            continue;
        }
        let (name, after) = match after.strip_prefix('{') {
            Some(braced) => braced.split_once('}').ok_or("a `${` has no `}`")?,
            None => {
                let end = after
                    .find(|c: char| c != '_' && !c.is_ascii_alphanumeric())
                    .unwrap_or(after.len());
                after.split_at(end)
            }
        };
        let known = match name.parse::<usize>() {
            Ok(number) => number < pattern.captures_len(),
            Err(_) => pattern.capture_names().flatten().any(|known| known == name),
        };
        if !known {
            return Err(format!(
                "the pattern has no group `{name}` (a letter after a number belongs to it: \
                 write ${{1}}a; a dollar sign is $$)"
            ));
        }
        rest = after;
    }
    Ok(())
}
