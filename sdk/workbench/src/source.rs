//! Where a component comes from: a file, or the host, which has some built in.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Result, bail};
use tidegate_plugins::{FILTERS, SELECTORS, filter, selector};
use tidegate_testkit::Component;

use crate::nearest::nearest;

/// A component and what it is called.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file, or the name of a built-in plugin.
    pub name: String,
    /// Its bytes.
    pub bytes: Cow<'static, [u8]>,
}

impl Source {
    /// The file of that name, or the built-in plugin.
    ///
    /// # Errors
    /// When there is neither, or the file cannot be read.
    pub fn find(name: &str) -> Result<Self> {
        let path = Path::new(name);
        if !path.exists()
            && let Some(bytes) = selector(name).or_else(|| filter(name))
        {
            return Ok(Self {
                name: name.to_owned(),
                bytes: bytes.into(),
            });
        }
        match std::fs::read(path) {
            Ok(bytes) => Ok(Self {
                name: name.to_owned(),
                bytes: bytes.into(),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let names = |table: &[(&'static str, &'static [u8])]| {
                    let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
                    names.join(", ")
                };
                let known = SELECTORS.iter().chain(FILTERS).map(|(name, _)| *name);
                let meant = nearest(name, known)
                    .map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
                bail!(
                    "{name}: no such file, and no built-in plugin{meant}\n\
                     built-in selectors are {}\nbuilt-in filters are {}",
                    names(SELECTORS),
                    names(FILTERS),
                )
            }
            Err(error) => bail!("{name}: {error}"),
        }
    }

    /// To be loaded into the sandbox.
    pub fn component(&self) -> Component {
        Component::from_bytes(self.bytes.clone())
    }
}
