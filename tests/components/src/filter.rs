//! Filters made by hand. A result is a pointer to where the functions below put it:
//! `verdict` and `body-verdict` have their discriminant at 0 and the payload at 4.

use std::fmt::Write;

use crate::encode;

/// Where the functions put an answer.
const ANSWER: u32 = 1024;
/// Where edits are collected, 20 bytes each.
const EDITS: u32 = 65_536;
/// Where literals begin.
const LITERALS: u32 = 2560;

/// A filter in WebAssembly text, part by part. The default one sees everything and changes
/// nothing. Statements may call
///
/// - `$pass`, `$answer` (status; body as pointer and length) with the fields collected by
///   `$header` (name and value, each as pointer and length), `$edit` with the edits
///   collected by `$set` and `$append` (name and value) and
///   `$remove` (name), for `on_request`;
/// - `$no_edit`, `$edit_response` (status, 0 for none) for `on_response`;
/// - `$pass`, `$replace` (pointer and length), `$abort` (status) for bodies.
#[derive(Clone, Debug)]
pub struct Filter {
    /// `request`, `response`, `request-body`, `response-body`, as numbers.
    pub interest: [u8; 4],
    /// Statements of `configure`, with locals `$text` and `$length`.
    pub configure: String,
    /// Statements of `on-request`, with a local `$i`.
    pub on_request: String,
    /// Statements of `on-request-body`, with locals `$chunk`, `$length`, `$last`.
    pub on_request_body: String,
    /// Statements of `on-response`.
    pub on_response: String,
    /// Statements of `on-response-body`, with locals `$chunk`, `$length`, `$last`.
    pub on_response_body: String,
    /// More functions, imports first.
    pub functions: String,
    /// Pages of 64 KiB at the start; at least 3.
    pub pages: u32,
    /// Texts that the statements point at; [`literal`](Self::literal) adds one.
    pub literals: Vec<u8>,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            interest: [1, 1, 0, 0],
            configure: String::new(),
            on_request: "(call $pass)".into(),
            on_request_body: "(call $pass)".into(),
            on_response: "(call $no_edit)".into(),
            on_response_body: "(call $pass)".into(),
            functions: String::new(),
            pages: 4,
            literals: Vec::new(),
        }
    }
}

impl Filter {
    /// Keeps a text and answers its pointer and length as two constants.
    pub fn literal(&mut self, text: impl AsRef<[u8]>) -> String {
        let text = text.as_ref();
        let at = LITERALS as usize + self.literals.len();
        self.literals.extend(text);
        format!("(i32.const {at}) (i32.const {})", text.len())
    }

    /// The statement that sets a field.
    pub fn set(&mut self, name: &str, value: &str) -> String {
        let (name, value) = (self.literal(name), self.literal(value));
        format!("(call $set {name} {value})")
    }

    /// The statement that adds a field to the answer that follows.
    pub fn header(&mut self, name: &str, value: &str) -> String {
        let (name, value) = (self.literal(name), self.literal(value));
        format!("(call $header {name} {value})")
    }

