//! The kinds of harm: what a call does, what it answers, which fields it edits.

use super::Hostile;
use crate::{EAT_MEMORY, Filter, LOOP};

/// One of each kind.
pub fn all() -> Vec<Hostile> {
    [running(), answering(), editing()]
        .into_iter()
        .flatten()
        .collect()
}

fn plain(functions: &str, statements: &str) -> Filter {
    Filter::default().harming(functions, statements)
}

fn harm(what: &'static str, kind: &'static str, filter: Filter) -> Hostile {
    Hostile { what, filter, kind }
}

/// Parameters of a function that takes a good part of the stack.
const WIDTH: usize = 64;

/// Harm by what a call does.
fn running() -> Vec<Hostile> {
    let forever = |statements: &str| format!("(loop $again {statements} (br $again))");
    let field = r#"
    (import "tidegate:plugin/request@0.1.0" "header" (func $field (param i32 i32 i32)))"#;
    let mut reading = Filter::default();
    let name = reading.literal("host");
    let read = format!("(call $forget) (call $field {name} (i32.const 2048))");
    // One that may call out has a stack of its own.
    let mut asking = Filter::asking("nowhere", "/", 100);
    let send = format!("(drop (block (result i32) {}))", asking.on_request);
    let client = std::mem::take(&mut asking.functions);
    let recursion = "(func $deeper (param i64) (call $deeper (local.get 0)))";
    let deeper = "(call $deeper (i64.const 0))";
    // A function of the host runs at every depth, also at the last one. Each takes a good
    // part of the stack, so that the end comes soon.
    let calling = format!(
        "(func $deeper (param {}) (call $method (i32.const 2048)) (call $forget)
            (call $deeper {}))
        (func $deep (call $deeper {}))",
        "i64 ".repeat(WIDTH),
        (0..WIDTH)
            .map(|n| format!("(local.get {n})"))
            .collect::<String>(),
        "(i64.const 0)".repeat(WIDTH)
    );
    let with_client = |functions: &str, statements: &str| {
        let functions = format!("{client}{functions}");
        asking.clone().harming(&functions, statements)
    };
    let table = "(table $table 1 funcref)";
    let grow = "(drop (table.grow $table (ref.null func) (i32.const 1000)))";
    vec![
        harm("an endless loop", "deadline", plain("", LOOP)),
        harm(
            "a loop through a call of the host",
            "deadline",
            reading.harming(field, &forever(&read)),
        ),
        harm(
            "a loop through calls out",
            "deadline",
            with_client("", &forever(&send)),
        ),
        harm("memory to the bound", "memory", plain("", EAT_MEMORY)),
        harm("a growing table", "deadline", plain(table, &forever(grow))),
        harm("a deep recursion", "trap", plain(recursion, deeper)),
        harm(
            "a deep recursion on a stack of its own",
            "trap",
            with_client(recursion, deeper),
        ),
        harm(
            "a deep recursion through the host",
            "trap",
            plain(&calling, "(call $deep)"),
        ),
        harm(
            "a deep recursion through the host on a stack of its own",
            "trap",
            with_client(&calling, "(call $deep)"),
        ),
        harm("a trap", "trap", plain("", "unreachable")),
    ]
}

/// Harm by an answer that is none, or is too much.
fn answering() -> Vec<Hostile> {
    let answer = |pages, statements: &str, answer: &str| Filter {
        pages,
        ..plain("", &format!("{statements} (return {answer})"))
    };
    let reply =
        |length: &str| format!("(call $answer (i32.const 200) (i32.const 0) (i32.const {length}))");
    // The same large value again and again.
    let mut repeating = Filter::default();
    let name = repeating.literal("x-large");
    let field = format!("(call $header {name} (i32.const 65536) (i32.const 60000))");
    let repeat = format!("{} (return {})", Filter::times(60_000, &field), reply("0"));
    let mut editing = Filter::default();
    let edit = editing.set("x", "y");
    let edits = |count| format!("{} (return (call $edit))", Filter::times(count, &edit));
    let larger = |filter: Filter| Filter {
        pages: 40,
        ..filter
    };
    vec![
        harm(
            "an answer that is none",
            "trap",
            answer(
                4,
                "(i32.store8 (i32.const 1024) (i32.const 9))",
                "(i32.const 1024)",
            ),
        ),
        harm(
            "an answer out of its memory",
            "trap",
            answer(4, "", "(i32.const -8)"),
        ),
        harm(
            "a reply of 1 GiB",
            "trap",
            answer(4, "", &reply("0x40000000")),
        ),
        harm(
            "a reply of 8 MiB that is there",
            "trap",
            answer(140, "", &reply("0x800000")),
        ),
        harm(
            "60,000 fields of 60,000 bytes",
            "trap",
            larger(repeating.harming("", &repeat)),
        ),
        harm(
            "100,000 edits",
            "trap",
            larger(editing.clone().harming("", &edits(100_000))),
        ),
        harm("1,000 edits", "edit", editing.harming("", &edits(1_000))),
    ]
}

/// Harm by fields that would split or frame a message, in an edit and in a reply.
fn editing() -> Vec<Hostile> {
    let fields = [
        ("a field that splits the head", "x", "y\r\nx-forged: yes"),
        ("a name that splits the head", "x: y\r\nx-forged", "yes"),
        ("a length", "content-length", "3"),
        ("a coding", "transfer-encoding", "chunked"),
        ("a connection", "connection", "x-secret"),
    ];
    let both = fields.map(|(what, name, value)| {
        let mut edit = Filter::default();
        let set = edit.set(name, value);
        let mut reply = Filter::default();
        let field = reply.header(name, value);
        let answer = format!("{field} (return (call $abort (i32.const 200)))");
        [
            edit.harming("", &format!("{set} (return (call $edit))")),
            reply.harming("", &answer),
        ]
        .map(|filter| harm(what, "edit", filter))
    });
    both.into_iter().flatten().collect()
}
