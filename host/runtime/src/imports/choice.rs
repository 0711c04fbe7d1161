//! `choice`: what goes with the answer of the `select` that is being made.

use crate::bindings::tidegate::plugin::choice::{HeaderEdit, Host as Choice};
use crate::edits::MAX_EDITS;
use crate::instance::Host;
use wasmtime::Result;

impl Choice for Host {
    fn edit_response(&mut self, edit: HeaderEdit) -> Result<()> {
        // One beyond the bound is kept, for the check to find and refuse.
        if self.exchange.is_some() && self.edits.len() <= MAX_EDITS {
            self.edits.push(edit);
        }
        Ok(())
    }
}
