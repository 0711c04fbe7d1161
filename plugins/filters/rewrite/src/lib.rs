//! Gives a request another path, for its endpoint. The client sees nothing of it.
//!
//! ```yaml
//! filters:
//!   - plugin: rewrite
//!     config: { prefix: { from: /api, to: /v1 } }
//!   - plugin: rewrite
//!     config: { regex: { pattern: "^/users/([0-9]+)$", replacement: "/user?id=$1" } }
//! ```
//!
//! One of the two:
//!
//! - `prefix` changes whole segments: `/api` and `/api/x` become `/v1` and `/v1/x`, and `/apix`
//!   stays. `to: /` takes the prefix away.
//! - `regex` changes the first match in the path, by the syntax of the crate `regex-lite`. `$1` and
//!   `$name` are what groups have matched, `${1}` where a letter follows, `$$` is a dollar sign.
//!   What the pattern does not match stays: write `^` and `$` where all of it is meant. No pattern
//!   takes longer than its length times the path's.
//!
//! The query stays, unless the replacement has one. A request that does not match passes as it is.
//! The path is the one after the proxy's normalisation, percent-encoded. The route that has matched
//! stays. What becomes longer than 8 KiB is answered with 414.

mod prefix;
mod regex;

use serde::Deserialize;
use tidegate_sdk::config::Target;
use tidegate_sdk::prelude::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    prefix: Option<prefix::Config>,
    regex: Option<regex::Config>,
}

enum Rewrite {
    Prefix(prefix::Rule),
    Regex(regex::Rule),
}

impl Filter for Rewrite {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        match (config.prefix, config.regex) {
            (Some(prefix), None) => prefix::Rule::new(prefix).map(Rewrite::Prefix),
            (None, Some(regex)) => regex::Rule::new(regex).map(Rewrite::Regex),
            (Some(_), Some(_)) => {
                Err("`prefix` and `regex` exclude each other: use the filter twice".to_owned())
            }
            (None, None) => Err(
                "nothing is rewritten: write `prefix: { from: /a, to: /b }` or \
                     `regex: { pattern: ^/a, replacement: /b }`"
                    .to_owned(),
            ),
        }
    }

    fn on_request(&mut self) -> Verdict {
        let path = request::path();
        let rewritten = match self {
            Rewrite::Prefix(rule) => rule.apply(&path),
            Rewrite::Regex(rule) => rule.apply(&path),
        };
        match rewritten {
            Some(target) => edited(with_query(target)),
            None => Verdict::Pass,
        }
    }
}

/// A client chooses the length of its path: too long a one is its own fault and not the filter's.
fn edited(target: String) -> Verdict {
    match target.len() {
        ..=Target::LONGEST => RequestEdits::new().path(target).into(),
        _ => Reply::new(414).text("the path is too long\n").into(),
    }
}

/// The query of the request, unless there is another one.
fn with_query(target: String) -> String {
    match request::query() {
        Some(query) if !target.contains('?') => format!("{target}?{query}"),
        _ => target,
    }
}

export_filter!(Rewrite);

#[cfg(test)]
mod tests;
