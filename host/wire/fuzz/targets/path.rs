//! Any path, under any rules: one spelling, which stays the same and hides nothing.

use std::borrow::Cow;
use tidegate_wire::path::{EncodedSlashes, Rules, normalise};

/// Panics where this is not so.
pub fn check(data: &[u8]) {
    let Some((switches, path)) = data.split_first() else {
        return;
    };
    let Ok(path) = std::str::from_utf8(path) else {
        return;
    };
    let on = |bit: u8| switches & bit == 0;
    let rules = Rules {
        dot_segments: on(1),
        merge_slashes: on(2),
        unreserved: on(4),
        encoded_slashes: if on(8) {
            EncodedSlashes::Keep
        } else {
            EncodedSlashes::Refuse
        },
    };
    let Ok(normal) = normalise(path, &rules) else {
        return;
    };
    let again = normalise(&normal, &rules);
    assert!(
        matches!(&again, Ok(Cow::Borrowed(same)) if *same == normal),
        "{again:?}"
    );
    if normal == "*" {
        return;
    }
    assert!(normal.starts_with('/') && normal.len() <= path.len());
    let upper = normal.to_uppercase();
    if rules.merge_slashes {
        assert!(!normal.contains("//"));
    }
    if rules.encoded_slashes == EncodedSlashes::Refuse {
        assert!(!upper.contains("%2F") && !upper.contains("%5C"));
    }
    if rules.dot_segments {
        // As a server would see it that decodes first, then cuts parameters, then splits.
        let open = upper.replace("%2E", ".").replace("%3B", ";");
        let open = open.replace("%2F", "/").replace("%5C", "/");
        let dots = |piece: &str| matches!(piece.split(';').next(), Some("." | ".."));
        assert!(!open.split('/').any(dots));
    }
    if rules.unreserved {
        for (at, _) in normal.match_indices('%') {
            let digits = &normal[at + 1..at + 3];
            let value = char::from(u8::from_str_radix(digits, 16).unwrap());
            assert!(!value.is_ascii_alphanumeric() && !"-._~".contains(value));
            assert_eq!(digits, digits.to_uppercase());
        }
    }
}
