//! Compiled components on disk, by the hash of their bytes.
//!
//! A compiled component is native code: whoever can write the directory can run
//! code in this process. So the directory must belong to this user and to nobody
//! else, files are written whole and renamed, and each ends with a digest that
//! finds what a crash or a disk has cut short.

use rustix::process::geteuid;
use sha2::{Digest, Sha256};
use std::fs::{self, DirBuilder, File};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use wasmtime::Engine;
use wasmtime::component::Component;

const DIGEST: usize = 32;

/// A directory of compiled components.
#[derive(Debug)]
pub(crate) struct Cache {
    directory: PathBuf,
    /// Distinguishes compilers, settings and processors.
    engine: u64,
}

impl Cache {
    /// Opens the directory, making it when it is absent; refuses one that others
    /// can write.
    pub(crate) fn open(path: &Path, engine: &Engine) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let metadata = fs::metadata(path)?;
        if metadata.uid() != geteuid().as_raw() || metadata.mode() & 0o022 != 0 {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "the directory must belong to this user and be writable by nobody else (chmod 700)",
            ));
        }
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        Ok(Self {
            directory: path.to_owned(),
            engine: hasher.hash_one(engine.precompile_compatibility_hash()),
        })
    }

    /// The compiled form of the component with that hash, if it is here and whole.
    pub(crate) fn load(&self, hash: &[u8; 32], engine: &Engine) -> Option<Component> {
        let bytes = fs::read(self.path(hash)).ok()?;
        let (code, digest) = bytes.split_at_checked(bytes.len().checked_sub(DIGEST)?)?;
        if Sha256::digest(code).as_slice() != digest {
            tracing::warn!(path = %self.path(hash).display(), "a cached plugin is damaged; compiling again");
            return None;
        }
        // SAFETY: the bytes are what `store` wrote: the directory is this user's alone
        // (checked in `open`), the file was renamed into place whole, and its digest
        // fits. Wasmtime checks that version and settings are its own.
        #[allow(unsafe_code)]
        let component = unsafe { Component::deserialize(engine, code) };
        component
            .inspect_err(|error| tracing::debug!(%error, "a cached plugin is of another engine"))
            .ok()
    }

    /// Keeps the compiled form. A cache that cannot be written costs time, nothing
    /// else: the failure is logged.
    pub(crate) fn store(&self, hash: &[u8; 32], component: &Component) {
        let path = self.path(hash);
        let written = component
            .serialize()
            .map_err(|error| error.to_string())
            .and_then(|code| write(&path, &code).map_err(|error| error.to_string()));
        if let Err(problem) = written {
            tracing::warn!(path = %path.display(), problem, "a compiled plugin is not cached");
        }
    }

    fn path(&self, hash: &[u8; 32]) -> PathBuf {
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        self.directory
            .join(format!("{hex}-{:016x}.cwasm", self.engine))
    }
}

fn write(path: &Path, code: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension(format!("{}.{:x}", std::process::id(), fastrand::u64(..)));
    let result = (|| {
        let mut file = File::create_new(&temporary)?;
        file.write_all(code)?;
        file.write_all(&Sha256::digest(code))?;
        fs::rename(&temporary, path)
    })();
    if result.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    result
}
