//! The field lines: a name, a colon, a value (RFC 9112, section 5).

use super::bytes::{token_length, value_length};
use super::fields::Fields;
use super::text::Text;
use super::{Limits, Violation};
use std::ops::Range;

/// The field lines of a head.
#[derive(Clone, Debug, Default)]
pub(super) struct FieldLines {
    stage: Stage,
    count: usize,
    /// Where the name is that was read last.
    name: Range<usize>,
    /// What they said.
    pub(super) fields: Fields,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Default)]
enum Stage {
    /// A name, or the empty line at the end.
    #[default]
    Start,
    Name,
    Value,
}

impl FieldLines {
    /// Reads on, for a version of HTTP/1. Whether the empty line at the end is read.
    pub(super) fn read(
        &mut self,
        text: &mut Text,
        limits: &Limits,
        minor: u8,
    ) -> Result<bool, Violation> {
        loop {
            let done = match self.stage {
                Stage::Start if matches!(text.peek(), Some(b'\r' | b'\n')) => {
                    return text.end_line(Violation::FieldName);
                }
                Stage::Start => self.read_start(text, limits)?,
                Stage::Name => self.read_name(text)?,
                Stage::Value => self.read_value(text, minor)?,
            };
            if !done {
                return Ok(false);
            }
        }
    }

    fn read_start(&mut self, text: &Text, limits: &Limits) -> Result<bool, Violation> {
        match text.peek() {
            None => return Ok(false),
            Some(b' ' | b'\t') => return Err(Violation::ObsoleteFold),
            Some(_) if self.count >= limits.fields => return Err(Violation::TooManyFields),
            Some(_) => {}
        }
        self.count += 1;
        self.name.start = text.position;
        self.stage = Stage::Name;
        Ok(true)
    }

    fn read_name(&mut self, text: &mut Text) -> Result<bool, Violation> {
        text.pass(token_length);
        match text.peek() {
            Some(b':') if text.position > self.name.start => {}
            Some(b' ' | b'\t') => return Err(Violation::SpaceBeforeColon),
            _ if text.end_line(Violation::FieldName)? => {
                return Err(Violation::FieldWithoutColon);
            }
            _ => return Ok(false),
        }
        self.name.end = text.position;
        text.position += 1;
        self.stage = Stage::Value;
        Ok(true)
    }

    fn read_value(&mut self, text: &mut Text, minor: u8) -> Result<bool, Violation> {
        text.pass(value_length);
        let value = self.name.end + 1..text.position;
        if !text.end_line(Violation::FieldValue)? {
            return Ok(false);
        }
        self.fields
            .take(text.bytes(), self.name.clone(), value, minor)?;
        self.stage = Stage::Start;
        Ok(true)
    }
}
