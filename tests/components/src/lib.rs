//! Plugins made by hand: small core modules in text, turned into components of the
//! contract in `wit/`. For selectors that no decent author would write.
//!
//! The core modules follow the canonical ABI: a list or string is pointer and length, a
//! result larger than one value is returned as a pointer. `select` answers with an
//! `option<u32>`: discriminant at 0, index at 4. `configure` answers with a
//! `result<_, string>`: discriminant at 0, pointer at 4, length at 8.

mod filter;
pub mod hostile;
mod made;

use std::fmt::Write;
use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

pub use filter::Filter;
pub use made::{EAT_MEMORY, LOOP, OUTSIDE, REFUSE};

/// Where the modules below put the answer of `select`.
const ANSWER: u32 = 1024;

/// A selector in WebAssembly text, part by part. The default one is correct and always
/// answers the first endpoint.
#[derive(Clone, Debug)]
pub struct Selector {
    /// Statements of `configure`, with locals `$text` and `$length`.
    pub configure: String,
    /// Statements of `update`, with locals `$endpoints` and `$count`.
    pub update: String,
    /// Statements of `select`, with the local `$excluded`; they call `$choose` with an
    /// index, or trap, or loop.
    pub select: String,
    /// More functions, imports first.
    pub functions: String,
    /// Pages of 64 KiB at the start.
    pub pages: u32,
}

impl Default for Selector {
    fn default() -> Self {
        Self {
            configure: String::new(),
            update: String::new(),
            select: "(call $choose (i32.const 0))".into(),
            functions: String::new(),
            pages: 2,
        }
    }
}

impl Selector {
    /// The component.
    ///
    /// # Panics
    /// When the parts are not WebAssembly text or not of the contract.
    pub fn component(&self) -> Vec<u8> {
        self.component_of("selector-plugin", None)
    }

    /// The component in a world of its own, written in WIT, which the host does not
    /// offer: `world` is its whole text, in a package `test:plugin`, with one world
    /// `plugin`.
    ///
    /// # Panics
    /// As [`component`](Self::component).
    pub fn component_in(&self, world: &str) -> Vec<u8> {
        self.component_of("test:plugin/plugin", Some(world))
    }

    /// The core module alone: valid WebAssembly, but no component.
    ///
    /// # Panics
    /// As [`component`](Self::component).
    pub fn module(&self) -> Vec<u8> {
        wat::parse_str(self.text()).unwrap_or_else(|error| panic!("{error}"))
    }

    fn component_of(&self, world: &str, package: Option<&str>) -> Vec<u8> {
        encode(self.module(), world, package).unwrap_or_else(|error| panic!("{error:#}"))
    }

    fn text(&self) -> String {
        let Self {
            configure,
            update,
            select,
            functions,
            pages,
        } = self;
        let mut text = format!("(module $selector{functions}");
        let interface = "tidegate:plugin/selector@0.1.0";
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            r#"
    (memory (export "memory") {pages})
    (global $free (mut i32) (i32.const 4096))
    (func $choose (param $index i32) (result i32)
        (i32.store8 (i32.const {ANSWER}) (i32.const 1))
        (i32.store offset=4 (i32.const {ANSWER}) (local.get $index))
        (i32.const {ANSWER}))
    (func $realloc (export "cabi_realloc") (param i32 i32 i32) (param $size i32) (result i32)
        (local $at i32)
        (local.set $at
            (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
        (global.set $free (i32.add (local.get $at) (local.get $size)))
        (if (i32.gt_u (global.get $free) (i32.mul (memory.size) (i32.const 65536)))
            (then (drop (memory.grow (i32.const 16)))))
        (local.get $at))
    (func $configure (export "{interface}#configure")
        (param $text i32) (param $length i32) (result i32)
        {configure}
        (i32.store8 (i32.const 2048) (i32.const 0))
        (i32.const 2048))
    (func $update (export "{interface}#update") (param $endpoints i32) (param $count i32)
        {update}
        (global.set $free (i32.const 4096)))
    (func $select (export "{interface}#select") (param $excluded i32) (result i32)
        {select})
    (data (i32.const 3072) "the configuration is not to my taste")
)"#
        );
        text
    }
}

/// Makes a component of a core module: `world` of the package in `wit/`, or of `package`
/// when that is given (which may use the one in `wit/`).
fn encode(mut module: Vec<u8>, world: &str, package: Option<&str>) -> anyhow::Result<Vec<u8>> {
    let mut resolve = Resolve::default();
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    let (mut main, _) = resolve.push_dir(contract)?;
    if let Some(package) = package {
        main = resolve.push_str("test.wit", package)?;
    }
    let world = resolve.select_world(&[main], Some(world))?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)?;
    ComponentEncoder::default()
        .validate(true)
        .module(&module)?
        .encode()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_selector_is_a_component_of_the_contract() {
        let with_configure = |configure: &str| Selector {
            configure: configure.into(),
            ..Selector::default()
        };
        for selector in [
            Selector::default(),
            Selector::always(7),
            Selector::chaos(),
            Selector::turning(1),
            Selector::counting(1),
            with_configure(REFUSE),
            with_configure(LOOP),
            with_configure(EAT_MEMORY),
        ] {
            let bytes = selector.component();
            // A component's preamble: version 13, layer 1.
            assert_eq!(bytes[..8], *b"\0asm\x0d\0\x01\0");
        }
        assert_eq!(Selector::default().module()[..8], *b"\0asm\x01\0\0\0");
    }

    #[test]
    fn names_of_functions_are_kept_for_backtraces() {
        let bytes = Selector::chaos().component();
        let name = b"deliberately_trapping";
        assert!(bytes.windows(name.len()).any(|window| window == name));
    }

    #[test]
    fn a_world_of_its_own_is_possible() {
        let bytes = Selector::outside().component_in(OUTSIDE);
        assert!(bytes.windows(7).any(|window| window == b"outside"));
    }
}
