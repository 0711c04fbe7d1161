//! The built-in plugins, as the bytes of their components. `build.rs` compiles everything in
//! `selectors/`, `filters/` and `checks/`; nothing is known of them here but their names.

include!(concat!(env!("OUT_DIR"), "/tables.rs"));

/// The component of the built-in selector of that name.
pub fn selector(name: &str) -> Option<&'static [u8]> {
    find(SELECTORS, name)
}

/// The component of the built-in filter of that name.
pub fn filter(name: &str) -> Option<&'static [u8]> {
    find(FILTERS, name)
}

/// The component of that name with which the host checks itself.
pub fn check(name: &str) -> Option<&'static [u8]> {
    find(CHECKS, name)
}

fn find(table: &[(&str, &'static [u8])], name: &str) -> Option<&'static [u8]> {
    let found = table.binary_search_by_key(&name, |(name, _)| name).ok()?;
    Some(table[found].1)
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
            assert_component(name, bytes, 256 * 1024);
            assert_eq!(selector(name), Some(*bytes));
            assert_eq!(filter(name), None, "a name is of one world");
        }
        assert_eq!(selector("none"), None);
    }

    #[test]
    fn every_built_in_filter_is_here_and_is_a_component() {
        let names: Vec<&str> = FILTERS.iter().map(|(name, _)| *name).collect();
        let expected = [
            "api-key",
            "basic-auth",
            "cors",
            "ext-auth",
            "headers",
            "ip-allow",
            "jwt",
            "rate-limit",
            "redirect",
            "rewrite",
            "traffic-split",
        ];
        assert_eq!(names, expected);
        for (name, bytes) in FILTERS {
            assert_component(name, bytes, 1024 * 1024);
            assert_eq!(filter(name), Some(*bytes));
            assert_eq!(selector(name), None, "a name is of one world");
        }
        assert_eq!(filter("none"), None);
    }

    fn assert_component(name: &str, bytes: &[u8], bound: usize) {
        // The preamble of a component: magic, version 13, layer 1.
        assert!(bytes.starts_with(b"\0asm\x0d\0\x01\0"), "{name}");
        assert!(bytes.len() < bound, "{name} has {} bytes", bytes.len());
    }
}
