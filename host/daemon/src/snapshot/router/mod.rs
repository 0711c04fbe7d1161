//! From a request to its route: the most specific match wins, wherever it stands in the file.
//!
//! Precedence, in this order:
//!
//! 1. host: exact, then the longer wildcard, then none;
//! 2. path: exact, then prefixes and globs by the number of letters that stand for
//!    themselves, then none;
//! 3. methods named before none;
//! 4. more fields before fewer;
//! 5. first in the file. Matches that are the same are refused, so this only settles
//!    between patterns that overlap.
//!
//! A host whose routes all fail on path, method or fields does not end the search: the less
//! specific hosts are tried. The cost of a look-up follows the request, not the number of
//! routes: hosts are found in a map, paths in a tree, and nothing is allocated.
//!
//! Refuses to normalise: `host` comes lower-case, without port and trailing dot.

mod paths;
mod table;
#[cfg(test)]
mod tests;

use crate::config::pattern::{HeaderPattern, HostPattern, Match, PathPattern};
use http::{HeaderMap, Method};
use std::collections::HashMap;
use table::{HostTable, Request};

/// All routes of a snapshot, indexed.
#[derive(Debug)]
pub struct Router {
    exact: HashMap<Box<str>, HostTable>,
    below: HashMap<Box<str>, HostTable>,
    /// Letters in the longest name of `below`: longer suffixes need no look-up.
    longest_below: usize,
    anywhere: HostTable,
}

/// Two matches that no request can tell apart, by their places in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The one that stands first.
    pub first: usize,
    /// The one that could never be reached.
    pub second: usize,
}

impl Router {
    /// Indexes the matches.
    ///
    /// # Errors
    ///
    /// Every match that is the same as one before it, the order of methods and fields aside.
    pub fn build(matches: Vec<&Match>) -> Result<Self, Vec<Conflict>> {
        let conflicts = conflicts(&matches);
        if !conflicts.is_empty() {
            return Err(conflicts);
        }
        let mut exact = HashMap::<Box<str>, Vec<_>>::new();
        let mut below = HashMap::<Box<str>, Vec<_>>::new();
        let mut anywhere = Vec::new();
        for (route, rule) in matches.into_iter().enumerate() {
            match &rule.host {
                Some(HostPattern::Exact(name)) => exact.entry(name.clone()).or_default(),
                Some(HostPattern::Below(name)) => below.entry(name.clone()).or_default(),
                None => &mut anywhere,
            }
            .push((route, rule));
        }
        Ok(Self {
            longest_below: below.keys().map(|name| name.len()).max().unwrap_or(0),
            exact: exact
                .into_iter()
                .map(|(name, rules)| (name, HostTable::new(rules)))
                .collect(),
            below: below
                .into_iter()
                .map(|(name, rules)| (name, HostTable::new(rules)))
                .collect(),
            anywhere: HostTable::new(anywhere),
        })
    }

    /// The place of the most specific match in the list that the router was built from.
    /// `path` is without query.
    pub fn find(
        &self,
        host: &str,
        path: &str,
        method: &Method,
        headers: &HeaderMap,
    ) -> Option<usize> {
        let request = Request {
            path,
            method,
            headers,
        };
        if let Some(table) = self.exact.get(host)
            && let Some(route) = table.find(&request)
        {
            return Some(route);
        }
        self.names_above(host)
            .filter_map(|name| self.below.get(name))
            .find_map(|table| table.find(&request))
            .or_else(|| self.anywhere.find(&request))
    }

    /// `b.c` and `c` of `a.b.c`, but none that is longer than every wildcard.
    fn names_above<'h>(&self, host: &'h str) -> impl Iterator<Item = &'h str> {
        let skip = host.len().saturating_sub(self.longest_below + 1);
        let dots = host
            .bytes()
            .enumerate()
            .skip(skip)
            .filter(|(_, byte)| *byte == b'.');
        dots.map(|(dot, _)| &host[dot + 1..])
    }
}

/// A match in a form in which the order of methods and fields does not show.
#[derive(PartialEq, Eq, Hash)]
struct Identity<'a> {
    host: Option<&'a HostPattern>,
    path: Option<&'a PathPattern>,
    methods: Vec<&'a str>,
    headers: Vec<(&'a str, &'a HeaderPattern)>,
}

impl<'a> Identity<'a> {
    fn of(rule: &'a Match) -> Self {
        let mut methods: Vec<_> = rule.methods.iter().map(Method::as_str).collect();
        methods.sort_unstable();
        methods.dedup();
        let mut headers: Vec<_> = rule
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        headers.sort_unstable();
        headers.dedup();
        Self {
            host: rule.host.as_ref(),
            path: rule.path.as_ref(),
            methods,
            headers,
        }
    }
}

fn conflicts(matches: &[&Match]) -> Vec<Conflict> {
    let mut seen = HashMap::with_capacity(matches.len());
    let mut conflicts = Vec::new();
    for (second, rule) in matches.iter().enumerate() {
        let first = *seen.entry(Identity::of(rule)).or_insert(second);
        if first != second {
            conflicts.push(Conflict { first, second });
        }
    }
    conflicts
}
