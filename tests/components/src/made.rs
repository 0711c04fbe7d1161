//! Selectors, good and bad, that more than one test uses.

use super::Selector;

impl Selector {
    /// A correct one that always answers the endpoint at that position, if `index` is one.
    pub fn always(index: u32) -> Self {
        Self {
            select: format!("(call $choose (i32.const {index}))"),
            ..Self::default()
        }
    }

    /// A correct one that takes the endpoints in turn. `tag` makes its bytes differ from
    /// those of the same with another tag.
    pub fn turning(tag: u32) -> Self {
        Self {
            functions: format!(
                "
    (global $tag i32 (i32.const {tag}))
    (global $turn (mut i32) (i32.const 0))
    (global $endpoints (mut i32) (i32.const 1))"
            ),
            update: "(global.set $endpoints (local.get $count))".into(),
            select: "
        (global.set $turn (i32.add (global.get $turn) (i32.const 1)))
        (call $choose (i32.rem_u (global.get $turn) (global.get $endpoints)))"
                .into(),
            ..Self::default()
        }
    }

    /// Takes the endpoints in turn by a counter of the shared state named `turn`, so that
    /// another instance, or another version with another `tag`, goes on where this one was.
    pub fn counting(tag: u32) -> Self {
        Self {
            functions: format!(
                r#"
    (import "tidegate:plugin/state@0.1.0" "[constructor]counter"
        (func $open (param i32 i32) (result i32)))
    (import "tidegate:plugin/state@0.1.0" "[method]counter.add"
        (func $add (param i32 i64) (result i64)))
    (global $tag i32 (i32.const {tag}))
    (global $counter (mut i32) (i32.const 0))
    (global $endpoints (mut i64) (i64.const 1))
    (data (i32.const 3200) "turn")"#
            ),
            configure: "(global.set $counter (call $open (i32.const 3200) (i32.const 4)))".into(),
            update: "(global.set $endpoints (i64.extend_i32_u (local.get $count)))".into(),
            select: "
        (call $choose (i32.wrap_i64 (i64.rem_u
            (call $add (global.get $counter) (i64.const 1))
            (global.get $endpoints))))"
                .into(),
            ..Self::default()
        }
    }

    /// Traps in one of ten calls and never returns from one of a thousand; chooses in turn
    /// otherwise. Which calls these are is drawn, so that all instances differ.
    pub fn chaos() -> Self {
        Self {
            functions: r#"
    (import "tidegate:plugin/random@0.1.0" "next" (func $random (result i64)))
    (func $deliberately_trapping unreachable)
    (func $deliberately_hanging (loop $forever (br $forever)))
    (global $turn (mut i32) (i32.const 0))
    (global $endpoints (mut i32) (i32.const 1))"#
                .into(),
            update: "(global.set $endpoints (local.get $count))".into(),
            select: r"
        (local $draw i32)
        (local.set $draw (i32.wrap_i64 (i64.rem_u (call $random) (i64.const 1000))))
        (if (i32.lt_u (local.get $draw) (i32.const 100)) (then (call $deliberately_trapping)))
        (if (i32.eq (local.get $draw) (i32.const 100)) (then (call $deliberately_hanging)))
        (global.set $turn (i32.add (global.get $turn) (i32.const 1)))
        (call $choose (i32.rem_u (global.get $turn) (global.get $endpoints)))"
                .into(),
            ..Self::default()
        }
    }

    /// Correct but for an import of the world [`OUTSIDE`], which no host offers.
    pub fn outside() -> Self {
        let import = r#"(import "test:plugin/outside" "call" (func $call (result i32)))"#;
        let select = "(call $choose (call $call))".into();
        Self {
            functions: import.into(),
            select,
            ..Self::default()
        }
    }
}

/// A world like the contract's with one import more.
pub const OUTSIDE: &str = "
    package test:plugin;
    interface outside { call: func() -> u32; }
    world plugin { include tidegate:plugin/selector-plugin@0.1.0; import outside; }";

/// Statements of a `configure` that refuses, with the words `not to my taste`.
pub const REFUSE: &str = "
        (i32.store8 (i32.const 2048) (i32.const 1))
        (i32.store offset=4 (i32.const 2048) (i32.const 3072))
        (i32.store offset=8 (i32.const 2048) (i32.const 36))
        (return (i32.const 2048))";

/// Statements that never end.
pub const LOOP: &str = "(loop $forever (br $forever))";

/// Statements that ask for memory until there is no more, and trap then.
pub const EAT_MEMORY: &str = "
        (loop $more
            (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
        unreachable";
