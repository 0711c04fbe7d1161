//! The check is checked: changes are planted in a small contract, each kind once.

use super::promise::Version;
use super::{check, contract, step};

/// A contract to plant changes in: one interface that the host has and one that plugins export.
const SMALL: &str = "
    package small:contract@0.1.0;
    interface types {
        record reply { status: u16, body: list<u8> }
        variant verdict { pass, answer(reply) }
        enum level { low, high }
    }
    interface store {
        /// Reads.
        get: func(key: string) -> option<list<u8>>;
        delete: func(key: string);
        resource counter { constructor(name: string); add: func(delta: s64) -> s64; }
    }
    interface plugin {
        use types.{verdict};
        decide: func(path: string) -> verdict;
    }
    world small { import store; export plugin; }
";

/// What the check says of a small contract in which `from` has become `to`, with that version.
fn planted(version: &str, from: &str, to: &str) -> Result<(), String> {
    assert!(SMALL.contains(from), "{from}");
    let changed = SMALL
        .replace(from, to)
        .replace("@0.1.0;", &format!("@{version};"));
    let (old, new) = (contract(SMALL), contract(&changed));
    // Written down, if it may be.
    let written = new.version > old.version && step(&old, &new).is_ok();
    match written {
        true => check(&[old, contract(&changed)], &new),
        false => check(&[old], &new),
    }
}

#[test]
fn what_is_not_a_change_needs_no_version() {
    for (from, to) in [
        ("/// Reads.", "/// Reads the value of a key, or nothing."),
        (
            "get: func(key: string) -> option<list<u8>>;\n        delete: func(key: string);",
            "delete: func(key: string);\n        get: func(key: string) -> option<list<u8>>;",
        ),
    ] {
        assert_eq!(planted("0.1.0", from, to), Ok(()), "{to}");
    }
}

/// Changes after which a component that exists would fail, and what is said of each.
const BREAKING: [(&str, &str, &str); 15] = [
    (
        "delete: func(key: string);",
        "",
        "interface `store`: function `delete` is gone",
    ),
    (
        "delete: func(key: string);",
        "remove: func(key: string);",
        "`delete` is gone",
    ),
    (
        "get: func(key: string)",
        "get: func(name: string)",
        "was `func(key: string) ->",
    ),
    (
        "get: func(key: string)",
        "get: func(key: list<u8>)",
        "is `func(key: list<u8>) ->",
    ),
    (
        "get: func(key: string)",
        "get: func(key: string, or: u8)",
        "is `func(key: string, or: u8)",
    ),
    (
        "delete: func(key: string);",
        "delete: func(key: string) -> bool;",
        "`func(key: string) -> bool`",
    ),
    (
        "add: func(delta: s64) -> s64;",
        "",
        "function `[method]counter.add` is gone",
    ),
    (
        "constructor(name: string);",
        "constructor(name: string, at: s64);",
        "[constructor]counter",
    ),
    (
        "status: u16, body",
        "status: u16, reason: string, body",
        "type `reply` was `record { status",
    ),
    (
        "status: u16, body: list<u8>",
        "body: list<u8>, status: u16",
        "type `reply`",
    ),
    (
        "answer(reply)",
        "answer(reply), wait",
        "is `variant { pass, answer(reply), wait }`",
    ),
    (
        "low, high",
        "low, middle, high",
        "is `enum { low, middle, high }`",
    ),
    (
        "decide: func",
        "@since(version = 0.1.0) start: func(); decide: func",
        "do not export it",
    ),
    (
        "import store; export",
        "export",
        "world `small`: import `store` is gone",
    ),
    (
        "export plugin;",
        "export plugin; export store;",
        "export `store` is new, and components",
    ),
];

#[test]
fn what_breaks_components_is_refused_within_a_compatible_version() {
    for (from, to, said) in BREAKING {
        for version in ["0.1.0", "0.1.1"] {
            let refused = planted(version, from, to).unwrap_err();
            assert!(refused.contains(said), "{version}, {to}: {refused}");
            assert!(refused.contains("0.2.0"), "says what to do: {refused}");
        }
        assert_eq!(planted("0.2.0", from, to), Ok(()), "{to}");
    }
}

/// Additions that components which exist do not notice.
const ADDING: [(&str, &str); 5] = [
    (
        "delete: func",
        "@since(version = 0.1.1) put: func(key: string); delete: func",
    ),
    (
        "enum level",
        "@since(version = 0.1.1) record more { a: u8 } enum level",
    ),
    (
        "interface plugin",
        "@since(version = 0.1.1) interface clock { now: func() -> u64; } interface plugin",
    ),
    (
        "interface plugin",
        "@since(version = 0.1.1) interface clock { now: func() -> u64; } \
         @since(version = 0.1.1) world other { import clock; export store; } interface plugin",
    ),
    (
        "add: func",
        "@since(version = 0.1.1) get: func() -> s64; add: func",
    ),
];

#[test]
fn what_adds_needs_a_version_and_a_mark() {
    for (from, to) in ADDING {
        assert_eq!(planted("0.1.1", from, to), Ok(()), "{to}");
        let unmarked = to.replace("@since(version = 0.1.1) ", "");
        let refused = planted("0.1.0", from, &unmarked).unwrap_err();
        assert!(
            refused.contains("adds to it") && refused.contains("to 0.1.1"),
            "{refused}"
        );
        let refused = planted("0.1.1", from, &unmarked).unwrap_err();
        assert!(
            refused.contains("not marked `@since(version = 0.1.1)`"),
            "{refused}"
        );
    }
    let clock = "@since(version = 0.1.1) interface clock { now: func() -> u64; } world small { \
                 import clock;";
    assert_eq!(planted("0.1.1", "world small {", clock), Ok(()));
}

#[test]
fn a_version_does_not_go_back_and_is_written_down() {
    let (old, new) = (
        contract(SMALL),
        contract(&SMALL.replace("@0.1.0", "@0.1.1")),
    );
    let refused = check(&[contract(SMALL)], &new).unwrap_err();
    assert!(
        refused.contains("0.1.1 of the contract is not written down"),
        "{refused}"
    );
    let refused = check(&[old, new], &contract(SMALL)).unwrap_err();
    assert!(
        refused.contains("goes back from version 0.1.1 to 0.1.0"),
        "{refused}"
    );
    let refused = check(&[], &contract(SMALL)).unwrap_err();
    assert!(refused.contains("no version is written down"), "{refused}");
    // Those that are written down are held to it as well: a promise is not edited.
    let without = || {
        contract(
            &SMALL
                .replace("delete: func(key: string);", "")
                .replace("@0.1.0", "@0.1.1"),
        )
    };
    let refused = check(&[contract(SMALL), without()], &without()).unwrap_err();
    assert!(refused.contains("`delete` is gone"), "{refused}");
}

#[test]
fn the_next_version_is_that_of_the_promise() {
    let next = |old: Version| (old.next(true).to_string(), old.next(false).to_string());
    assert_eq!(next(Version(0, 1, 4)), ("0.1.5".into(), "0.2.0".into()));
    assert_eq!(next(Version(1, 2, 3)), ("1.3.0".into(), "2.0.0".into()));
    assert!(Version(1, 2, 0).is_compatible_with(Version(1, 9, 0)));
    assert!(!Version(0, 1, 0).is_compatible_with(Version(0, 2, 0)));
}
