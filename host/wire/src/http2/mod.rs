//! A guard in front of the HTTP/2 implementation: it counts what a client may repeat at no
//! cost.
//!
//! HTTP/2 lets a client make a server work without asking for anything: by pings that must be
//! answered, settings that must be acknowledged, requests taken back as soon as they are made.
//! Each is in order by itself, so that an implementation of the protocol has no reason to
//! object; only their number is wrong. The guard sees the bytes that a client sends before the
//! implementation does, and says when it is enough. It changes nothing and keeps nothing but
//! numbers; payloads are jumped over, except for header blocks, which are walked.
//!
//! Whether frames are in order is for the implementation to judge, with one exception: it lets
//! pseudo-header fields through in trailers, which are malformed (RFC 9113 8.1). That is an
//! error of the stream (RFC 9113 8.1.1), but any may be taken for one of the connection (RFC
//! 9113 5.4.1), and only broken or hostile clients make it. HEADERS on a stream that is closed,
//! or was passed over, are taken for trailers too: an error in any case (RFC 9113 5.1).
//!
//! The implementation also judges all that is only seen in decoded fields (CVE-2019-9516:
//! fields with empty names, which HPACK makes one byte each, where the guard bounds the
//! compressed block only) or on the server's side (CVE-2019-9517: responses that pile up
//! because the client opens the window and reads nothing. That takes time limits on writes and
//! small windows of one's own).
//!
//! Refuses to decode fields, and to write anything but the last frame.

mod fields;
mod frame;
mod guard;
mod names;
mod seams;

#[cfg(test)]
mod tests;

pub use guard::Guard;
pub use seams::Seams;

use std::time::Duration;

/// How often is too often. The numbers are per `window` of time, if nothing else is said; one
/// more is a flood. `u32::MAX` is never a flood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// PING frames, answers included: each is to be answered at once (CVE-2019-9512).
    pub pings: u32,
    /// SETTINGS frames, acknowledgements included: each is to be acknowledged (CVE-2019-9515).
    /// One that has more than 32 entries counts as several (CVE-2020-11080).
    pub settings: u32,
    /// RST_STREAM frames: a stream that is opened and reset at once costs a request and does
    /// not count as open (CVE-2023-44487, rapid reset). More are no flood as long as twice as
    /// many streams were opened in the window: a busy client gives up on some of its requests.
    ///
    /// Frames that are made for the server to send RST_STREAM count as well, as far as they
    /// can be told: WINDOW_UPDATE by nothing on a stream, PRIORITY of the wrong size or of a
    /// stream on itself (CVE-2019-9514, reset flood; CVE-2025-8671). Others are known to the
    /// implementation only, which must bound the resets that it sends.
    pub resets: u32,
    /// DATA without data, HEADERS and CONTINUATION without fields, unless they end something:
    /// work for no progress (CVE-2019-9518). Padding is no data.
    pub empty_data: u32,
    /// PRIORITY frames, which may make a server sort its streams over and over (CVE-2019-9513,
    /// resource loop), and PRIORITY_UPDATE (RFC 9218 7.1).
    pub priorities: u32,
    /// WINDOW_UPDATE frames that open the window by less than 4096 bytes, for answers sent in
    /// crumbs (CVE-2019-9511, data dribble). Of larger ones, 256 count as one: a fast download
    /// needs thousands each second, and the sum that they may grant is bounded by what has
    /// been sent.
    pub window_updates: u32,
    /// Frames that a server has no use for: GOAWAY, PUSH_PROMISE and types that are not known.
    pub others: u32,
    /// The time for which is counted, not zero. Windows do not slide: twice the number may go
    /// through around the border of two.
    pub window: Duration,
    /// CONTINUATION frames per header block: a block that never ends is memory and work before
    /// there is any request (CVE-2024-27316 and others, CONTINUATION flood).
    pub continuations: u32,
    /// Bytes of one header block, compressed, padding included.
    pub header_block: usize,
}

impl Default for Limits {
    /// In 10 s: 200 resets, 50 settings, 10,000 pings and window updates, 1000 priorities, 100
    /// of the others. A header block of 64 KiB in 17 frames.
    ///
    /// So many pings because gRPC clients measure the network by one for each round trip as
    /// long as they receive, which in a data centre is a thousand each second.
    fn default() -> Self {
        Self {
            pings: 10_000,
            settings: 50,
            resets: 200,
            empty_data: 100,
            priorities: 1000,
            window_updates: 10_000,
            others: 100,
            window: Duration::from_secs(10),
            continuations: 16,
            header_block: 64 * 1024,
        }
    }
}

/// Why the connection is ended: what a client does too much of, or wrong in a way that leaves
/// nothing to be read, or that the implementation does not see.
// Those from `Pings` to `HeaderBlock` are counted, and `Guard` uses them as indices; those
// before `Continuations` are counted per window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flood {
    /// See [`Limits::pings`].
    Pings,
    /// See [`Limits::settings`].
    Settings,
    /// See [`Limits::resets`].
    Resets,
    /// See [`Limits::empty_data`].
    EmptyData,
    /// See [`Limits::priorities`].
    Priorities,
    /// See [`Limits::window_updates`].
    WindowUpdates,
    /// See [`Limits::others`].
    Others,
    /// See [`Limits::continuations`].
    Continuations,
    /// See [`Limits::header_block`].
    HeaderBlock,
    /// The connection does not begin as RFC 9113 3.4 says: this is not HTTP/2.
    Preface,
    /// A frame has more than 16,384 bytes, which RFC 9113 4.2 allows only to those that have
    /// been told so by SETTINGS_MAX_FRAME_SIZE; Tidegate tells nobody.
    FrameSize,
    /// Trailers have a pseudo-header field, which makes them malformed (RFC 9113 8.1 and 8.3).
    PseudoInTrailers,
}

impl Flood {
    /// A short constant word for metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pings => "pings",
            Self::Settings => "settings",
            Self::Resets => "resets",
            Self::EmptyData => "empty_data",
            Self::Priorities => "priorities",
            Self::WindowUpdates => "window_updates",
            Self::Others => "others",
            Self::Continuations => "continuations",
            Self::HeaderBlock => "header_block",
            Self::Preface => "preface",
            Self::FrameSize => "frame_size",
            Self::PseudoInTrailers => "pseudo_in_trailers",
        }
    }

    /// The error for the GOAWAY frame (RFC 9113 7). After [`Preface`](Self::Preface) the frame
    /// may be left out: whoever is there does not speak HTTP/2 (RFC 9113 3.4).
    pub fn error_code(self) -> u32 {
        match self {
            Self::Preface | Self::PseudoInTrailers => PROTOCOL_ERROR,
            Self::FrameSize => FRAME_SIZE_ERROR,
            _ => ENHANCE_YOUR_CALM,
        }
    }
}

/// The bytes of a GOAWAY frame (RFC 9113 6.8) with that error, to be sent before closing.
/// Streams above `last_stream` were not acted upon, and may be tried again elsewhere. It must
/// not be put into the middle of another frame: see [`Seams`].
pub fn goaway(last_stream: u32, error: u32) -> [u8; 17] {
    let mut frame = [0; 17];
    frame[2] = 8;
    frame[3] = frame::GOAWAY;
    frame[9..13].copy_from_slice(&(last_stream & frame::STREAM).to_be_bytes());
    frame[13..].copy_from_slice(&error.to_be_bytes());
    frame
}

const PROTOCOL_ERROR: u32 = 0x1;
const FRAME_SIZE_ERROR: u32 = 0x6;
const ENHANCE_YOUR_CALM: u32 = 0xb;
