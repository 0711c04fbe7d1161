//! HTTP/2 by the frame (RFC 9113): for what a well-behaved client would not send, over plain
//! TCP with prior knowledge.

use std::net::SocketAddr;
use std::time::Duration;

use crate::hpack::{self, Decoder, Fields};
use crate::wire::{Bytes, Wire};

/// What a client says first.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Types of frames.
pub mod kind {
    #![allow(missing_docs)]
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const PRIORITY: u8 = 2;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PUSH_PROMISE: u8 = 5;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;
    pub const CONTINUATION: u8 = 9;
}

/// Flags of frames.
pub mod flag {
    #![allow(missing_docs)]
    pub const NONE: u8 = 0;
    pub const ACK: u8 = 1;
    pub const END_STREAM: u8 = 1;
    pub const END_HEADERS: u8 = 4;
    pub const PADDED: u8 = 8;
    pub const PRIORITY: u8 = 0x20;
}

/// Error codes (section 7).
pub mod code {
    #![allow(missing_docs)]
    pub const NO_ERROR: u32 = 0;
    pub const PROTOCOL_ERROR: u32 = 1;
    pub const INTERNAL_ERROR: u32 = 2;
    pub const FLOW_CONTROL_ERROR: u32 = 3;
    pub const SETTINGS_TIMEOUT: u32 = 4;
    pub const STREAM_CLOSED: u32 = 5;
    pub const FRAME_SIZE_ERROR: u32 = 6;
    pub const REFUSED_STREAM: u32 = 7;
    pub const CANCEL: u32 = 8;
    pub const COMPRESSION_ERROR: u32 = 9;
    pub const ENHANCE_YOUR_CALM: u32 = 11;
}

/// Parameters of SETTINGS (section 6.5.2).
pub mod setting {
    #![allow(missing_docs)]
    pub const HEADER_TABLE_SIZE: u16 = 1;
    pub const ENABLE_PUSH: u16 = 2;
    pub const MAX_CONCURRENT_STREAMS: u16 = 3;
    pub const INITIAL_WINDOW_SIZE: u16 = 4;
    pub const MAX_FRAME_SIZE: u16 = 5;
    pub const MAX_HEADER_LIST_SIZE: u16 = 6;
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its type.
    pub kind: u8,
    /// Its flags.
    pub flags: u8,
    /// Its stream; the reserved bit is as it is here.
    pub stream: u32,
    /// What follows its header.
    pub payload: Vec<u8>,
}

/// The bytes of a frame whose length is that of its payload.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// DATA.
pub fn data(stream: u32, flags: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    frame(kind::DATA, flags, stream, payload)
}

/// HEADERS with the end of the headers.
pub fn headers(stream: u32, flags: u8, block: impl AsRef<[u8]>) -> Vec<u8> {
    frame(kind::HEADERS, flags | flag::END_HEADERS, stream, block)
}

/// HEADERS without the end of the headers.
pub fn headers_open(stream: u32, flags: u8, block: impl AsRef<[u8]>) -> Vec<u8> {
    frame(kind::HEADERS, flags, stream, block)
}

/// CONTINUATION.
pub fn continuation(stream: u32, flags: u8, block: impl AsRef<[u8]>) -> Vec<u8> {
    frame(kind::CONTINUATION, flags, stream, block)
}

/// PRIORITY, and what stands before the block of HEADERS with that flag.
pub fn priority(exclusive: bool, dependency: u32, weight: u8) -> Vec<u8> {
    let mut bytes = (dependency | u32::from(exclusive) << 31)
        .to_be_bytes()
        .to_vec();
    bytes.push(weight);
    bytes
}

/// RST_STREAM.
pub fn reset(stream: u32, code: u32) -> Vec<u8> {
    frame(kind::RST_STREAM, 0, stream, code.to_be_bytes())
}

/// SETTINGS.
pub fn settings(all: &[(u16, u32)]) -> Vec<u8> {
    let payload: Vec<u8> = all
        .iter()
        .flat_map(|(name, value)| [&name.to_be_bytes()[..], &value.to_be_bytes()].concat())
        .collect();
    frame(kind::SETTINGS, 0, 0, payload)
}

/// PING.
pub fn ping(flags: u8, payload: [u8; 8]) -> Vec<u8> {
    frame(kind::PING, flags, 0, payload)
}

/// GOAWAY.
pub fn goaway(last: u32, code: u32) -> Vec<u8> {
    let payload = [last.to_be_bytes(), code.to_be_bytes()].concat();
    frame(kind::GOAWAY, 0, 0, payload)
}

/// WINDOW_UPDATE.
pub fn window_update(stream: u32, increment: u32) -> Vec<u8> {
    frame(kind::WINDOW_UPDATE, 0, stream, increment.to_be_bytes())
}

/// The block of a plain request, with further fields.
pub fn request(method: &str, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let mut block = hpack::block(&[
        (":method", method),
        (":scheme", "http"),
        (":path", path),
        (":authority", "test"),
    ]);
    block.extend(hpack::block(more));
    block
}

