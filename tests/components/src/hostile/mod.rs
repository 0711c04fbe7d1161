//! Filters that mean harm. They do it to a POST and leave every other request alone, so that
//! a test sees both.

mod kinds;

pub use kinds::all;

use crate::Filter;

/// A filter that does harm at the head of a request.
pub struct Hostile {
    /// The harm, in words.
    pub what: &'static str,
    /// The filter.
    pub filter: Filter,
    /// What the host calls the fault.
    pub kind: &'static str,
}

/// The import that [`on_post`] needs.
pub const METHOD: &str = r#"
    (import "tidegate:plugin/request@0.1.0" "method" (func $method (param i32)))"#;

/// Does this for a request whose method has four letters.
pub fn on_post(statements: &str) -> String {
    format!(
        "(call $method (i32.const 2048))
        (if (i32.eq (i32.load offset=4 (i32.const 2048)) (i32.const 4)) (then {statements}))"
    )
}

impl Filter {
    /// Does this at the head of a POST and passes all else. More functions begin with their
    /// imports.
    #[must_use]
    pub fn harming(mut self, functions: &str, statements: &str) -> Self {
        self.functions = format!("{METHOD}{functions}");
        self.on_request = format!("{} (call $pass)", on_post(statements));
        self
    }

    /// Loops `count` times over these statements, with a local `$i` from 0.
    pub fn times(count: u32, statements: &str) -> String {
        format!(
            "(local.set $i (i32.const 0))
            (loop $again {statements}
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $again (i32.lt_u (local.get $i) (i32.const {count}))))"
        )
    }
}
