//! WASI 0.2 for components that ordinary toolchains make, locked down: no files, no
//! network, no environment, no arguments, stdin closed. Lines of stdout and stderr go
//! to a [`LineSink`]; clocks and randomness are
//! those of the use: real, unless it is a test or a simulation.
//!
//! Nothing here blocks, panics or knows of a runtime, so a guest's `println!` is safe
//! on any thread. The price is that a plugin cannot sleep: every pollable is ready at
//! once, timers too, and a guest that polls until a clock has passed spins until its
//! deadline ends it.
//!
//! Nothing is kept behind a handle: the number of a resource says all there is to say
//! of it. Handles therefore cost the host nothing beyond Wasmtime's own table.
//!
//! A few calls do not return: see [`Ended`].

#[macro_use]
mod answers;
mod bindings;
mod cli;
mod clocks;
mod ended;
mod filesystem;
mod io;
mod lines;
mod plugin;
mod random;
mod sockets;
#[cfg(test)]
mod tests;

pub(crate) use plugin::for_plugin;

use crate::ambient::{Ambient, Chance};
use ended::Ended;
use lines::{LineSink, Lines, Stream};
use wasmtime::Result;
use wasmtime::component::{HasData, Linker};

/// What WASI keeps for one instance: the lines that are not finished yet.
pub(crate) struct Wasi {
    stdout: Lines,
    stderr: Lines,
    sink: Box<dyn LineSink>,
    ambient: Ambient,
    chance: Chance,
}

/// Store data that has a [`Wasi`].
pub(crate) trait WasiView {
    /// The state of the instance in this store.
    fn wasi(&mut self) -> &mut Wasi;
}

impl Wasi {
    /// State for one instance whose lines go to `sink`, in that world of time and chance.
    pub(crate) fn new(ambient: Ambient, sink: impl LineSink) -> Self {
        Self {
            stdout: Lines::default(),
            stderr: Lines::default(),
            sink: Box::new(sink),
            chance: ambient.chance(),
            ambient,
        }
    }

    /// Reports what was written without a newline. For the end of a call; costs two
    /// comparisons when nothing was written.
    pub(crate) fn flush(&mut self) {
        self.stdout
            .finish(&mut |line| self.sink.line(Stream::Stdout, line));
        self.stderr
            .finish(&mut |line| self.sink.line(Stream::Stderr, line));
    }

    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        let lines = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        lines.push(bytes, &mut |line| self.sink.line(stream, line));
    }
}

impl Drop for Wasi {
    /// A call that trapped is not followed by a flush, and its last words matter most.
    fn drop(&mut self) {
        self.flush();
    }
}

impl HasData for Wasi {
    type Data<'a> = &'a mut Self;
}

/// Offers WASI to the components that `linker` will instantiate. Every patch version
/// of 0.2 is matched, older and newer.
pub(crate) fn add_to_linker<T: WasiView + 'static>(linker: &mut Linker<T>) -> Result<()> {
    let mut options = bindings::LinkOptions::default();
    options.clocks_timezone(true).network_error_code(true);
    bindings::Wasi::add_to_linker::<T, Wasi>(linker, &options, T::wasi)
}
