//! A component, from where a test has it.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::{fmt, io};

use parking_lot::Mutex;
use tidegate_runtime::{LoadError, World};

use crate::build::{self, BuildError};
use crate::host::SANDBOX;

/// The bytes of a component, compiled when a plugin is first made of them. Cheap to clone:
/// clones are compiled once.
#[derive(Clone)]
pub struct Component(Arc<Inner>);

struct Inner {
    bytes: Cow<'static, [u8]>,
    compiled: Mutex<Option<tidegate_runtime::Component>>,
}

impl Component {
    /// From memory. Whether the bytes are a component shows in
    /// [`Host::plugin`](crate::Host::plugin).
    pub fn from_bytes(bytes: impl Into<Cow<'static, [u8]>>) -> Self {
        Component(Arc::new(Inner {
            bytes: bytes.into(),
            compiled: Mutex::default(),
        }))
    }

    /// From a file, for example one that another toolchain has made.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn from_file(path: impl AsRef<Path>) -> io::Result<Self> {
        Ok(Component::from_bytes(std::fs::read(path)?))
    }

    /// Builds the package in that folder for `wasm32-wasip2`, with that profile of its
    /// workspace, and reads the component. [`build!`](crate::build!) does it for the package
    /// under test.
    ///
    /// The build has a target directory of its own, `plugins` inside of the one that the
    /// test was built into, because cargo holds a lock on that.
    ///
    /// # Errors
    /// When cargo fails, or the package does not make exactly one component.
    pub fn build(folder: impl AsRef<Path>, profile: &str) -> Result<Self, BuildError> {
        let path = build::build(folder.as_ref(), profile)?;
        Component::from_file(&path)
            .map_err(|error| BuildError(format!("reading {}: {error}", path.display())))
    }

    /// What it is for.
    ///
    /// # Errors
    /// When the bytes are no component that the sandbox takes.
    pub fn world(&self) -> Result<World, LoadError> {
        self.compiled().map(|component| component.world())
    }

    pub(crate) fn compiled(&self) -> Result<tidegate_runtime::Component, LoadError> {
        let mut compiled = self.0.compiled.lock();
        if let Some(component) = &*compiled {
            return Ok(component.clone());
        }
        let component = SANDBOX.component(&self.0.bytes)?;
        Ok(compiled.insert(component).clone())
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Component({} bytes)", self.0.bytes.len())
    }
}
