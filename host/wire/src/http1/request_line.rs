//! The request line: method, target and version, with one space between them (RFC 9112,
//! section 3), and the empty lines that are tolerated before it.

use super::bytes::{target_length, token_length, visible_length};
use super::text::Text;
use super::{Limits, TargetForm, Violation, target};

/// Where the parts of the request line are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RequestLine {
    stage: Stage,
    empty_lines: usize,
    pub(super) start: usize,
    method_end: usize,
    target_end: usize,
    /// The version: 1 for HTTP/1.1, 0 for HTTP/1.0.
    pub(super) minor: u8,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Default)]
enum Stage {
    /// An empty line, or the method.
    #[default]
    Start,
    Method,
    Target,
    Version,
}

/// Empty lines that are tolerated before the request line.
const EMPTY_LINES: usize = 2;
/// The longest method. Of those registered with IANA the longest has 17 bytes.
const LONGEST_METHOD: usize = 32;

impl RequestLine {
    /// Reads on. Whether the line is complete.
    pub(super) fn read(&mut self, text: &mut Text, limits: &Limits) -> Result<bool, Violation> {
        loop {
            let done = match self.stage {
                Stage::Start => self.read_start(text)?,
                Stage::Method => self.read_method(text)?,
                Stage::Target => self.read_target(text, limits)?,
                Stage::Version => return self.read_version(text),
            };
            if !done {
                return Ok(false);
            }
        }
    }

    pub(super) fn method<'a>(&self, head: &'a [u8]) -> &'a [u8] {
        &head[self.start..self.method_end]
    }

    /// The form of the target, and its authority, which is empty when it has none.
    pub(super) fn form<'a>(&self, head: &'a [u8]) -> Result<(TargetForm, &'a [u8]), Violation> {
        let target = &head[self.method_end + 1..self.target_end];
        target::read(self.method(head), target).ok_or(Violation::Target)
    }

    fn read_start(&mut self, text: &mut Text) -> Result<bool, Violation> {
        match text.peek() {
            None => return Ok(false),
            Some(b'\r' | b'\n') if self.empty_lines == EMPTY_LINES => {
                return Err(Violation::EmptyLines);
            }
            Some(b'\r' | b'\n') => {
                let ended = text.end_line(Violation::Method)?;
                self.empty_lines += usize::from(ended);
                return Ok(ended);
            }
            Some(_) => {}
        }
        self.start = text.position;
        self.stage = Stage::Method;
        Ok(true)
    }

    fn read_method(&mut self, text: &mut Text) -> Result<bool, Violation> {
        text.pass(token_length);
        let length = text.position - self.start;
        if length > LONGEST_METHOD {
            return Err(Violation::Method);
        }
        if text.peek() == Some(b' ') && length > 0 {
            self.method_end = text.position;
            text.position += 1;
            self.stage = Stage::Target;
            return Ok(true);
        }
        no_version(text, Violation::Method)
    }

    fn read_target(&mut self, text: &mut Text, limits: &Limits) -> Result<bool, Violation> {
        text.pass(target_length);
        let length = text.position - (self.method_end + 1);
        if length > limits.target {
            return Err(Violation::TargetTooLong);
        }
        if text.peek() == Some(b' ') && length > 0 {
            self.target_end = text.position;
            text.position += 1;
            self.stage = Stage::Version;
            return Ok(true);
        }
        no_version(text, Violation::Target)
    }

    fn read_version(&mut self, text: &mut Text) -> Result<bool, Violation> {
        text.pass(visible_length);
        let version = &text.bytes()[self.target_end + 1..text.position];
        if version.len() > "HTTP/1.1".len() {
            return Err(Violation::Version);
        }
        if !text.end_line(Violation::Version)? {
            return Ok(false);
        }
        self.minor = match version {
            b"HTTP/1.1" => 1,
            b"HTTP/1.0" => 0,
            [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => {
                return Err(Violation::VersionUnsupported);
            }
            _ => return Err(Violation::Version),
        };
        self.form(text.bytes())?;
        Ok(true)
    }
}

/// The line ends before its version, or has a byte that it may not have.
fn no_version(text: &mut Text, wrong: Violation) -> Result<bool, Violation> {
    if text.end_line(wrong)? {
        Err(Violation::LineWithoutVersion)
    } else {
        Ok(false)
    }
}
