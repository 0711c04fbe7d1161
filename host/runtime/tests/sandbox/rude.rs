//! A guest that misbehaves as the number of the attempt tells it, and the misdeeds.

use tidegate_components::{EAT_MEMORY, LOOP, Selector};
use tidegate_runtime::FaultKind;

/// What a call may do wrong, what the sandbox calls it, and a part of what it says.
pub struct Misdeed {
    pub statements: &'static str,
    pub kind: FaultKind,
    pub message: &'static str,
}

const fn misdeed(statements: &'static str, kind: FaultKind, message: &'static str) -> Misdeed {
    Misdeed {
        statements,
        kind,
        message,
    }
}

/// By attempt, from 1. Every request excludes position 2 of three.
pub const MISDEEDS: [Misdeed; 14] = [
    misdeed(
        "(call $named_in_backtraces)",
        FaultKind::Trap,
        "unreachable",
    ),
    misdeed(LOOP, FaultKind::Deadline, "longer than its deadline"),
    misdeed(EAT_MEMORY, FaultKind::Memory, "more memory"),
    misdeed(
        "(return (call $choose (i32.const 3)))",
        FaultKind::Index,
        "position 3 of 3",
    ),
    misdeed(
        "(return (call $choose (i32.const -1)))",
        FaultKind::Index,
        "position 4294967295",
    ),
    misdeed(
        "(return (call $choose (i32.const 2)))",
        FaultKind::Excluded,
        "position 2, which is excluded",
    ),
    // A name with a blank.
    misdeed(
        "(call $edit (i32.const 0) (i32.const 3072) (i32.const 17))",
        FaultKind::Edit,
        "`the configuration`",
    ),
    misdeed(
        "(call $edit (i32.const 0) (i32.const 3200) (i32.const 14))",
        FaultKind::Edit,
        "`content-length`",
    ),
    misdeed(
        "(local.set $left (i32.const 1000))
        (loop $more
            (call $edit (i32.const 1) (i32.const 3072) (i32.const 3))
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br_if $more (local.get $left)))",
        FaultKind::Edit,
        "at most 64",
    ),
    // What does not lie in memory, or is not what the type says.
    misdeed("(return (i32.const -8))", FaultKind::Trap, ""),
    misdeed(
        "(call $edit (i32.const 0) (i32.const 3072) (i32.const 0x7fffffff))",
        FaultKind::Trap,
        "",
    ),
    misdeed(
        "(call $edit (i32.const 7) (i32.const 3072) (i32.const 3))",
        FaultKind::Trap,
        "",
    ),
    misdeed(
        "(i32.store8 (i32.const 1024) (i32.const 7)) (return (i32.const 1024))",
        FaultKind::Trap,
        "",
    ),
    misdeed("(call $endless)", FaultKind::Trap, "stack"),
];

/// On attempt n the nth misdeed; on attempt 0 it chooses the number of good calls that this
/// instance has answered: 0 says that it is a new one.
pub fn guest() -> Selector {
    let orders: String = (1..)
        .zip(&MISDEEDS)
        .map(|(attempt, misdeed)| {
            let statements = misdeed.statements;
            format!(
                "(if (i32.eq (call $attempt) (i32.const {attempt}))
                    (then {statements} (return (call $choose (i32.const 0)))))\n"
            )
        })
        .collect();
    Selector {
        functions: r#"
    (import "tidegate:plugin/request@0.1.0" "attempt" (func $attempt (result i32)))
    (import "tidegate:plugin/choice@0.1.0" "edit-response"
        (func $edit_response (param i32 i32 i32 i32 i32)))
    (global $answered (mut i32) (i32.const -1))
    (data (i32.const 3200) "content-length")
    (func $named_in_backtraces unreachable)
    (func $endless (call $endless) (call $endless))
    ;; An edit of that kind of the field of that name; the value is `the`.
    (func $edit (param $kind i32) (param $name i32) (param $length i32)
        (call $edit_response (local.get $kind) (local.get $name) (local.get $length)
            (i32.const 3072) (i32.const 3)))"#
            .into(),
        select: format!(
            "(local $left i32)
        {orders}
        (global.set $answered (i32.add (global.get $answered) (i32.const 1)))
        (call $choose (global.get $answered))"
        ),
        ..Selector::default()
    }
}
