//! What the log tells of a name: each change once, each row of failures at both its ends.

use super::entry::Question;
use super::known::{MOST, News};
use std::fmt::Display;

/// Tells the news of a name that now has so many addresses.
pub fn tell(question: &Question, news: &News, count: usize) {
    let name = &question.host;
    if news.changed() {
        let (added, removed) = (listed(&news.added), listed(&news.removed));
        let ttl = news.ttl.unwrap_or_default().as_secs();
        tracing::info!(name, added, removed, ttl, "the name has other addresses");
    }
    if let Some(ignored) = news.ignored {
        tracing::warn!(
            name,
            ignored,
            "more than {MOST} addresses: the rest is ignored"
        );
    }
    if let Some(cause) = &news.failing {
        let what = if news.ttl.is_some() {
            "one family of the name does not resolve"
        } else {
            "the name does not resolve"
        };
        tracing::warn!(name, cause, addresses = count, "{what}");
    }
    if news.recovered {
        tracing::info!(name, addresses = count, "the name resolves again");
    }
}

fn listed(addresses: &[impl Display]) -> String {
    let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    texts.join(",")
}
