//! Filters that mean harm. They do it to a POST and leave every other request alone, so that
//! a test sees both.

use super::{EAT_MEMORY, Filter, LOOP};

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

/// One of each kind.
pub fn all() -> Vec<Hostile> {
    let plain =
        |functions: &str, statements: &str| Filter::default().harming(functions, statements);
    let forever = |statements: &str| format!("(loop $again {statements} (br $again))");
    let harm = |what, kind, filter| Hostile { what, filter, kind };
    let header = r#"
    (import "tidegate:plugin/request@0.1.0" "header" (func $field (param i32 i32 i32)))"#;
    let mut asking = Filter::asking("nowhere", "/", 100);
    let send = forever(&format!(
        "(drop (block (result i32) {}))",
        asking.on_request
    ));
    let functions = std::mem::take(&mut asking.functions);
    let recursion = "(func $deeper (param i64) (call $deeper (local.get 0)))";
    let grow = "(drop (table.grow $table (ref.null func) (i32.const 1000)))";
    let mut all = vec![
        harm("an endless loop", "deadline", plain("", LOOP)),
        harm("a loop through a call of the host", "deadline", {
            let mut filter = Filter::default();
            let name = filter.literal("host");
            let ask = format!("(call $forget) (call $field {name} (i32.const 2048))");
            filter.harming(header, &forever(&ask))
        }),
        harm(
            "a loop through calls out",
            "deadline",
            asking.harming(&functions, &send),
        ),
        harm("memory to the bound", "memory", plain("", EAT_MEMORY)),
        harm(
            "a deep recursion",
            "trap",
            plain(recursion, "(call $deeper (i64.const 0))"),
        ),
        harm(
            "a growing table",
            "deadline",
            plain("(table $table 1 funcref)", &forever(grow)),
        ),
        harm("a trap", "trap", plain("", "unreachable")),
        harm("an answer that is none", "trap", {
            let nonsense = "(i32.store8 (i32.const 1024) (i32.const 9)) (return (i32.const 1024))";
            plain("", nonsense)
        }),
        harm(
            "an answer out of its memory",
            "trap",
            plain("", "(return (i32.const -8))"),
        ),
        harm("a reply of 1 GiB", "trap", {
            let reply = "(call $answer (i32.const 200) (i32.const 0) (i32.const 0x40000000))";
            plain("", &format!("(return {reply})"))
        }),
        harm("a reply of 8 MiB that is there", "trap", {
            let reply = "(call $answer (i32.const 200) (i32.const 0) (i32.const 0x800000))";
            let filter = plain("", &format!("(return {reply})"));
            Filter {
                pages: 140,
                ..filter
            }
        }),
        harm(
            "60,000 fields of 60,000 bytes each, all the same",
            "trap",
            {
                let mut filter = Filter::default();
                let name = filter.literal("x-large");
                let field = format!("(call $header {name} (i32.const 65536) (i32.const 60000))");
                let reply = "(return (call $answer (i32.const 200) (i32.const 0) (i32.const 0)))";
                let filter = filter.harming("", &(Filter::times(60_000, &field) + reply));
                Filter {
                    pages: 24,
                    ..filter
                }
            },
        ),
        harm("100,000 edits", "trap", {
            let mut filter = Filter::default();
            let edits = Filter::times(100_000, &filter.set("x", "y"));
            let filter = filter.harming("", &format!("{edits} (return (call $edit))"));
            Filter {
                pages: 40,
                ..filter
            }
        }),
        harm("1,000 edits", "edit", {
            let mut filter = Filter::default();
            let edits = Filter::times(1_000, &filter.set("x", "y"));
            filter.harming("", &format!("{edits} (return (call $edit))"))
        }),
    ];
    for (what, name, value) in [
        ("a field that splits the head", "x", "y\r\nx-forged: yes"),
        ("a name that splits the head", "x: y\r\nx-forged", "yes"),
        ("a length", "content-length", "3"),
        ("a coding", "transfer-encoding", "chunked"),
        ("a connection", "connection", "x-secret"),
    ] {
        let mut filter = Filter::default();
        let edit = filter.set(name, value);
        all.push(harm(
            what,
            "edit",
            filter.harming("", &format!("{edit} (return (call $edit))")),
        ));
        let mut filter = Filter::default();
        let field = filter.header(name, value);
        let answer = "(return (call $abort (i32.const 200)))";
        all.push(harm(
            what,
            "edit",
            filter.harming("", &format!("{field} {answer}")),
        ));
    }
    all
}
