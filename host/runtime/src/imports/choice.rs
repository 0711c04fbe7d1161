//! `choice`: what goes with the answer of the `select` that is being made.

use crate::bindings::tidegate::plugin::choice::{HeaderEdit, Host as Choice};
use crate::edits::{MAX_BYTES, MAX_EDITS};
use crate::instance::Host;
use wasmtime::Result;

impl Choice for Host {
    fn edit_response(&mut self, edit: HeaderEdit) -> Result<()> {
        // One beyond the bounds is kept, for the check to find and refuse.
        let full = self.edits.len() > MAX_EDITS || self.edit_bytes > MAX_BYTES;
        if self.exchange.is_some() && !full {
            self.edit_bytes += size(&edit);
            self.edits.push(edit);
        }
        Ok(())
    }
}

fn size(edit: &HeaderEdit) -> usize {
    match edit {
        HeaderEdit::Set((name, value)) | HeaderEdit::Append((name, value)) => {
            name.len() + value.len()
        }
        HeaderEdit::Remove(name) => name.len(),
    }
}
