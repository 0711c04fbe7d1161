//! What a plugin keeps: for as long as its use lives, and for that use alone.

use crate::support::{by, endpoints, pick, start};
use std::time::{Duration, Instant};
use tidegate_components::Selector;
use tidegate_runtime::Use;

#[test]
fn it_survives_the_replacement_of_the_plugin() {
    let list = endpoints(5);
    let old = start(&Selector::counting(1), by("replaced"), &list).unwrap();
    assert_eq!([pick(&old, &list), pick(&old, &list)], [0, 1]);
    let new = start(&Selector::counting(2), by("replaced"), &list).unwrap();
    assert_eq!(pick(&new, &list), 2, "other bytes, the same use");
    assert_eq!(
        pick(&old, &list),
        3,
        "requests under way still use the old one"
    );
    drop(old);
    assert_eq!(pick(&new, &list), 4);
}

#[test]
fn it_belongs_to_one_use() {
    let list = endpoints(5);
    let made = Selector::counting(1);
    let web = start(&made, by("one use"), &list).unwrap();
    assert_eq!([pick(&web, &list), pick(&web, &list)], [0, 1]);
    let api = start(&made, by("another use"), &list).unwrap();
    assert_eq!(pick(&api, &list), 0, "another upstream");
    let purpose = Use {
        plugin: "another".into(),
        ..by("one use")
    };
    let other = start(&made, purpose, &list).unwrap();
    assert_eq!(
        pick(&other, &list),
        0,
        "another plugin of the same upstream"
    );
    assert_eq!(pick(&web, &list), 2);
}

#[test]
fn it_ends_with_its_use() {
    let list = endpoints(5);
    let made = Selector::counting(1);
    let selector = start(&made, by("ended"), &list).unwrap();
    assert_eq!([pick(&selector, &list), pick(&selector, &list)], [0, 1]);
    drop(selector);
    // A spare may be in the making, and keeps the use alive until it is made.
    let patience = Instant::now() + Duration::from_secs(30);
    while pick(&start(&made, by("ended"), &list).unwrap(), &list) != 0 {
        assert!(Instant::now() < patience, "it never ends");
    }
}