/// A whole GET.
pub fn get(stream: u32, path: &str) -> Vec<u8> {
    headers(stream, flag::END_STREAM, request("GET", path, &[]))
}

/// What came from the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A frame that is none of the others.
    Frame(Frame),
    /// HEADERS with their continuations, decoded.
    Headers {
        /// The stream.
        stream: u32,
        /// Pseudo fields and fields.
        fields: Fields,
        /// Whether this ends the stream.
        end: bool,
    },
    /// What no peer may send.
    Wrong(String),
    /// The connection ended.
    Closed,
    /// Nothing came for that long.
    Silence,
}

impl Event {
    /// The value of `:status` when this is a head of an answer.
    pub fn status(&self) -> Option<&str> {
        let Self::Headers { fields, .. } = self else {
            return None;
        };
        let status = fields.iter().find(|(name, _)| name == ":status")?;
        Some(&status.1)
    }

    /// The code of a GOAWAY.
    pub fn goaway(&self) -> Option<u32> {
        match self {
            Self::Frame(frame) if frame.kind == kind::GOAWAY => number(&frame.payload, 4),
            _ => None,
        }
    }

    /// Stream and code of a RST_STREAM.
    pub fn reset(&self) -> Option<(u32, u32)> {
        match self {
            Self::Frame(frame) if frame.kind == kind::RST_STREAM => {
                Some((frame.stream, number(&frame.payload, 0)?))
            }
            _ => None,
        }
    }
}

fn number(payload: &[u8], at: usize) -> Option<u32> {
    let bytes = payload.get(at..at + 4)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

/// A connection.
pub struct Http2 {
    wire: Wire,
    decoder: Decoder,
    /// The settings of the peer, as far as they came.
    pub settings: Vec<(u16, u32)>,
}

impl Http2 {
    /// Connects and says nothing.
    ///
    /// # Panics
    /// When the connection is refused.
    pub async fn connect(address: SocketAddr) -> Self {
        Self {
            wire: Wire::open(address).await,
            decoder: Decoder::default(),
            settings: Vec::new(),
        }
    }

    /// Connects and exchanges prefaces, with these settings of ours.
    ///
    /// # Errors
    /// Says what came instead of the peer's preface and its acknowledgement.
    pub async fn open_with(
        address: SocketAddr,
        ours: &[(u16, u32)],
        patience: Duration,
    ) -> Result<Self, String> {
        let mut connection = Self::connect(address).await;
        connection.write([PREFACE, &settings(ours)].concat());
        let (mut theirs, mut acknowledged) = (false, false);
        while !(theirs && acknowledged) {
            match connection.event(patience).await {
                Event::Frame(frame) if frame.kind == kind::SETTINGS => {
                    theirs |= frame.flags & flag::ACK == 0;
                    acknowledged |= frame.flags & flag::ACK != 0;
                }
                Event::Frame(frame) if frame.kind == kind::WINDOW_UPDATE => {}
                other => return Err(format!("no preface of the peer, but {other:?}")),
            }
        }
        Ok(connection)
    }

    /// Writes these bytes, in the background.
    pub fn write(&self, bytes: impl Into<Vec<u8>>) {
        self.wire.write(bytes);
    }

    /// What comes next. Settings of the peer are acknowledged, as they must be.
    pub async fn event(&mut self, patience: Duration) -> Event {
        let frame = match self.frame(patience).await {
            Ok(frame) => frame,
            Err(event) => return event,
        };
        match frame.kind {
            kind::SETTINGS if frame.flags & flag::ACK == 0 => {
                for six in frame.payload.chunks_exact(6) {
                    let value = u32::from_be_bytes([six[2], six[3], six[4], six[5]]);
                    let name = u16::from_be_bytes([six[0], six[1]]);
                    self.settings.push((name, value));
                }
                self.write(self::frame(kind::SETTINGS, flag::ACK, 0, []));
                Event::Frame(frame)
            }
            kind::HEADERS => self.headers(frame, patience).await,
            _ => Event::Frame(frame),
        }
    }

    /// Ends our direction, after what is to be written.
    pub fn finish(&self) {
        self.wire.finish();
    }

    /// Whether the connection ends, whatever comes before.
    pub async fn gone(&mut self, patience: Duration) -> bool {
        self.wire.rest(patience).await.1
    }

    async fn headers(&mut self, first: Frame, patience: Duration) -> Event {
        let mut block = first.payload;
        if first.flags & (flag::PADDED | flag::PRIORITY) != 0 {
            return Event::Wrong("padding or a priority, of which nobody makes use".into());
        }
        let mut flags = first.flags;
        while flags & flag::END_HEADERS == 0 {
            match self.frame(patience).await {
                Ok(next) if next.kind == kind::CONTINUATION && next.stream == first.stream => {
                    block.extend(next.payload);
                    flags = next.flags;
                }
                Ok(other) => return Event::Wrong(format!("{other:?} within a head")),
                Err(event) => return event,
            }
        }
        match self.decoder.decode(&block) {
            Ok(fields) => Event::Headers {
                stream: first.stream,
                fields,
                end: first.flags & flag::END_STREAM != 0,
            },
            Err(wrong) => Event::Wrong(wrong),
        }
    }

    async fn frame(&mut self, patience: Duration) -> Result<Frame, Event> {
        match self.wire.exactly(9, patience).await {
            Bytes::All(header) => {
                let length = usize::from(header[0]) << 16
                    | usize::from(header[1]) << 8
                    | usize::from(header[2]);
                let stream = u32::from_be_bytes([header[5], header[6], header[7], header[8]]);
                if length > 1 << 14 {
                    return Err(Event::Wrong(format!("a frame of {length} bytes")));
                }
                match self.wire.exactly(length, patience).await {
                    Bytes::All(payload) => Ok(Frame {
                        kind: header[3],
                        flags: header[4],
                        stream: stream & 0x7fff_ffff,
                        payload,
                    }),
                    Bytes::Closed => Err(Event::Closed),
                    Bytes::Silence => Err(Event::Silence),
                }
            }
            Bytes::Closed => Err(Event::Closed),
            Bytes::Silence => Err(Event::Silence),
        }
    }
}

/// What came on one stream, up to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// Interim heads.
    pub interim: Vec<Fields>,
    /// The head of the answer.
    pub head: Option<Fields>,
    /// The body.
    pub body: Vec<u8>,
    /// The trailers.
    pub trailers: Option<Fields>,
    /// How it ended.
    pub end: Option<End>,
}

