//! Path patterns as a tree with a level for each segment, up to their first `**`.
//!
//! A walk visits a node at most once, and mostly one node for each segment of the path.
//! What follows a `**` is kept as a list at the node where it stands and compared in one
//! pass: no path, however it is made, takes more than its length times the pattern's.

use crate::config::pattern::{Glob, PathPattern, Segment};

/// Which lists of ranks a path leads to.
#[derive(Debug, Default)]
pub(super) struct PathTree {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    /// Sorted by text.
    literals: Vec<(Box<str>, Node)>,
    globs: Vec<(Glob, Node)>,
    /// For `*`.
    one: Option<Box<Node>>,
    /// What follows a `**` here.
    tails: Vec<(Box<[Segment]>, Vec<usize>)>,
    /// For paths that end here.
    end: Vec<usize>,
}

impl PathTree {
    /// Adds a pattern. Ranks are added in ascending order.
    pub(super) fn insert(&mut self, pattern: &PathPattern, rank: usize) {
        let mut node = &mut self.root;
        let mut segments = pattern.segments();
        while let Some((segment, rest)) = segments.split_first() {
            node = match segment {
                Segment::Literal(text) => node.literal(text),
                Segment::Glob(glob) => entry(&mut node.globs, glob.clone()),
                Segment::One => node.one.get_or_insert_default(),
                Segment::Any => {
                    entry(&mut node.tails, rest.into()).push(rank);
                    return;
                }
            };
            segments = rest;
        }
        node.end.push(rank);
    }

    /// Offers the ranks of every pattern that matches, in no order; each list ascends.
    pub(super) fn visit(&self, path: &str, offer: &mut impl FnMut(&[usize])) {
        // The asterisk-form (`OPTIONS *`) is no path: only routes without one match it.
        if let Some(rest) = path.strip_prefix('/') {
            self.root.visit(Some(rest), offer);
        }
    }
}

impl Node {
    fn literal(&mut self, text: &str) -> &mut Node {
        let at = match self.position(text) {
            Ok(at) => at,
            Err(at) => {
                self.literals.insert(at, (text.into(), Node::default()));
                at
            }
        };
        &mut self.literals[at].1
    }

    fn position(&self, text: &str) -> Result<usize, usize> {
        self.literals
            .binary_search_by(|(literal, _)| (**literal).cmp(text))
    }

    /// `path` is what is left after the slash, or `None` when no segment is left.
    fn visit(&self, path: Option<&str>, offer: &mut impl FnMut(&[usize])) {
        for (tail, ranks) in &self.tails {
            if tail_matches(tail, path) {
                offer(ranks);
            }
        }
        let Some(path) = path else {
            offer(&self.end);
            return;
        };
        let (segment, rest) = split(path);
        if let Ok(at) = self.position(segment) {
            self.literals[at].1.visit(rest, offer);
        }
        if let Some(node) = &self.one
            && Segment::One.matches(segment)
        {
            node.visit(rest, offer);
        }
        for (glob, node) in &self.globs {
            if glob.matches(segment) {
                node.visit(rest, offer);
            }
        }
    }
}

/// The first segment, and what is left after its slash.
fn split(path: &str) -> (&str, Option<&str>) {
    match path.split_once('/') {
        Some((segment, rest)) => (segment, Some(rest)),
        None => (path, None),
    }
}

/// Whether `**` and then `tail` match what is left of the path. Only the last `**` that was
/// passed ever takes more segments: an earlier one could not help, since what stands between
/// them has matched as early as it can.
fn tail_matches(tail: &[Segment], path: Option<&str>) -> bool {
    let Some(end) = tail.last() else { return true };
    if !path.is_some_and(|path| end.matches(path.rsplit('/').next().unwrap_or(path)))
        && *end != Segment::Any
    {
        return false;
    }
    let mut resume = (tail, path);
    let (mut pattern, mut left) = resume;
    loop {
        match (pattern.split_first(), left) {
            (None, None) => return true,
            (Some((Segment::Any, [])), _) => return true,
            (Some((Segment::Any, after)), _) => {
                resume = (after, left);
                pattern = after;
                continue;
            }
            (Some((segment, after)), Some(path)) => {
                let (text, rest) = split(path);
                if segment.matches(text) {
                    (pattern, left) = (after, rest);
                    continue;
                }
            }
            (Some(_), None) | (None, Some(_)) => {}
        }
        let Some(path) = resume.1 else { return false };
        resume.1 = split(path).1;
        (pattern, left) = resume;
    }
}

/// The value of a key in a list, added when it is not there.
fn entry<K: PartialEq, V: Default>(list: &mut Vec<(K, V)>, key: K) -> &mut V {
    let at = list
        .iter()
        .position(|(other, _)| *other == key)
        .unwrap_or_else(|| {
            list.push((key, V::default()));
            list.len() - 1
        });
    &mut list[at].1
}
