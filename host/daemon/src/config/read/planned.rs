//! Keys that the design has and this version has not, or has elsewhere, so that a
//! file written from the design gets a better answer than "unknown key".

/// `(structure, key, what to do)`; the structure is the name of its type in `written`.
const KEYS: &[(&str, &str, &str)] = &[
    ("Health", "body", BELOW),
    ("Health", "host", BELOW),
    ("Health", "path", BELOW),
    ("Health", "status", BELOW),
    ("Listener", "tls", LATER),
    (
        "Outlier",
        "consecutive_failures",
        "they are `gateway_failures` and `local_failures`",
    ),
    (
        "Outlier",
        "success_rate_stdev",
        "it is `success_rate: { stdev: … }`",
    ),
    (
        "Resolve",
        "every",
        "it is `max_ttl`; names are asked for when their answers expire",
    ),
    ("Retry", "budget", "it is `retry_budget` of the upstream"),
    ("Route", "redirect", "it is the filter `redirect`"),
    ("Route", "upstreams", "it is the filter `traffic-split`"),
    ("Upstream", "tls", LATER),
];

const BELOW: &str = "it belongs below `http`";

const LATER: &str = "not available in this version: remove it";

/// What to do about this key, if a later version has it or it is elsewhere.
pub(super) fn key(structure: &str, key: &str) -> Option<&'static str> {
    let found = KEYS
        .iter()
        .find(|known| (known.0, known.1) == (structure, key));
    found.map(|(_, _, help)| *help)
}
