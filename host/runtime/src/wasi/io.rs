//! `wasi:io`: one closed input, two outputs that are always ready, and pollables that
//! are nothing but ready.

use super::bindings::wasi::io::error::{self, Error};
use super::bindings::wasi::io::poll::{self, Pollable};
use super::bindings::wasi::io::streams::{
    self, HostInputStream, HostOutputStream, InputStream, OutputStream, StreamError,
};
use super::lines::MAX_LINE;
use super::{Ended, Stream, Wasi};
use wasmtime::component::Resource;

/// Bytes that `check-write` allows. A longer `write` is taken as well: when the host
/// sees its length it has the bytes already.
const PERMIT: u64 = 64 << 10;

/// The number of the handle for standard error; every other is standard output.
const STDERR: u32 = 2;

/// A stream that has ended.
pub(super) fn closed() -> Resource<InputStream> {
    Resource::new_own(0)
}

/// A stream whose bytes become lines.
pub(super) fn output(stream: Stream) -> Resource<OutputStream> {
    Resource::new_own(match stream {
        Stream::Stdout => 1,
        Stream::Stderr => STDERR,
    })
}

/// A pollable. There is only one kind.
pub(super) fn ready() -> Resource<Pollable> {
    Resource::new_own(0)
}

impl error::Host for Wasi {}
impl error::HostError for Wasi {
    fn to_debug_string(&mut self, _: Resource<Error>) -> String {
        "not available to plugins".into()
    }

    release!(Error);
}

impl poll::Host for Wasi {
    fn poll(&mut self, pollables: Vec<Resource<Pollable>>) -> wasmtime::Result<Vec<u32>> {
        if pollables.is_empty() {
            return Err(Ended::EmptyPoll.into());
        }
        Ok((0..).take(pollables.len()).collect())
    }
}

impl poll::HostPollable for Wasi {
    fn ready(&mut self, _: Resource<Pollable>) -> bool {
        true
    }

    fn block(&mut self, _: Resource<Pollable>) {}

    release!(Pollable);
}

impl streams::Host for Wasi {}

impl HostInputStream for Wasi {
    fn read(&mut self, _: Resource<InputStream>, _: u64) -> Result<Vec<u8>, StreamError> {
        Err(StreamError::Closed)
    }

    fn blocking_read(&mut self, _: Resource<InputStream>, _: u64) -> Result<Vec<u8>, StreamError> {
        Err(StreamError::Closed)
    }

    fn skip(&mut self, _: Resource<InputStream>, _: u64) -> Result<u64, StreamError> {
        Err(StreamError::Closed)
    }

    fn blocking_skip(&mut self, _: Resource<InputStream>, _: u64) -> Result<u64, StreamError> {
        Err(StreamError::Closed)
    }

    fn subscribe(&mut self, _: Resource<InputStream>) -> Resource<Pollable> {
        ready()
    }

    release!(InputStream);
}

impl HostOutputStream for Wasi {
    fn check_write(&mut self, _: Resource<OutputStream>) -> Result<u64, StreamError> {
        Ok(PERMIT)
    }

    fn write(&mut self, to: Resource<OutputStream>, bytes: Vec<u8>) -> Result<(), StreamError> {
        let stream = if to.rep() == STDERR {
            Stream::Stderr
        } else {
            Stream::Stdout
        };
        Wasi::write(self, stream, &bytes);
        Ok(())
    }

    fn blocking_write_and_flush(
        &mut self,
        to: Resource<OutputStream>,
        bytes: Vec<u8>,
    ) -> Result<(), StreamError> {
        HostOutputStream::write(self, to, bytes)
    }

    /// Nothing is held back but an unfinished line, and that waits for its end.
    fn flush(&mut self, _: Resource<OutputStream>) -> Result<(), StreamError> {
        Ok(())
    }

    fn blocking_flush(&mut self, _: Resource<OutputStream>) -> Result<(), StreamError> {
        Ok(())
    }

    fn subscribe(&mut self, _: Resource<OutputStream>) -> Resource<Pollable> {
        ready()
    }

    /// Zeroes hold no newline, so those beyond a line's bound would be cut anyway.
    fn write_zeroes(&mut self, to: Resource<OutputStream>, len: u64) -> Result<(), StreamError> {
        let len = usize::try_from(len).unwrap_or(usize::MAX).min(MAX_LINE + 1);
        HostOutputStream::write(self, to, vec![0; len])
    }

    fn blocking_write_zeroes_and_flush(
        &mut self,
        to: Resource<OutputStream>,
        len: u64,
    ) -> Result<(), StreamError> {
        HostOutputStream::write_zeroes(self, to, len)
    }

    fn splice(
        &mut self,
        _: Resource<OutputStream>,
        _: Resource<InputStream>,
        _: u64,
    ) -> Result<u64, StreamError> {
        Err(StreamError::Closed)
    }

    fn blocking_splice(
        &mut self,
        _: Resource<OutputStream>,
        _: Resource<InputStream>,
        _: u64,
    ) -> Result<u64, StreamError> {
        Err(StreamError::Closed)
    }

    release!(OutputStream);
}
