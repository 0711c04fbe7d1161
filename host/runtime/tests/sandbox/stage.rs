//! A new list is given to instances before it is published, so that no request waits.

use crate::support::{Request, ask, by, endpoints, pick, start};
use tidegate_components::Selector;
use tidegate_runtime::{FaultKind, LoadError};

/// Chooses the number of lists that its instance was given.
fn counts_updates() -> Selector {
    Selector {
        functions: "(global $updates (mut i32) (i32.const 0))".into(),
        update: "(global.set $updates (i32.add (global.get $updates) (i32.const 1)))".into(),
        select: "(call $choose (global.get $updates))".into(),
        ..Selector::default()
    }
}

/// Traps when it is given two endpoints.
fn abhors_two() -> Selector {
    Selector {
        update: "(if (i32.eq (local.get $count) (i32.const 2)) (then unreachable))".into(),
        ..Selector::default()
    }
}

#[test]
fn a_staged_list_is_known_before_the_first_call() {
    let (old, new) = (endpoints(4), endpoints(4));
    let selector = start(&counts_updates(), by("web"), &old).unwrap();
    assert_eq!(pick(&selector, &old), 1);
    selector.stage(&new).unwrap();
    assert_eq!(
        pick(&selector, &old),
        1,
        "requests under way have the old list"
    );
    assert_eq!(
        pick(&selector, &new),
        1,
        "the staged instance was given it already"
    );
    assert_eq!(pick(&selector, &new), 1, "and is kept");
}

#[test]
fn a_list_that_was_not_staged_is_given_before_the_call() {
    let (old, new) = (endpoints(4), endpoints(4));
    let selector = start(&counts_updates(), by("web"), &old).unwrap();
    assert_eq!(pick(&selector, &old), 1);
    assert_eq!(pick(&selector, &new), 2);
    assert_eq!(pick(&selector, &new), 2, "once");
}

#[test]
fn a_list_on_which_the_plugin_fails_changes_nothing() {
    let (old, bad) = (endpoints(3), endpoints(2));
    let selector = start(&abhors_two(), by("web"), &old).unwrap();
    assert_eq!(pick(&selector, &old), 0);
    let refused = selector.stage(&bad);
    assert!(matches!(
        refused,
        Err(LoadError::Failed { call: "update", .. })
    ));
    assert_eq!(pick(&selector, &old), 0);
}

#[test]
fn a_failing_update_under_traffic_is_a_fault_of_each_call_and_no_more() {
    let (good, bad) = (endpoints(3), endpoints(2));
    let selector = start(&abhors_two(), by("web"), &good).unwrap();
    for _ in 0..5 {
        let fault = ask(&selector, &bad, Request::new(0, &[])).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Trap, "{fault}");
        assert_eq!(pick(&selector, &good), 0);
    }
}
