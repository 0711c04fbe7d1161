//! The plugins that are part of the binary: usable by name, without an entry in `plugins`.

use std::fmt;
use std::time::Duration;

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

/// What an instance of a plugin may use when its file does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// How long one call may run.
    pub deadline: Duration,
    /// Bytes of its memory.
    pub memory: u64,
}

impl Default for Bounds {
    /// For a plugin of which nothing is known.
    fn default() -> Self {
        Self {
            deadline: Duration::from_millis(2),
            memory: 16 << 20,
        }
    }
}

/// The bounds of the built-in plugin of that name.
pub fn bounds(name: &str) -> Bounds {
    match name {
        // The check of a password is slow on purpose: 26 ms and 21 MiB with usual parameters.
        "basic-auth" => Bounds {
            deadline: Duration::from_millis(200),
            memory: 64 << 20,
        },
        // One signature takes up to a millisecond, and must not fail on a busy machine.
        "jwt" => Bounds {
            deadline: Duration::from_millis(20),
            ..Bounds::default()
        },
        _ => Bounds::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_runtime::Limits;

    #[test]
    fn the_usual_bounds_are_those_of_the_sandbox() {
        let Limits {
            deadline, memory, ..
        } = Limits::default();
        assert_eq!(Bounds::default(), Bounds { deadline, memory });
        assert_eq!(bounds("rate-limit"), Bounds::default());
        assert!(bounds("basic-auth").deadline > deadline);
    }

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
