//! The built-in selectors, as the bytes of their components. `build.rs` compiles everything in
//! `selectors/`; nothing is known of them here but their names.

include!(concat!(env!("OUT_DIR"), "/selectors.rs"));

/// The component of the built-in selector of that name.
pub fn selector(name: &str) -> Option<&'static [u8]> {
    let found = SELECTORS
        .binary_search_by_key(&name, |(name, _)| name)
        .ok()?;
    Some(SELECTORS[found].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_selector_is_here_and_is_a_component() {
        let names: Vec<&str> = SELECTORS.iter().map(|(name, _)| *name).collect();
        let expected = [
            "consistent-hash",
            "ip-hash",
            "least-connections",
            "p2c",
            "peak-ewma",
            "random",
            "round-robin",
            "sticky",
            "weighted",
            "weighted-random",
        ];
        assert_eq!(names, expected);
        for (name, bytes) in SELECTORS {
            // The preamble of a component: magic, version 13, layer 1.
            assert!(bytes.starts_with(b"\0asm\x0d\0\x01\0"), "{name}");
            assert!(bytes.len() < 256 * 1024, "{name} has {} bytes", bytes.len());
            assert_eq!(selector(name), Some(*bytes));
        }
        assert_eq!(selector("none"), None);
    }
}
