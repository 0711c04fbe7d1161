//! Errors by reader: a [`LoadError`] refuses a configuration and is read by its
//! operator; a [`Fault`] concerns one call and is read by the plugin's author.

use std::fmt;
use wasmtime::{Trap, WasmBacktrace};

/// Why bytes did not become a plugin. The text is shown to the operator as it is.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoadError {
    /// More bytes than a component may have.
    #[error("the file has {actual} bytes; a component may have at most {bound}")]
    TooLarge {
        /** Bytes of the file. */
        actual: u64,
        /** Bytes allowed. */
        bound: u64,
    },
    /// Not a component at all: empty, text, a core module, a precompiled artefact.
    #[error("not a WebAssembly component: {0}")]
    NotAComponent(String),
    /// A component that does not compile.
    #[error("the component does not compile: {0}")]
    Compile(String),
    /// A component of another world.
    #[error("the component is not {0}")]
    WrongWorld(String),
    /// Imports that its world does not get.
    #[error("the component imports {}, which {world}s are not offered", .names.join(", "))]
    Imports {
        /** What is not offered. */
        names: Vec<String>,
        /** Its world, in a word. */
        world: &'static str,
    },
    /// The world's names fit and a type does not.
    #[error("the component does not fit the contract: {0}")]
    Contract(String),
    /// The trial instance could not be made.
    #[error("the component could not be started: {0}")]
    Start(Fault),
    /// `configure` answered an error.
    #[error("the plugin refuses its config: {0}")]
    Refused(String),
    /// `configure` or `update` trapped, ran too long or ate its memory.
    #[error("the plugin failed in `{call}`: {fault}")]
    Failed {
        /** Export that was called. */
        call: &'static str,
        /** What happened. */
        fault: Fault,
    },
    /// The sandbox itself failed: a fault of this machine, not of the plugin.
    #[error("the sandbox failed: {0}")]
    Host(String),
}

/// Why a call gave no decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The guest trapped (a panic, an out-of-bounds access, `unreachable` …).
    Trap,
    /// The call ran longer than its deadline.
    Deadline,
    /// The guest asked for more memory than it may have and died of the refusal.
    Memory,
    /// The index was not in the list.
    Index,
    /// The index was excluded for this exchange.
    Excluded,
    /// A header edit was refused.
    Edit,
    /// Another part of the answer was refused: a status, a target, a body …
    Answer,
    /// A new instance could not be made.
    Start,
    /// Every instance was busy for as long as a call may take.
    Busy,
}

impl FaultKind {
    /// Every kind, in the order of the metrics' documentation.
    pub const ALL: [Self; 9] = [
        Self::Trap,
        Self::Deadline,
        Self::Memory,
        Self::Index,
        Self::Excluded,
        Self::Edit,
        Self::Answer,
        Self::Start,
        Self::Busy,
    ];

    /// The word for logs and metric labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Deadline => "deadline",
            Self::Memory => "memory",
            Self::Index => "index",
            Self::Excluded => "excluded",
            Self::Edit => "edit",
            Self::Answer => "answer",
            Self::Start => "start",
            Self::Busy => "busy",
        }
    }
}

/// One call that failed.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What kind of failure.
    pub kind: FaultKind,
    /// The call that failed, by its name in the contract; `start` for a new instance.
    pub call: &'static str,
    /// One sentence.
    pub message: String,
    /// Guest frames, innermost first, as `function at file:line` where known.
    pub backtrace: Vec<String>,
}

impl Fault {
    /// A fault of that kind, without a backtrace.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            call: "start",
            message: message.into(),
            backtrace: Vec::new(),
        }
    }

    /// Reads a Wasmtime error; `out_of_memory` tells whether growth was refused
    /// during the call.
    pub(crate) fn from_trap(error: &wasmtime::Error, out_of_memory: bool) -> Self {
        let backtrace = error
            .downcast_ref::<WasmBacktrace>()
            .map(frames)
            .unwrap_or_default();
        let (kind, message) = if error.is::<crate::deadline::Missed>() {
            (
                FaultKind::Deadline,
                "the call ran longer than its deadline".into(),
            )
        } else if out_of_memory {
            (
                FaultKind::Memory,
                format!(
                    "asked for more memory than it may have: {}",
                    error.root_cause()
                ),
            )
        } else if let Some(trap) = error.downcast_ref::<Trap>() {
            (FaultKind::Trap, trap.to_string())
        } else {
            (FaultKind::Trap, error.root_cause().to_string())
        };
        Self {
            kind,
            call: "start",
            message,
            backtrace,
        }
    }

    /// The same fault, in that call.
    #[must_use]
    pub fn during(self, call: &'static str) -> Self {
        Self { call, ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if !self.backtrace.is_empty() {
            write!(f, " (in {})", self.backtrace.join(" < "))?;
        }
        Ok(())
    }
}

fn frames(backtrace: &WasmBacktrace) -> Vec<String> {
    let mut lines = Vec::new();
    for frame in backtrace.frames() {
        let raw = frame
            .func_name()
            .map_or_else(|| format!("<function {}>", frame.func_index()), readable);
        let place = frame.symbols().iter().find_map(|symbol| {
            let file = symbol.file()?;
            Some((
                symbol.name().map_or_else(|| raw.clone(), readable),
                file.to_owned(),
                symbol.line(),
            ))
        });
        lines.push(match place {
            Some((name, file, Some(line))) => format!("{name} at {file}:{line}"),
            Some((name, file, None)) => format!("{name} at {file}"),
            None => raw,
        });
    }
    lines
}

/// A Rust name as it was written; other languages' names pass as they are.
fn readable(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}
