//! A bad call costs that call: its request comes back, its instance goes, the next call is
//! answered.

use crate::rude::{self, MISDEEDS};
use crate::support::{Request, ask, by, endpoints, endpoints_with, pick, start};
use std::sync::atomic::{AtomicBool, Ordering};
use tidegate_components::Selector;
use tidegate_runtime::FaultKind;

#[test]
fn each_misdeed_is_named_and_a_fresh_instance_answers_the_next_call() {
    let list = endpoints(3);
    let selector = start(&rude::guest(), by("web"), &list).unwrap();
    for (attempt, misdeed) in (1..).zip(&MISDEEDS) {
        assert_eq!(pick(&selector, &list), 0, "before {}", misdeed.statements);
        assert_eq!(pick(&selector, &list), 1, "the instance is kept");
        let fault = ask(&selector, &list, Request::new(attempt, &[2])).unwrap_err();
        assert_eq!(fault.kind, misdeed.kind, "{}: {fault}", misdeed.statements);
        assert!(fault.message.contains(misdeed.message), "{fault}");
    }
    assert_eq!(pick(&selector, &list), 0);
}

#[test]
fn a_backtrace_has_the_names_of_functions_innermost_first() {
    let list = endpoints(3);
    let selector = start(&rude::guest(), by("web"), &list).unwrap();
    let fault = ask(&selector, &list, Request::new(1, &[])).unwrap_err();
    assert_eq!(fault.backtrace[0], "named_in_backtraces");
    assert!(fault.backtrace.len() >= 2, "{:?}", fault.backtrace);
    assert!(
        fault.to_string().contains("(in named_in_backtraces < "),
        "{fault}"
    );
}

#[test]
fn faults_without_end_leave_no_instances_behind() {
    let list = endpoints(3);
    let selector = start(&rude::guest(), by("web"), &list).unwrap();
    for _ in 0..1_500 {
        // More than there is room for at a time.
        ask(&selector, &list, Request::new(1, &[])).unwrap_err();
    }
    // One at work, one that was staged, a spare, and one that the housekeeper is making.
    assert!(selector.instances() <= 4, "{}", selector.instances());
    assert_eq!(pick(&selector, &list), 0);
}

#[test]
fn memory_that_was_refused_and_not_missed_is_no_fault() {
    let list = endpoints(3);
    let made = Selector {
        functions: r#"
    (import "tidegate:plugin/request@0.1.0" "attempt" (func $attempt (result i32)))"#
            .into(),
        select: "
        (if (i32.eq (call $attempt) (i32.const 1)) (then unreachable))
        (drop (memory.grow (i32.const 1000)))
        (call $choose (i32.const 1))"
            .into(),
        ..Selector::default()
    };
    let selector = start(&made, by("web"), &list).unwrap();
    assert_eq!(pick(&selector, &list), 1);
    let later = ask(&selector, &list, Request::new(1, &[])).unwrap_err();
    assert_eq!(
        later.kind,
        FaultKind::Trap,
        "another call's refusal: {later}"
    );
}

/// Whoever embeds the sandbox is trusted and fallible: a panic in what it lends to a guest
/// costs a call, not a thread.
#[test]
fn a_panic_of_the_embedder_costs_one_call() {
    static BROKEN: AtomicBool = AtomicBool::new(false);
    let list = endpoints_with(3, || {
        assert!(!BROKEN.load(Ordering::Relaxed), "a bug of the embedder");
        1
    });
    let made = Selector {
        functions: r#"
    (import "tidegate:plugin/load@0.1.0" "total" (func $total (result i32)))"#
            .into(),
        select: "(call $choose (call $total))".into(),
        ..Selector::default()
    };
    let selector = start(&made, by("web"), &list).unwrap();
    assert_eq!(pick(&selector, &list), 1);
    BROKEN.store(true, Ordering::Relaxed);
    let fault = ask(&selector, &list, Request::new(0, &[])).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Trap, "{fault}");
    BROKEN.store(false, Ordering::Relaxed);
    assert_eq!(pick(&selector, &list), 1);
}
