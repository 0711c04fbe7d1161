//! The guard itself: frames found in a stream of bytes, and counted; header blocks among them
//! are passed on.

use super::fields::Fields;
use super::frame::{self, Frame, HEADER, LOOK};
use super::{Flood, Limits};
use std::time::Duration;

/// Counts the frames of one connection. Small, and needs no allocation.
#[derive(Clone, Debug)]
pub struct Guard {
    /// By [`Flood`], like `counts`.
    limits: [u32; COUNTED],
    counts: [u32; COUNTED],
    /// In nanoseconds, since a `Duration` would take twice the space.
    window: u64,
    /// When the window began, in nanoseconds.
    since: u64,
    /// Streams opened in this window.
    opened: u32,
    streams: u32,
    last_stream: u32,
    /// Bytes of payload still to be passed.
    skip: u16,
    /// What has come of the next frame's header, and of the bytes after it that matter.
    head: [u8; HEADER + LOOK],
    filled: u8,
    /// How much of the preface has come.
    preface: u8,
    fields: Fields,
    flood: Option<Flood>,
}

impl Guard {
    /// A guard for a connection on which nothing has come yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits: [
                limits.pings,
                limits.settings,
                limits.resets,
                limits.empty_data,
                limits.priorities,
                limits.window_updates.saturating_mul(SMALL_UPDATE),
                limits.others,
                limits.continuations,
                u32::try_from(limits.header_block).unwrap_or(u32::MAX),
            ],
            counts: [0; COUNTED],
            window: nanoseconds(limits.window),
            since: 0,
            opened: 0,
            streams: 0,
            last_stream: 0,
            skip: 0,
            head: [0; HEADER + LOOK],
            filled: 0,
            preface: 0,
            fields: Fields::new(),
            flood: None,
        }
    }

    /// Looks at the next bytes as they were read, the connection preface first. How they are
    /// cut makes no difference. `now` is the time since the connection began.
    ///
    /// What has been a flood once stays one: the connection is to be closed.
    pub fn scan(&mut self, bytes: &[u8], now: Duration) -> Result<(), Flood> {
        if let Some(flood) = self.flood {
            return Err(flood);
        }
        self.turn(nanoseconds(now));
        let result = self.frames(bytes);
        self.flood = result.err();
        result
    }

    /// How many streams the client has opened.
    pub fn streams(&self) -> u32 {
        self.streams
    }

    /// The highest stream that the client has opened, for [`goaway`](super::goaway); 0 if none.
    pub fn last_stream(&self) -> u32 {
        self.last_stream
    }

    /// Begins a new window if this one is over.
    fn turn(&mut self, now: u64) {
        if now.saturating_sub(self.since) >= self.window {
            self.since = now;
            self.opened = 0;
            self.counts[..Flood::Continuations as usize].fill(0);
        }
    }

    fn frames(&mut self, mut bytes: &[u8]) -> Result<(), Flood> {
        let rest = &PREFACE[usize::from(self.preface)..];
        if !rest.is_empty() {
            let (now, later) = bytes.split_at(rest.len().min(bytes.len()));
            if !rest.starts_with(now) {
                return Err(Flood::Preface);
            }
            self.preface += now.len() as u8; // At most 24.
            bytes = later;
        }
        loop {
            let pass = bytes.len().min(usize::from(self.skip));
            self.skip -= pass as u16; // At most `skip`.
            let (payload, later) = bytes.split_at(pass);
            self.fields.walk(payload)?;
            bytes = later;
            // The header says how much more is to be looked at.
            self.fill(&mut bytes, HEADER);
            if usize::from(self.filled) < HEADER {
                return Ok(());
            }
            let look = Frame::new(&self.head).look();
            self.fill(&mut bytes, HEADER + look);
            let frame = Frame::new(&self.head);
            if frame.length > MAX_FRAME {
                return Err(Flood::FrameSize);
            }
            if usize::from(self.filled) < HEADER + look {
                return Ok(());
            }
            self.count(&frame)?;
            self.skip = (frame.length as usize - look) as u16; // At most `MAX_FRAME`.
            self.head = [0; HEADER + LOOK];
            self.filled = 0;
        }
    }

    /// Moves bytes to `head` until it has `size`, if there are as many.
    fn fill(&mut self, bytes: &mut &[u8], size: usize) {
        let filled = usize::from(self.filled);
        let (now, later) = bytes.split_at(bytes.len().min(size.saturating_sub(filled)));
        self.head[filled..filled + now.len()].copy_from_slice(now);
        self.filled += now.len() as u8; // At most 13.
        *bytes = later;
    }

    fn count(&mut self, frame: &Frame) -> Result<(), Flood> {
        match frame.kind {
            frame::DATA => (),
            frame::HEADERS => self.headers(frame)?,
            frame::PRIORITY | frame::PRIORITY_UPDATE => self.add(Flood::Priorities, 1)?,
            frame::RST_STREAM => self.reset()?,
            frame::SETTINGS => {
                self.add(Flood::Settings, frame.length.div_ceil(ENTRIES).max(1))?;
            }
            frame::PING => self.add(Flood::Pings, 1)?,
            frame::WINDOW_UPDATE if frame.number() < LARGE => {
                self.add(Flood::WindowUpdates, SMALL_UPDATE)?;
            }
            frame::WINDOW_UPDATE => self.add(Flood::WindowUpdates, 1)?,
            frame::CONTINUATION => {
                self.add(Flood::Continuations, 1)?;
                self.add(Flood::HeaderBlock, frame.length)?;
                self.fields.enter(frame);
            }
            _ => self.add(Flood::Others, 1)?,
        }
        if frame.is_empty() {
            self.add(Flood::EmptyData, 1)?;
        }
        if frame.asks_for_reset() {
            self.reset()?;
        }
        Ok(())
    }

    /// A header block begins, and with it a stream, unless these are trailers.
    fn headers(&mut self, frame: &Frame) -> Result<(), Flood> {
        let is_clients = frame.stream % 2 == 1;
        let is_new = frame.stream > self.last_stream;
        if is_clients && is_new {
            self.last_stream = frame.stream;
            self.streams = self.streams.saturating_add(1);
            self.opened = self.opened.saturating_add(1);
        }
        self.counts[Flood::Continuations as usize] = 0;
        self.counts[Flood::HeaderBlock as usize] = 0;
        self.fields.begin(is_clients && !is_new);
        self.fields.enter(frame);
        self.add(Flood::HeaderBlock, frame.length)
    }

    /// A reset, which is forgiven as long as other streams are more.
    fn reset(&mut self) -> Result<(), Flood> {
        let many = self.add(Flood::Resets, 1);
        let resets = self.counts[Flood::Resets as usize];
        if resets <= self.opened / 2 {
            Ok(())
        } else {
            many
        }
    }

    fn add(&mut self, flood: Flood, weight: u32) -> Result<(), Flood> {
        let count = &mut self.counts[flood as usize];
        *count = count.saturating_add(weight);
        if *count > self.limits[flood as usize] {
            return Err(flood);
        }
        Ok(())
    }
}

/// 500 years are enough.
fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const MAX_FRAME: u32 = 16_384;
/// Bytes of 32 settings.
const ENTRIES: u32 = 32 * 6;
/// A WINDOW_UPDATE by as much is large.
const LARGE: u32 = 4096;
/// How many large ones a small one counts for.
const SMALL_UPDATE: u32 = 256;
/// How many kinds of floods are counted.
const COUNTED: usize = Flood::HeaderBlock as usize + 1;

const _: () = assert!(size_of::<Guard>() <= 160);
