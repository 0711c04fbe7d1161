//! The segments of a path: empty ones, and dots in all their disguises.

use super::escapes::decoded;
use super::{PathFault, Rules};

/// What a segment is, as far as dots go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Segment {
    /// A name.
    Name,
    /// `.`, or an escape for it.
    Here,
    /// `..`, or escapes for it.
    Up,
}

/// Whether there is a dot segment. Refuses those that are hidden.
pub(super) fn has_dots(path: &str) -> Result<bool, PathFault> {
    let mut found = false;
    for segment in path[1..].split('/') {
        found |= classify(segment.as_bytes())? != Segment::Name;
    }
    Ok(found)
}

/// `path`, which begins with `/`, without empty segments and dot segments, as far as the rules
/// say. What ends with a dot segment is a folder and ends with `/` (RFC 3986 5.2.4).
pub(super) fn resolve(path: &str, rules: &Rules) -> Result<String, PathFault> {
    let mut resolved = String::with_capacity(path.len());
    let mut segments = path[1..].split('/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        let class = match rules.dot_segments {
            true => classify(segment.as_bytes())?,
            false => Segment::Name,
        };
        match class {
            Segment::Name if segment.is_empty() && rules.merge_slashes && !last => continue,
            Segment::Name => {
                resolved.push('/');
                resolved.push_str(segment);
                continue;
            }
            Segment::Here => (),
            Segment::Up => {
                let parent = resolved.rfind('/').ok_or(PathFault::AboveRoot)?;
                resolved.truncate(parent);
            }
        }
        if last {
            resolved.push('/');
        }
    }
    Ok(resolved)
}

/// Reads a segment as the most generous server would: escapes decoded, encoded slashes taken
/// for slashes, parameters cut off. If only such a server sees dots, they are hidden.
fn classify(segment: &[u8]) -> Result<Segment, PathFault> {
    // Dots in a row since the last slash; `NAME` once anything else has been seen.
    let mut dots = 0;
    let mut whole = true;
    let mut at = 0;
    while let Some(&byte) = segment.get(at) {
        let value = match byte {
            b'%' => decoded(&segment[at + 1..]),
            _ => None,
        };
        at += if value.is_some() { 3 } else { 1 };
        match value.unwrap_or(byte) {
            b'.' => dots = NAME.min(dots + 1),
            ending @ (b'/' | b'\\' | b';') => {
                if (1..NAME).contains(&dots) {
                    return Err(PathFault::HiddenDots);
                }
                whole = false;
                dots = if ending == b';' { NAME } else { 0 };
            }
            _ => dots = NAME,
        }
    }
    match dots {
        1 if whole => Ok(Segment::Here),
        2 if whole => Ok(Segment::Up),
        1 | 2 => Err(PathFault::HiddenDots),
        _ => Ok(Segment::Name),
    }
}

/// More dots than a dot segment has.
const NAME: u8 = 3;