    /// The component.
    ///
    /// # Panics
    /// When the parts are not WebAssembly text or not of the contract.
    pub fn component(&self) -> Vec<u8> {
        encode(self.module(), "filter-plugin", None).unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// The component in a world of its own; see [`Selector::component_in`].
    ///
    /// # Panics
    /// As [`component`](Self::component).
    ///
    /// [`Selector::component_in`]: crate::Selector::component_in
    pub fn component_in(&self, world: &str) -> Vec<u8> {
        encode(self.module(), "test:plugin/plugin", Some(world))
            .unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// The core module alone: valid WebAssembly, but no component.
    ///
    /// # Panics
    /// As [`component`](Self::component).
    pub fn module(&self) -> Vec<u8> {
        let text = self.text();
        wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    fn text(&self) -> String {
        let Self {
            interest: [request, response, request_body, response_body],
            configure,
            on_request,
            on_request_body,
            on_response,
            on_response_body,
            functions,
            pages,
            literals,
        } = self;
        let interface = "tidegate:plugin/filter@0.1.0";
        let mut data = String::new();
        for byte in literals {
            let _ = write!(data, "\\{byte:02x}");
        }
        format!(
            r#"(module $filter{functions}
    (memory (export "memory") {pages})
    (global $free (mut i32) (i32.const 131072))
    (global $edits (mut i32) (i32.const 0))
    (data (i32.const {LITERALS}) "{data}")
    (func $pass (result i32)
        (i32.store8 (i32.const {ANSWER}) (i32.const 0))
        (i32.const {ANSWER}))
    (func $no_edit (result i32) (call $pass))
    (func $answer (param $status i32) (param $body i32) (param $length i32) (result i32)
        (i32.store8 (i32.const {ANSWER}) (i32.const 2))
        (i32.store16 offset=4 (i32.const {ANSWER}) (local.get $status))
        (i32.store offset=8 (i32.const {ANSWER}) (i32.const {EDITS}))
        (i32.store offset=12 (i32.const {ANSWER}) (global.get $edits))
        (global.set $edits (i32.const 0))
        (i32.store offset=16 (i32.const {ANSWER}) (local.get $body))
        (i32.store offset=20 (i32.const {ANSWER}) (local.get $length))
        (i32.const {ANSWER}))
    (func $abort (param $status i32) (result i32)
        (call $answer (local.get $status) (i32.const 0) (i32.const 0)))
    (func $replace (param $body i32) (param $length i32) (result i32)
        (i32.store8 (i32.const {ANSWER}) (i32.const 1))
        (i32.store offset=4 (i32.const {ANSWER}) (local.get $body))
        (i32.store offset=8 (i32.const {ANSWER}) (local.get $length))
        (i32.const {ANSWER}))
    (func $edit (result i32)
        (i32.store8 (i32.const {ANSWER}) (i32.const 1))
        (i32.store offset=4 (i32.const {ANSWER}) (i32.const {EDITS}))
        (i32.store offset=8 (i32.const {ANSWER}) (global.get $edits))
        (global.set $edits (i32.const 0))
        (i32.const {ANSWER}))
    (func $path (param $text i32) (param $length i32)
        (i32.store8 offset=12 (i32.const {ANSWER}) (i32.const 1))
        (i32.store offset=16 (i32.const {ANSWER}) (local.get $text))
        (i32.store offset=20 (i32.const {ANSWER}) (local.get $length)))
    (func $upstream (param $text i32) (param $length i32)
        (i32.store8 offset=24 (i32.const {ANSWER}) (i32.const 1))
        (i32.store offset=28 (i32.const {ANSWER}) (local.get $text))
        (i32.store offset=32 (i32.const {ANSWER}) (local.get $length)))
    (func $edit_response (param $status i32) (result i32)
        (i32.store8 (i32.const {ANSWER}) (i32.const 1))
        (i32.store8 offset=4 (i32.const {ANSWER}) (i32.ne (local.get $status) (i32.const 0)))
        (i32.store16 offset=6 (i32.const {ANSWER}) (local.get $status))
        (i32.store offset=8 (i32.const {ANSWER}) (i32.const {EDITS}))
        (i32.store offset=12 (i32.const {ANSWER}) (global.get $edits))
        (global.set $edits (i32.const 0))
        (i32.const {ANSWER}))
    (func $set (param $name i32) (param $nl i32) (param $value i32) (param $vl i32)
        (call $collect (i32.const 0)
            (local.get $name) (local.get $nl) (local.get $value) (local.get $vl)))
    (func $append (param $name i32) (param $nl i32) (param $value i32) (param $vl i32)
        (call $collect (i32.const 1)
            (local.get $name) (local.get $nl) (local.get $value) (local.get $vl)))
    (func $remove (param $name i32) (param $nl i32)
        (call $collect (i32.const 2)
            (local.get $name) (local.get $nl) (i32.const 0) (i32.const 0)))
    (func $header (param $name i32) (param $nl i32) (param $value i32) (param $vl i32)
        (local $at i32)
        (local.set $at
            (i32.add (i32.const {EDITS}) (i32.mul (global.get $edits) (i32.const 16))))
        (i32.store (local.get $at) (local.get $name))
        (i32.store offset=4 (local.get $at) (local.get $nl))
        (i32.store offset=8 (local.get $at) (local.get $value))
        (i32.store offset=12 (local.get $at) (local.get $vl))
        (global.set $edits (i32.add (global.get $edits) (i32.const 1))))
    (func $collect (param $what i32)
        (param $name i32) (param $nl i32) (param $value i32) (param $vl i32)
        (local $at i32)
        (local.set $at
            (i32.add (i32.const {EDITS}) (i32.mul (global.get $edits) (i32.const 20))))
        (i32.store8 (local.get $at) (local.get $what))
        (i32.store offset=4 (local.get $at) (local.get $name))
        (i32.store offset=8 (local.get $at) (local.get $nl))
        (i32.store offset=12 (local.get $at) (local.get $value))
        (i32.store offset=16 (local.get $at) (local.get $vl))
        (global.set $edits (i32.add (global.get $edits) (i32.const 1))))
    (func $realloc (export "cabi_realloc") (param i32 i32 i32) (param $size i32) (result i32)
        (local $at i32)
        (local.set $at
            (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
        (global.set $free (i32.add (local.get $at) (local.get $size)))
        (if (i32.gt_u (global.get $free) (i32.mul (memory.size) (i32.const 65536)))
            (then (drop (memory.grow (i32.add (i32.const 1)
                (i32.div_u (local.get $size) (i32.const 65536)))))))
        (local.get $at))
    (func $configure (export "{interface}#configure")
        (param $text i32) (param $length i32) (result i32)
        {configure}
        (i32.store8 (i32.const {ANSWER}) (i32.const 0))
        (i32.store8 offset=4 (i32.const {ANSWER}) (i32.const {request}))
        (i32.store8 offset=5 (i32.const {ANSWER}) (i32.const {response}))
        (i32.store8 offset=6 (i32.const {ANSWER}) (i32.const {request_body}))
        (i32.store8 offset=7 (i32.const {ANSWER}) (i32.const {response_body}))
        (i32.const {ANSWER}))
    (func $forget
        (global.set $free (i32.const 131072))
        (memory.fill (i32.const {ANSWER}) (i32.const 0) (i32.const 48)))
    (func $on_request (export "{interface}#on-request") (result i32) (local $i i32)
        (call $forget)
        {on_request})
    (func $on_request_body (export "{interface}#on-request-body")
        (param $chunk i32) (param $length i32) (param $last i32) (result i32)
        (call $forget)
        {on_request_body})
    (func $on_response (export "{interface}#on-response") (result i32)
        (call $forget)
        {on_response})
    (func $on_response_body (export "{interface}#on-response-body")
        (param $chunk i32) (param $length i32) (param $last i32) (result i32)
        (call $forget)
        {on_response_body})
)"#
        )
    }

    /// Answers every request itself with what a call out to `upstream` gets: its status, or
    /// 590 and more for a failure (590 denied, 591 timed out, 592 unavailable, 593 too large,
    /// 594 invalid).
    pub fn asking(upstream: &str, path: &str, timeout: u32) -> Self {
        let mut filter = Self::default();
        let (upstream, method, path) = (
            filter.literal(upstream),
            filter.literal("GET"),
            filter.literal(path),
        );
        filter.functions = r#"
    (import "tidegate:plugin/http-client@0.1.0" "send" (func $send
        (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))"#
            .into();
        filter.on_request = format!(
            "(call $send {upstream} {method} {path}
                (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                (i32.const {timeout}) (i32.const 2048))
            (if (result i32) (i32.load8_u (i32.const 2048))
                (then (call $abort
                    (i32.add (i32.const 590) (i32.load8_u offset=4 (i32.const 2048)))))
                (else (call $answer (i32.load16_u offset=4 (i32.const 2048))
                    (i32.load offset=16 (i32.const 2048)) (i32.load offset=20 (i32.const 2048)))))"
        );
        filter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_one_and_one_that_calls_out_are_components_of_the_contract() {
        for bytes in [
            Filter::default().component(),
            Filter::asking("auth", "/", 100).component(),
        ] {
            assert_eq!(bytes[..8], *b"\0asm\x0d\0\x01\0");
        }
    }
}
