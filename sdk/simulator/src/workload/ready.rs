//! Workloads that are ready to be used, by name.

/// Names, in their order, and what is in their files.
pub const READY: &[(&str, &str)] = &[
    ("burst", include_str!("../../workloads/burst.yaml")),
    ("failures", include_str!("../../workloads/failures.yaml")),
    (
        "heterogeneous",
        include_str!("../../workloads/heterogeneous.yaml"),
    ),
    ("hot-keys", include_str!("../../workloads/hot-keys.yaml")),
    (
        "many-proxies",
        include_str!("../../workloads/many-proxies.yaml"),
    ),
    (
        "scale-1000",
        include_str!("../../workloads/scale-1000.yaml"),
    ),
    (
        "scale-10000",
        include_str!("../../workloads/scale-10000.yaml"),
    ),
    ("sessions", include_str!("../../workloads/sessions.yaml")),
    ("slow-node", include_str!("../../workloads/slow-node.yaml")),
    ("steady", include_str!("../../workloads/steady.yaml")),
];

/// The text of the workload of that name.
pub fn ready(name: &str) -> Option<&'static str> {
    let found = READY.iter().find(|(known, _)| *known == name)?;
    Some(found.1)
}
