//! The routes of one host, sorted: the smaller the rank, the more specific the match.
//!
//! Ranks are given once, when the table is built. Finding a route is then finding the
//! smallest rank whose match holds, over the few lists of ranks that the path leads to.

use super::paths::PathTree;
use crate::config::pattern::{HeaderPattern, Match, PathPattern};
use http::{HeaderMap, HeaderName, Method};
use std::cmp::Reverse;

/// What a route is found by, the host aside.
pub(super) struct Request<'a> {
    pub(super) path: &'a str,
    pub(super) method: &'a Method,
    pub(super) headers: &'a HeaderMap,
}

/// The routes of one host pattern.
#[derive(Debug)]
pub(super) struct HostTable {
    /// By rank.
    rules: Vec<Rule>,
    paths: PathTree,
    /// Ranks of the routes that name no path.
    pathless: Vec<usize>,
}

/// What is left to check once the host and the path have matched.
#[derive(Debug)]
struct Rule {
    route: usize,
    methods: Box<[Method]>,
    headers: Box<[(HeaderName, HeaderPattern)]>,
}

impl HostTable {
    /// The matches with their places in the operator's list.
    pub(super) fn new(mut matches: Vec<(usize, &Match)>) -> Self {
        matches.sort_by_key(|(route, rule)| (specificity(rule), *route));
        let (mut paths, mut pathless) = (PathTree::default(), Vec::new());
        for (rank, (_, rule)) in matches.iter().enumerate() {
            match &rule.path {
                Some(pattern) => paths.insert(pattern, rank),
                None => pathless.push(rank),
            }
        }
        let rules = matches.into_iter().map(|(route, rule)| Rule {
            route,
            methods: rule.methods.clone().into(),
            headers: rule.headers.clone().into(),
        });
        Self {
            rules: rules.collect(),
            paths,
            pathless,
        }
    }

    /// The place of the most specific match.
    pub(super) fn find(&self, request: &Request<'_>) -> Option<usize> {
        let mut best = self.rules.len();
        let mut offer = |ranks: &[usize]| {
            let better = ranks.iter().take_while(|rank| **rank < best);
            let fits = |rank: &&usize| self.rules[**rank].accepts(request);
            if let Some(rank) = { better }.find(fits) {
                best = *rank;
            }
        };
        self.paths.visit(request.path, &mut offer);
        offer(&self.pathless);
        self.rules.get(best).map(|rule| rule.route)
    }
}

impl Rule {
    fn accepts(&self, request: &Request<'_>) -> bool {
        let method = self.methods.is_empty() || self.methods.contains(request.method);
        method
            && self.headers.iter().all(|(name, pattern)| {
                request
                    .headers
                    .get_all(name)
                    .iter()
                    .any(|value| pattern.matches(value))
            })
    }
}

/// Sorts the most specific match first.
fn specificity(rule: &Match) -> impl Ord + use<> {
    let (class, literals) = match &rule.path {
        Some(path) if path.is_exact() => (0, 0),
        Some(path) => (1, PathPattern::literal_len(path)),
        None => (2, 0),
    };
    (
        class,
        Reverse(literals),
        rule.methods.is_empty(),
        Reverse(rule.headers.len()),
    )
}