/// How a stream ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// As it should.
    Clean,
    /// With RST_STREAM of this code.
    Reset(u32),
    /// With GOAWAY of this code, which left it out or was an error.
    Goaway(u32),
    /// With the connection.
    Closed,
    /// Not at all.
    Silence,
    /// With what no peer may send.
    Wrong(String),
}

impl Stream {
    /// The status of the answer; 0 without one.
    pub fn status(&self) -> u16 {
        let status = self
            .head
            .iter()
            .flatten()
            .find(|(name, _)| name == ":status");
        status
            .and_then(|(_, status)| status.parse().ok())
            .unwrap_or(0)
    }

    /// The values of a field of the answer.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let of = self.head.iter().flatten().filter(|(had, _)| had == name);
        of.map(|(_, value)| value.as_str()).collect()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Http2 {
    /// Reads until that stream ends; what comes on others is lost. Windows are opened again
    /// as they close.
    pub async fn stream(&mut self, stream: u32, patience: Duration) -> Stream {
        let mut came = Stream::default();
        while came.end.is_none() {
            let event = self.event(patience).await;
            self.take(stream, event, &mut came);
        }
        came
    }

    fn take(&self, of: u32, event: Event, came: &mut Stream) {
        match event {
            Event::Headers {
                stream,
                fields,
                end,
            } if stream == of => {
                let status = fields.iter().find(|(name, _)| name == ":status");
                match status {
                    Some((_, status)) if status.starts_with('1') => came.interim.push(fields),
                    _ if came.head.is_none() => came.head = Some(fields),
                    _ => came.trailers = Some(fields),
                }
                came.end = end.then_some(End::Clean);
            }
            Event::Frame(frame) if frame.kind == kind::DATA => {
                let length = frame.payload.len() as u32;
                if length > 0 {
                    self.write(window_update(0, length));
                }
                if frame.stream == of {
                    came.body.extend(&frame.payload);
                    if frame.flags & flag::END_STREAM != 0 {
                        came.end = Some(End::Clean);
                    } else if length > 0 {
                        self.write(window_update(of, length));
                    }
                }
            }
            Event::Frame(frame) if frame.kind == kind::GOAWAY => {
                let last = number(&frame.payload, 0).unwrap_or(0);
                let code = number(&frame.payload, 4).unwrap_or(0);
                if code != code::NO_ERROR || last < of {
                    came.end = Some(End::Goaway(code));
                }
            }
            Event::Frame(frame) if frame.kind == kind::RST_STREAM && frame.stream == of => {
                came.end = Some(End::Reset(number(&frame.payload, 0).unwrap_or(0)));
            }
            Event::Frame(_) | Event::Headers { .. } => {}
            Event::Closed => came.end = Some(End::Closed),
            Event::Silence => came.end = Some(End::Silence),
            Event::Wrong(why) => came.end = Some(End::Wrong(why)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_written_as_section_4_1_says() {
        assert_eq!(
            ping(1, [7; 8]),
            b"\0\0\x08\x06\x01\0\0\0\0\x07\x07\x07\x07\x07\x07\x07\x07"
        );
        assert_eq!(
            settings(&[(4, 65535)]),
            b"\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\xff\xff"
        );
        assert_eq!(window_update(3, 1), b"\0\0\x04\x08\0\0\0\0\x03\0\0\0\x01");
        assert_eq!(priority(true, 1, 15), b"\x80\0\0\x01\x0f");
    }
}
