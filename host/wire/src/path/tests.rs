//! Tests of [`super::normalise`]: a table of spellings, then random ones against a slow model.

use super::*;
use proptest::prelude::*;

const ALL: Rules = Rules {
    dot_segments: true,
    merge_slashes: true,
    unreserved: true,
    encoded_slashes: EncodedSlashes::Keep,
};

const NOTHING: Rules = Rules {
    dot_segments: false,
    merge_slashes: false,
    unreserved: false,
    encoded_slashes: EncodedSlashes::Keep,
};

fn normal(path: &str) -> String {
    normalise(path, &ALL).unwrap().into_owned()
}

fn fault(path: &str) -> PathFault {
    normalise(path, &ALL).unwrap_err()
}

#[test]
fn a_path_in_order_is_handed_back() {
    for path in [
        "/",
        "*",
        "/a/b.html",
        "/a/",
        "/.well-known/acme-challenge/x",
        "/...",
        "/a..b/.c;d",
        "/~me/x;v=1,2/@scope%2Fname",
        "/%E2%82%AC/€%20x%25",
        "/[a]|{b}^\"<`>",
    ] {
        let answer = normalise(path, &ALL);
        assert!(
            matches!(answer, Ok(Cow::Borrowed(same)) if same == path),
            "{path}"
        );
    }
}

#[test]
fn many_dots_are_a_name() {
    for count in [3, 256, 257, 258, 514] {
        let path = format!("/{}/x%2F{0}", ".".repeat(count));
        assert_eq!(normal(&path), path);
    }
}

#[test]
fn all_spellings_of_a_path_become_one() {
    for (spelt, meant) in [
        ("//", "/"),
        ("/a//b///c", "/a/b/c"),
        ("/a//", "/a/"),
        ("/.", "/"),
        ("/a/.", "/a/"),
        ("/a/..", "/"),
        ("/a/b/..", "/a/"),
        ("/a/b/../", "/a/"),
        ("/a/./b/../c", "/a/c"),
        // Slashes are merged first: otherwise `..` would undo an empty segment.
        ("/a//../b", "/b"),
        ("/a/%2e%2E/b", "/b"),
        ("/a/.%2e/b", "/b"),
        ("/a/%2e/b", "/a/b"),
        ("/%61%2D%7e%5f", "/a-~_"),
        ("/%e2%82%ac%2f%5c%3b", "/%E2%82%AC%2F%5C%3B"),
        // Once, and never twice.
        ("/a/%252e%252e/%2541", "/a/%252e%252e/%2541"),
        ("/a;x/../b", "/b"),
    ] {
        assert_eq!(normal(spelt), meant, "{spelt}");
    }
}

#[test]
fn what_servers_read_differently_is_refused() {
    use PathFault::*;
    for (path, why) in [
        ("", NotAbsolute),
        ("a", NotAbsolute),
        ("**", NotAbsolute),
        ("http://a.test/", NotAbsolute),
        ("/a b", Forbidden),
        ("/a\tb", Forbidden),
        ("/a?b", Forbidden),
        ("/a#b", Forbidden),
        ("/\u{7f}", Forbidden),
        ("/%", BadPercent),
        ("/%4", BadPercent),
        ("/%4/", BadPercent),
        ("/%+4", BadPercent),
        ("/%€", BadPercent),
        ("/%00", EncodedControl),
        ("/%1f", EncodedControl),
        ("/%7F", EncodedControl),
        ("/a\\b", Backslash),
        ("/..", AboveRoot),
        ("/a/../../b", AboveRoot),
        ("/%2e%2e/", AboveRoot),
        ("/./..", AboveRoot),
        ("//..", AboveRoot),
        ("/a/..;/b", HiddenDots),
        ("/a/.;x=1/b", HiddenDots),
        ("/a/%2e%2e;/b", HiddenDots),
        ("/a/..%3bx/b", HiddenDots),
        ("/a/..%2fb", HiddenDots),
        ("/a/b%5C..", HiddenDots),
        ("/a/b%2f..;x%2fc", HiddenDots),
    ] {
        assert_eq!(fault(path), why, "{path}");
        assert!(!why.as_str().is_empty() && why.sentence().starts_with("the path "));
    }
}

#[test]
fn encoded_slashes_may_be_refused() {
    let rules = Rules {
        encoded_slashes: EncodedSlashes::Refuse,
        ..ALL
    };
    for path in ["/a%2fb", "/a%2Fb", "/a%5cb", "/..%2f"] {
        assert_eq!(
            normalise(path, &rules),
            Err(PathFault::EncodedSlash),
            "{path}"
        );
    }
}

#[test]
fn what_is_switched_off_stays() {
    for path in ["//a/../..//%41%2e/%2f/..;x", "/..", "/.", "//"] {
        assert_eq!(normalise(path, &NOTHING).as_deref(), Ok(path));
    }
    let dots = Rules {
        dot_segments: true,
        ..NOTHING
    };
    // An escaped dot is a dot, even where escapes are left alone.
    assert_eq!(normalise("/a//%2e%2E/%41", &dots).as_deref(), Ok("/a/%41"));
    assert_eq!(normalise("//..", &dots).as_deref(), Ok("/"));
    let slashes = Rules {
        merge_slashes: true,
        ..NOTHING
    };
    assert_eq!(normalise("//..//.", &slashes).as_deref(), Ok("/../."));
}

/// Paths of pieces that matter to somebody, and of a few that do not.
fn paths() -> impl Strategy<Value = String> {
    const PIECES: [&str; 29] = [
        "/", "/", "/", "/", ".", ".", "..", "%2e", "%2E", "a", "b", "%41", "%7e", "%2f", "%2F",
        "%5c", "%5C", ";", "%3b", "%25", "%c3%A9", "é", "%", "%0", "%00", "\\", " ", "-", "~",
    ];
    let common = prop::sample::select(&PIECES[..22]);
    let any = prop::sample::select(&PIECES[..]);
    let piece = prop_oneof![30 => common, 1 => any];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| format!("/{}", pieces.concat()))
}

