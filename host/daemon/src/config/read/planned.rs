//! Keys and values that the design has and this version has not, so that a file written from
//! the design gets a better answer than "unknown key". Empty once everything is built.

/// `(structure, key)`; the structure is the name of its type in `written`.
const KEYS: &[(&str, &str)] = &[
    ("Endpoint", "priority"),
    ("Endpoint", "resolve"),
    ("Grant", "http"),
    ("Listener", "tls"),
    ("Retry", "budget"),
    ("Retry", "per_attempt"),
    ("Route", "filters"),
    ("Route", "redirect"),
    ("Route", "upstreams"),
    ("Upstream", "breaker"),
    ("Upstream", "health"),
    ("Upstream", "limits"),
    ("Upstream", "outlier"),
    ("Upstream", "panic_threshold"),
    ("Upstream", "slow_start"),
    ("Upstream", "tls"),
];

pub(super) const HELP: &str = "not available in this version: remove it";

/// Whether a later version has this key.
pub(super) fn key(structure: &str, key: &str) -> bool {
    KEYS.contains(&(structure, key))
}

/// Whether a later version has this word in this enumeration.
pub(super) fn word(enumeration: &str, word: &str) -> bool {
    match enumeration {
        "OnFault" => word == "skip",
        "RetryOn" => word
            .parse()
            .is_ok_and(|status: u16| (100..600).contains(&status)),
        _ => false,
    }
}
