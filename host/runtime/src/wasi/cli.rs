//! `wasi:cli`: a program without arguments, environment, input or terminal. What it
//! prints becomes lines; its exit ends the instance.

use super::bindings::wasi::cli::{
    environment, exit, stderr, stdin, stdout, terminal_input, terminal_output, terminal_stderr,
    terminal_stdin, terminal_stdout,
};
use super::bindings::wasi::io::streams::{InputStream, OutputStream};
use super::{Ended, Stream, Wasi, io};
use terminal_input::TerminalInput;
use terminal_output::TerminalOutput;
use wasmtime::component::Resource;

impl environment::Host for Wasi {
    fn get_environment(&mut self) -> Vec<(String, String)> {
        Vec::new()
    }

    fn get_arguments(&mut self) -> Vec<String> {
        Vec::new()
    }

    fn initial_cwd(&mut self) -> Option<String> {
        None
    }
}

impl exit::Host for Wasi {
    fn exit(&mut self, status: Result<(), ()>) -> wasmtime::Result<()> {
        self.exit_with_code(u8::from(status.is_err()))
    }

    fn exit_with_code(&mut self, code: u8) -> wasmtime::Result<()> {
        Err(Ended::Exit(code).into())
    }
}

impl stdin::Host for Wasi {
    fn get_stdin(&mut self) -> Resource<InputStream> {
        io::closed()
    }
}

impl stdout::Host for Wasi {
    fn get_stdout(&mut self) -> Resource<OutputStream> {
        io::output(Stream::Stdout)
    }
}

impl stderr::Host for Wasi {
    fn get_stderr(&mut self) -> Resource<OutputStream> {
        io::output(Stream::Stderr)
    }
}

impl terminal_stdin::Host for Wasi {
    fn get_terminal_stdin(&mut self) -> Option<Resource<TerminalInput>> {
        None
    }
}

impl terminal_stdout::Host for Wasi {
    fn get_terminal_stdout(&mut self) -> Option<Resource<TerminalOutput>> {
        None
    }
}

impl terminal_stderr::Host for Wasi {
    fn get_terminal_stderr(&mut self) -> Option<Resource<TerminalOutput>> {
        None
    }
}

impl terminal_input::Host for Wasi {}
impl terminal_input::HostTerminalInput for Wasi {
    release!(TerminalInput);
}

impl terminal_output::Host for Wasi {}
impl terminal_output::HostTerminalOutput for Wasi {
    release!(TerminalOutput);
}
