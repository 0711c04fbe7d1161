//! The plugins that are part of the binary: usable by name, without an entry in `plugins`.

use std::fmt;

/// What a plugin is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum World {
    /// Chooses endpoints.
    Selector,
    /// Looks at requests and responses.
    Filter,
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Selector => "selector",
            Self::Filter => "filter",
        })
    }
}

/// The names of the built-in plugins of one world.
pub(super) fn names(world: World) -> impl Iterator<Item = &'static str> {
    let table = match world {
        World::Selector => tidegate_plugins::SELECTORS,
        World::Filter => tidegate_plugins::FILTERS,
    };
    table.iter().map(|(name, _)| *name)
}

/// What the built-in plugin of that name is made for, if there is one.
pub(super) fn world(name: &str) -> Option<World> {
    let mut worlds = [World::Selector, World::Filter].into_iter();
    worlds.find(|world| names(*world).any(|known| known == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_of_one_world() {
        assert_eq!(world("round-robin"), Some(World::Selector));
        assert_eq!(world("rate-limit"), Some(World::Filter));
        assert_eq!(world("canary"), None);
        for name in names(World::Filter) {
            assert_eq!(world(name), Some(World::Filter), "{name}");
        }
    }
}
