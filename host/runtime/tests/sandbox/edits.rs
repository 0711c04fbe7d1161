//! Edits of the response belong to the answer of the call in which they were made.

use crate::support::{Request, ask, by, endpoints, start};
use http::{HeaderName, HeaderValue};
use tidegate_components::Selector;
use tidegate_runtime::{Choice, HeaderEdit};

/// Sets and removes fields in every call, also outside of `select`; has no opinion on
/// attempt 1, and answers 0 else, on attempt 2 without edits.
fn edits() -> Selector {
    let edit = "
        (call $edit (i32.const 0) (i32.const 3200) (i32.const 1) (i32.const 3201) (i32.const 1))
        (call $edit (i32.const 2) (i32.const 3201) (i32.const 1) (i32.const 0) (i32.const 0))";
    Selector {
        functions: r#"
    (import "tidegate:plugin/request@0.1.0" "attempt" (func $attempt (result i32)))
    (import "tidegate:plugin/choice@0.1.0" "edit-response"
        (func $edit (param i32 i32 i32 i32 i32)))
    (data (i32.const 3200) "ab")"#
            .into(),
        configure: edit.into(),
        update: edit.into(),
        select: format!(
            "(if (i32.eq (call $attempt) (i32.const 2))
            (then (return (call $choose (i32.const 0)))))
        {edit}
        (drop (call $choose (i32.const 0)))
        (if (i32.eq (call $attempt) (i32.const 1))
            (then (i32.store8 (i32.const 1024) (i32.const 0))))
        (i32.const 1024)"
        ),
        ..Selector::default()
    }
}

#[test]
fn edits_go_with_their_answer_and_with_no_other() {
    let list = endpoints(3);
    let selector = start(&edits(), by("web"), &list).unwrap();
    let choice = |attempt| ask(&selector, &list, Request::new(attempt, &[])).unwrap();
    let plain = Choice {
        index: 0,
        response_edits: Vec::new(),
    };
    let edited = Choice {
        response_edits: vec![
            HeaderEdit::Set(HeaderName::from_static("a"), HeaderValue::from_static("b")),
            HeaderEdit::Remove(HeaderName::from_static("b")),
        ],
        ..plain.clone()
    };
    assert_eq!(
        choice(2),
        Some(plain.clone()),
        "none from `configure` or `update`"
    );
    assert_eq!(choice(0), Some(edited.clone()));
    assert_eq!(choice(2), Some(plain.clone()), "none from the call before");
    assert_eq!(choice(1), None);
    assert_eq!(
        choice(2),
        Some(plain),
        "none from a call without an opinion"
    );
    assert_eq!(choice(0), Some(edited));
}
