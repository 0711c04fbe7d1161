//! Where a tool is, or what to do about it.
//!
//! A project's own tools come before those of the machine: the project says which version it
//! wants, and the machine does not know.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Error, anyhow};

/// How a tool is started.
#[derive(Debug)]
pub(super) struct Tool {
    program: PathBuf,
    arguments: Vec<OsString>,
}

impl Tool {
    fn new(program: PathBuf) -> Self {
        Tool {
            program,
            arguments: Vec::new(),
        }
    }

    /// A module of a Python interpreter.
    fn module(python: PathBuf, module: &str) -> Self {
        Tool {
            program: python,
            arguments: vec!["-m".into(), module.into()],
        }
    }

    /// A file that lies there, seen from the tool's folder once links are followed.
    pub(super) fn beside(&self, path: &str) -> Option<PathBuf> {
        let program = self.program.canonicalize().ok()?;
        program.parent()?.join(path).canonicalize().ok()
    }

    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }
}

/// On the PATH.
pub(super) fn on_path(name: &str) -> Option<Tool> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders)
        .map(|folder| folder.join(name))
        .find(|file| is_program(file))
        .map(Tool::new)
}

/// In the project's virtual environment.
pub(super) fn in_venv(project: &Path, name: &str) -> Option<Tool> {
    let file = project.join(".venv/bin").join(name);
    is_program(&file).then(|| Tool::new(file))
}

/// In `node_modules` of the project, or of a folder around it.
pub(super) fn in_node_modules(project: &Path, name: &str) -> Option<Tool> {
    project
        .ancestors()
        .map(|folder| folder.join("node_modules/.bin").join(name))
        .find(|file| is_program(file))
        .map(Tool::new)
}

/// A script, run by the Node.js on the PATH.
pub(super) fn by_node(script: PathBuf) -> Option<Tool> {
    let mut node = on_path("node")?;
    node.arguments.push(script.into());
    Some(node)
}

/// A module of the interpreter in the project's virtual environment.
pub(super) fn python_module_in_venv(project: &Path, module: &str) -> Option<Tool> {
    let python = project.join(".venv/bin/python3");
    imports(&python, module).then(|| Tool::module(python, module))
}

/// A module of the interpreter on the PATH.
pub(super) fn python_module(module: &str) -> Option<Tool> {
    let python = PathBuf::from("python3");
    imports(&python, module).then(|| Tool::module(python, module))
}

fn imports(python: &Path, module: &str) -> bool {
    let found = Command::new(python)
        .args(["-c", &format!("import {module}")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    found.is_ok_and(|status| status.success())
}

/// What to say when it is nowhere.
pub(super) fn missing(what: &str, install: &[&str]) -> Error {
    let mut text = format!("{what} is missing; install it, in the project's folder, with");
    for command in install {
        text.push_str("\n    ");
        text.push_str(command);
    }
    anyhow!(text)
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let data = file.metadata();
    data.is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}
