//! A deadline is time that the guest has used, not time that has passed.

use crate::support::{Request, ask, by, endpoints, endpoints_with, pick, start};
use std::thread;
use std::time::{Duration, Instant};
use tidegate_components::{LOOP, Selector};
use tidegate_runtime::{FaultKind, Limits};

/// Asks for the total load three times, and then does what it says.
fn asks_for_load() -> Selector {
    Selector {
        functions: r#"
    (import "tidegate:plugin/load@0.1.0" "total" (func $ask (result i32)))
    ;; A function of the guest's own: its start is where a deadline is looked at.
    (func $total (result i32) (call $ask))"#
            .into(),
        select: "
        (drop (call $total)) (drop (call $total)) (drop (call $total))
        (call $choose (call $total))"
            .into(),
        ..Selector::default()
    }
}

#[test]
fn a_call_whose_thread_does_not_run_is_not_blamed() {
    // Each pause is what a busy machine does to a thread, and far longer than the deadline.
    let list = endpoints_with(3, || {
        thread::sleep(Duration::from_millis(20));
        2
    });
    let selector = start(&asks_for_load(), by("web"), &list).unwrap();
    assert!(Limits::default().deadline < Duration::from_millis(20));
    for _ in 0..3 {
        assert_eq!(pick(&selector, &list), 2);
    }
}

#[test]
fn a_call_that_runs_and_runs_is_ended() {
    let list = endpoints(3);
    let made = Selector {
        select: format!("{LOOP} unreachable"),
        ..Selector::default()
    };
    for milliseconds in [1, 5, 50] {
        let mut purpose = by("web");
        purpose.limits.deadline = Duration::from_millis(milliseconds);
        let selector = start(&made, purpose, &list).unwrap();
        let start = Instant::now();
        let fault = ask(&selector, &list, Request::new(0, &[])).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Deadline);
        assert!(start.elapsed() < Duration::from_secs(10), "it came back");
    }
}

#[test]
fn the_time_of_one_call_is_not_the_debt_of_the_next() {
    let list = endpoints(3);
    // Some work, well within the deadline; all calls together are far beyond it.
    let made = Selector {
        select: "
        (local $left i32)
        (local.set $left (i32.const 100000))
        (loop $work
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br_if $work (local.get $left)))
        (call $choose (i32.const 1))"
            .into(),
        ..Selector::default()
    };
    let mut purpose = by("web");
    purpose.limits.deadline = Duration::from_millis(20);
    let selector = start(&made, purpose, &list).unwrap();
    let start = Instant::now();
    let mut calls = 0;
    while start.elapsed() < Duration::from_millis(100) || calls < 3 {
        assert_eq!(pick(&selector, &list), 1);
        calls += 1;
    }
}
