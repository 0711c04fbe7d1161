//! Reads the head of a request while it comes.
//!
//! One walk over the bytes, which stops where they end and goes on when there are more. It
//! judges each byte by what came before it and never by what comes behind (but for the line
//! feed behind a carriage return), so the verdict is that of the first wrong byte.

use super::field_lines::FieldLines;
use super::request_line::RequestLine;
use super::text::Text;
use super::{Body, Limits, TargetForm, Violation};

/// What a head says of its request, once it is complete and nothing is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Bytes of the empty lines before the request line. Two lines at most are tolerated
    /// (RFC 9112, section 2.2: old clients send one behind the content of a request).
    pub skipped: usize,
    /// Bytes of the whole head: those skipped and the empty line at its end included.
    pub length: usize,
    /// How the end of the request is told. Never content with CONNECT.
    pub body: Body,
    /// The version: 1 for HTTP/1.1, 0 for HTTP/1.0.
    pub minor: u8,
    /// The form of the request target.
    pub form: TargetForm,
    /// Whether the method is HEAD, so that the answer has no content.
    pub is_head: bool,
    /// Whether the method is CONNECT, so that a tunnel is behind a good answer.
    pub is_connect: bool,
    /// Whether the client keeps the connection open (RFC 9112, section 9.3), by all its
    /// `Connection` fields and the version. An answer may still close it.
    pub keep_alive: bool,
    /// Whether `Upgrade` and `Connection: upgrade` are there, in HTTP/1.1 (RFC 9110,
    /// section 7.8).
    pub upgrade: bool,
    /// Whether an `Upgrade` is there that must be ignored: `Connection` does not name it, or
    /// the version is 1.0. A lax parser may take it for one all the
    /// same: drop the field.
    pub stray_upgrade: bool,
    /// Whether the client may wait for a 100 before it sends content (RFC 9110, section
    /// 10.1.1). Always false in HTTP/1.0, where it must be ignored.
    pub expects_continue: bool,
}

/// Reads a head as it comes. For one request; the next one needs a new one.
#[derive(Clone, Debug, Default)]
pub struct HeadScan {
    part: Part,
    /// Where the first byte is that was not looked at.
    position: usize,
    request: RequestLine,
    lines: FieldLines,
}

/// What is being read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    RequestLine,
    FieldLines,
    Nothing,
    Refused(Violation),
}

impl HeadScan {
    /// Before the first byte.
    pub fn new() -> Self {
        Self::default()
    }

    /// `bytes` is everything of this request that has come so far, from its first byte, and
    /// may go on behind its head. `None` if the head is not complete: call again with more
    /// (and the same limits). Looks at each byte once, however often it is called, and at
    /// none behind the head. When the head is complete, calling again gives the same.
    ///
    /// # Errors
    ///
    /// The first violation in the order of the bytes, as soon as it can be seen. What is
    /// refused once stays refused.
    pub fn scan(&mut self, bytes: &[u8], limits: &Limits) -> Result<Option<Head>, Violation> {
        // Bytes above the limit are not looked at, else it would depend on where the text was
        // cut what is found first.
        let head = &bytes[..bytes.len().min(limits.head)];
        let result = match self.read(head, limits) {
            Ok(true) => self.judge(&head[..self.position]).map(Some),
            Ok(false) if bytes.len() > limits.head => Err(Violation::HeadTooLarge),
            Ok(false) => Ok(None),
            Err(violation) => Err(violation),
        };
        if let Err(violation) = result {
            self.part = Part::Refused(violation);
        }
        result
    }

    /// Whether the head is complete.
    fn read(&mut self, head: &[u8], limits: &Limits) -> Result<bool, Violation> {
        // Less than before is a fault of the caller, and no reason to panic.
        let Some(mut text) = Text::at(self.position, head) else {
            return Ok(false);
        };
        if let Part::Refused(violation) = self.part {
            return Err(violation);
        }
        if self.part == Part::RequestLine && self.request.read(&mut text, limits)? {
            self.part = Part::FieldLines;
        }
        if self.part == Part::FieldLines
            && self.lines.read(&mut text, limits, self.request.minor)?
        {
            self.part = Part::Nothing;
        }
        self.position = text.position;
        Ok(self.part == Part::Nothing)
    }

    /// What can be judged only when no more fields come.
    fn judge(&self, head: &[u8]) -> Result<Head, Violation> {
        let RequestLine { minor, start, .. } = self.request;
        let fields = &self.lines.fields;
        let (form, authority) = self.request.form(head)?;
        match fields.host(head) {
            None if minor == 1 => return Err(Violation::HostMissing),
            Some(host) if !authority.is_empty() && !host.eq_ignore_ascii_case(authority) => {
                return Err(Violation::HostMismatch);
            }
            _ => {}
        }
        let body = fields.body();
        let is_connect = form == TargetForm::Authority;
        if is_connect && body != Body::None {
            return Err(Violation::ConnectWithContent);
        }
        let upgrade = minor == 1 && fields.upgrade && fields.upgrade_option;
        Ok(Head {
            skipped: start,
            length: head.len(),
            body,
            minor,
            form,
            is_head: self.request.method(head) == b"HEAD",
            is_connect,
            keep_alive: !fields.close && (minor == 1 || fields.keep_alive),
            upgrade,
            stray_upgrade: fields.upgrade && !upgrade,
            expects_continue: minor == 1 && fields.expect,
        })
    }
}
