//! Chooses the endpoint of our zone with the fewest requests in flight; endpoints of other zones
//! when none of ours may be used.

use serde::Deserialize;
use tidegate_sdk::algorithms::Least;
use tidegate_sdk::prelude::*;

/// The plugin's `config`: `{ zone: a }`. An unknown key refuses the operator's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Without it all endpoints are alike.
    zone: Option<String>,
}

struct Plugin {
    zone: Option<String>,
    near: Least,
    far: Least,
}

impl Selector for Plugin {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        Ok(Plugin {
            zone: config.zone,
            near: Least::default(),
            far: Least::default(),
        })
    }

    /// When the list changes: what can be computed ahead is computed here.
    fn update(&mut self, endpoints: Vec<Endpoint>) {
        let zone = self.zone.as_deref();
        let is_near = |endpoint: &Endpoint| zone.is_none() || endpoint.zone.as_deref() == zone;
        let (near, far) = (0..endpoints.len() as u32)
            .filter(|&position| !endpoints[position as usize].draining)
            .partition(|&position| is_near(&endpoints[position as usize]));
        self.near.update(&endpoints, near);
        self.far.update(&endpoints, far);
    }

    /// For every attempt. `None` leaves the choice to the host.
    fn select(&mut self, excluded: &Excluded) -> Option<Choice> {
        self.near
            .select(excluded)
            .or_else(|| self.far.select(excluded))
            .map(Choice::at)
    }
}

export!(Plugin);

#[cfg(test)]
mod tests {
    use tidegate_sdk::testing::{Host, endpoints};

    use super::*;

    fn list() -> Vec<Endpoint> {
        let mut list = endpoints(3);
        list[1].zone = Some("a".to_owned());
        list[2].zone = Some("a".to_owned());
        list
    }

    #[test]
    fn the_least_loaded_of_the_own_zone_comes_first() {
        let host = Host::new();
        let mut selector = host.plugin::<Plugin>(r#"{"zone": "a"}"#).unwrap();
        selector.update(&list());
        host.in_flight(&[0, 3, 1]);
        assert_eq!(selector.pick(), Some(2));
        host.exclude(&[1, 2]);
        assert_eq!(selector.pick(), Some(0));
    }

    #[test]
    fn without_a_zone_all_take_part() {
        let host = Host::new();
        let mut selector = host.plugin::<Plugin>("{}").unwrap();
        selector.update(&list());
        assert_eq!(selector.tally(30), [10, 10, 10]);
    }

    #[test]
    fn a_misspelt_key_is_refused() {
        let refused = Host::new().plugin::<Plugin>(r#"{"zome": "a"}"#).unwrap_err();
        assert!(refused.starts_with("zome: unknown field"), "{refused}");
    }
}
