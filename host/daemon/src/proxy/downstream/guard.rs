//! What of the client's bytes may be shown, message by message.

use tidegate_wire::http1::{BodyScan, Violation};
use tidegate_wire::http2::{self, Flood};
use tokio::time::Instant;

/// What is being read.
#[derive(Debug)]
pub(super) enum Guard {
    /// Nothing: the next message has not begun.
    Between,
    /// A message of HTTP/1: bytes of the inbox that may be shown, and its body.
    Message { shown: usize, body: BodyScan },
    /// Frames.
    Http2(Box<http2::Guard>),
    /// What is not HTTP any more: it is all shown.
    Open,
}

/// Why bytes are not shown.
pub(super) enum Bad {
    Violation(Violation),
    Flood(Flood),
}

impl Guard {
    /// How many bytes at the beginning of the inbox may be shown.
    pub fn show(&mut self, inbox: &[u8]) -> Result<usize, Violation> {
        match self {
            Self::Between => Ok(0),
            Self::Http2(_) | Self::Open => Ok(inbox.len()),
            Self::Message { shown, body } => {
                if *shown == 0 && !inbox.is_empty() && !body.is_complete() {
                    *shown = body.scan(inbox)?;
                }
                Ok(*shown)
            }
        }
    }

    pub fn was_shown(&mut self, bytes: usize) {
        if let Self::Message { shown, .. } = self {
            *shown -= bytes;
        }
    }

    /// Whether the message is over, and what comes next belongs to another.
    pub fn is_at_end(&self) -> bool {
        match self {
            Self::Between => true,
            Self::Http2(_) | Self::Open => false,
            Self::Message { body, .. } => body.is_complete(),
        }
    }

    /// Whether the client has not sent what it said it would.
    pub fn is_owed(&self) -> bool {
        matches!(self, Self::Message { body, .. } if !body.is_complete())
    }

    /// How many of these bytes, which have just come, may be shown.
    pub fn pass(&mut self, bytes: &[u8], began: Instant) -> Result<usize, Bad> {
        match self {
            Self::Between => Ok(0),
            Self::Open => Ok(bytes.len()),
            Self::Message { body, .. } => body.scan(bytes).map_err(Bad::Violation),
            Self::Http2(guard) => {
                let scanned = guard.scan(bytes, began.elapsed());
                scanned.map_err(Bad::Flood)?;
                Ok(bytes.len())
            }
        }
    }
}
