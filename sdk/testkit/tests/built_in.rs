//! What every selector owes its host, asked of all built-in ones, from the bytes that the
//! daemon embeds.

use std::collections::BTreeSet;

use tidegate_testkit::{Component, Endpoint, Host, Request, endpoints};

/// Every built-in selector with a configuration that it accepts.
fn built_in() -> impl Iterator<Item = (&'static str, Component, &'static str)> {
    tidegate_plugins::SELECTORS.iter().map(|(name, bytes)| {
        let config = match *name {
            "consistent-hash" => r#"{"key": "path", "bounded_load": 1.5}"#,
            _ => "{}",
        };
        (*name, Component::from_bytes(*bytes), config)
    })
}

/// Of all kinds: heavy ones, draining ones, in zones and with labels.
fn mixed(count: u32) -> Vec<Endpoint> {
    let mut list = endpoints(count);
    for (position, endpoint) in list.iter_mut().enumerate() {
        endpoint.weight = 1 + position as u32 % 5 * 100;
        endpoint.draining = position % 4 == 3;
        endpoint.zone = (position % 2 == 0).then(|| "a".to_owned());
        endpoint.labels = vec![("position".to_owned(), position.to_string())];
    }
    list
}

#[test]
fn a_choice_is_never_excluded_and_new_work_never_drains() {
    for (name, component, config) in built_in() {
        let host = Host::new();
        let mut selector = host.plugin(&component, config, &mixed(1)).unwrap();
        for count in [1, 2, 3, 8, 33] {
            let list = mixed(count);
            selector.update(&list).unwrap();
            host.in_flight(&[3, 1, 4, 1, 5]);
            host.latency(&[90, 0, 40]);
            for call in 0..100 {
                // From none excluded to all, in another order each time.
                let excluded: BTreeSet<u32> = (0..call % (count + 1))
                    .map(|i| (i * 7 + call) % count)
                    .collect();
                let request = Request::get(&format!("/{call}")).excluding(excluded.iter().copied());
                let choice = selector.select_for(request);
                let choice = choice.unwrap_or_else(|fault| panic!("{name}: {fault}"));
                let chosen = choice.map(|choice| choice.index);
                let left: Vec<u32> = (0..count).filter(|it| !excluded.contains(it)).collect();
                match chosen {
                    Some(chosen) => assert!(left.contains(&chosen), "{name}"),
                    // A selector may leave the draining ones to the host's fallback.
                    None => assert!(
                        left.iter().all(|&it| list[it as usize].draining),
                        "{name} of {left:?}"
                    ),
                }
                if excluded.is_empty() {
                    let chosen = chosen.unwrap_or_else(|| panic!("{name} has no opinion"));
                    assert!(!list[chosen as usize].draining, "{name}");
                }
            }
        }
    }
}

#[test]
fn a_thousand_endpoints_are_within_the_limits_of_a_proxy() {
    for (name, component, config) in built_in() {
        let host = Host::new();
        let selector = host.plugin(&component, config, &endpoints(1000));
        let selector = selector.unwrap_or_else(|error| panic!("{name}: {error}"));
        let asked = selector.tally(100).iter().sum::<u32>();
        assert_eq!(asked, 100, "{name}");
        assert_eq!(host.lines(), [], "{name}");
    }
}