fn rules() -> impl Strategy<Value = Rules> {
    let slashes = prop::sample::select(&[EncodedSlashes::Keep, EncodedSlashes::Refuse][..]);
    let switches = (any::<bool>(), any::<bool>(), any::<bool>(), slashes);
    let some = switches.prop_map(
        |(dot_segments, merge_slashes, unreserved, encoded_slashes)| Rules {
            dot_segments,
            merge_slashes,
            unreserved,
            encoded_slashes,
        },
    );
    prop_oneof![Just(ALL), some]
}

/// The escapes of a path, or why it is refused for its bytes alone.
fn escapes(path: &str, rules: &Rules) -> Result<String, PathFault> {
    let mut text = String::new();
    let mut rest = path.chars();
    while let Some(letter) = rest.next() {
        if letter == '\\' {
            return Err(PathFault::Backslash);
        }
        if letter.is_ascii_control() || " ?#".contains(letter) {
            return Err(PathFault::Forbidden);
        }
        if letter != '%' {
            text.push(letter);
            continue;
        }
        let digits: String = rest.by_ref().take(2).collect();
        if digits.len() != 2 || !digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(PathFault::BadPercent);
        }
        let value = char::from(u8::from_str_radix(&digits, 16).unwrap());
        if value.is_ascii_control() {
            return Err(PathFault::EncodedControl);
        }
        if "/\\".contains(value) && rules.encoded_slashes == EncodedSlashes::Refuse {
            return Err(PathFault::EncodedSlash);
        }
        match rules.unreserved {
            true if value.is_ascii_alphanumeric() || "-._~".contains(value) => text.push(value),
            true => text.push_str(&format!("%{}", digits.to_uppercase())),
            false => text.push_str(&format!("%{digits}")),
        }
    }
    Ok(text)
}

/// [`normalise`], slow and obvious, with a list for a stack.
fn model(path: &str, rules: &Rules) -> Result<String, PathFault> {
    let text = escapes(path, rules)?;
    let mut segments: Vec<&str> = text[1..].split('/').collect();
    if rules.merge_slashes {
        let last = segments.pop().unwrap();
        segments.retain(|segment| !segment.is_empty());
        segments.push(last);
    }
    if !rules.dot_segments {
        return Ok(format!("/{}", segments.join("/")));
    }
    let mut stack = Vec::new();
    for (index, segment) in segments.iter().enumerate() {
        let dotted = segment.to_lowercase().replace("%2e", ".");
        let open = dotted
            .replace("%2f", "/")
            .replace("%5c", "/")
            .replace("%3b", ";");
        let named = |piece: &str| piece.split(';').next().unwrap().to_owned();
        let hidden = open
            .split('/')
            .any(|piece| [".", ".."].contains(&named(piece).as_str()));
        match dotted.as_str() {
            "." => (),
            ".." => drop(stack.pop().ok_or(PathFault::AboveRoot)?),
            _ if hidden => return Err(PathFault::HiddenDots),
            _ => {
                stack.push(*segment);
                continue;
            }
        }
        if index + 1 == segments.len() {
            stack.push("");
        }
    }
    Ok(format!("/{}", stack.join("/")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// Catches: a step that is left out or comes in the wrong order, a slash that is lost at
    /// the end, a segment too many taken away by `..`, a rule that looks at another's switch.
    #[test]
    fn agrees_with_the_model(path in paths(), rules in rules()) {
        let answer = normalise(&path, &rules).map(Cow::into_owned);
        // Which of two faults is named is of no interest.
        match (answer, model(&path, &rules)) {
            (Ok(answer), Ok(expected)) => prop_assert_eq!(answer, expected),
            (answer, expected) => prop_assert_eq!(answer.is_err(), expected.is_err()),
        }
    }

    /// Catches: escapes that are decoded twice, dots that appear only after decoding, what is
    /// in order and copied all the same.
    #[test]
    fn a_second_time_changes_nothing(path in paths(), rules in rules()) {
        if let Ok(once) = normalise(&path, &rules) {
            let twice = normalise(&once, &rules);
            prop_assert!(matches!(&twice, Ok(Cow::Borrowed(same)) if *same == once), "{:?}", twice);
        }
    }

    /// Catches: an answer that any server could still read in another way.
    #[test]
    fn nothing_is_left_to_resolve(path in paths()) {
        if let Ok(normal) = normalise(&path, &ALL) {
            prop_assert!(normal.starts_with('/') && !normal.contains("//"));
            prop_assert!(!normal.split('/').any(|segment| [".", ".."].contains(&segment)));
            let slashes = |text: &str| {
                let text = text.to_uppercase();
                text.matches("%2F").count() + text.matches("%5C").count()
            };
            prop_assert!(slashes(&normal) <= slashes(&path));
            for (at, _) in normal.match_indices('%') {
                let digits = &normal[at + 1..at + 3];
                prop_assert_eq!(digits.to_uppercase(), digits);
                let value = char::from(u8::from_str_radix(digits, 16).unwrap());
                prop_assert!(!value.is_ascii_alphanumeric() && !"-._~".contains(value));
            }
        }
    }

    /// Catches: a slice that cuts a character in two, or reads over the end.
    #[test]
    fn nothing_panics(path in any::<String>(), tail in "[/.%;\\PC]{0,12}", rules in rules()) {
        let _ = normalise(&path, &rules);
        let _ = normalise(&format!("/{tail}"), &rules);
    }
}
