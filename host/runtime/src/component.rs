//! From bytes to a compiled component of the right world.

use crate::bindings::SelectorPluginPre;
use crate::engine::Sandbox;
use crate::error::LoadError;
use crate::instance::Host;
use sha2::{Digest, Sha256};
use std::panic::{AssertUnwindSafe, catch_unwind};
use wasmtime::Engine;

/// The export that makes a component a selector.
const SELECTOR: &str = "tidegate:plugin/selector@";
const FILTER: &str = "tidegate:plugin/filter@";

/// A compiled component that fits the selector world, not yet configured.
#[derive(Clone)]
pub struct Component {
    pub(crate) pre: SelectorPluginPre<Host>,
    hash: [u8; 32],
}

impl Component {
    /// SHA-256 of the bytes that it was made of.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }
}

impl Sandbox {
    /// Compiles a component, or finds it in the cache, and checks its world.
    ///
    /// Takes from a tenth of a millisecond (cached) to seconds (a language runtime of
    /// many megabytes): not for a thread that serves requests.
    ///
    /// # Errors
    /// Every way in which bytes can fail to be a selector; none of them harms the
    /// sandbox.
    pub fn component(&self, bytes: &[u8]) -> Result<Component, LoadError> {
        let bound = self.options.max_component;
        if bytes.len() as u64 > bound {
            return Err(LoadError::TooLarge {
                actual: bytes.len() as u64,
                bound,
            });
        }
        looks_like_a_component(bytes)?;
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        let compiled = match self
            .cache
            .as_ref()
            .and_then(|cache| cache.load(&hash, &self.engine))
        {
            Some(component) => component,
            None => {
                let component = compile(&self.engine, bytes)?;
                if let Some(cache) = &self.cache {
                    cache.store(&hash, &component);
                }
                component
            }
        };
        check_world(&self.engine, &compiled)?;
        let pre = self
            .linker
            .instantiate_pre(&compiled)
            .and_then(SelectorPluginPre::new)
            .map_err(|error| LoadError::Contract(format!("{error:#}")))?;
        Ok(Component { pre, hash })
    }
}

/// The first eight bytes tell a component from everything else (Component Model,
/// Binary.md: version 13, layer 1).
fn looks_like_a_component(bytes: &[u8]) -> Result<(), LoadError> {
    let refuse = |text: &str| Err(LoadError::NotAComponent(text.into()));
    match bytes {
        [] => refuse("the file is empty"),
        [0, b'a', b's', b'm', 13, 0, 1, 0, ..] => Ok(()),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => refuse(
            "this is a core module; build for the target wasm32-wasip2, or wrap it with `wasm-tools component new`",
        ),
        [0x7f, b'E', b'L', b'F', ..] => {
            refuse("this is native code; give the WebAssembly component that it was made of")
        }
        _ => refuse("the file does not begin like one"),
    }
}

/// The compiler is large and its input hostile: a panic in it refuses the plugin.
fn compile(engine: &Engine, bytes: &[u8]) -> Result<wasmtime::component::Component, LoadError> {
    let result = catch_unwind(AssertUnwindSafe(|| {
        wasmtime::component::Component::new(engine, bytes)
    }));
    match result {
        Ok(Ok(component)) => Ok(component),
        Ok(Err(error)) => Err(LoadError::Compile(format!("{error:#}"))),
        Err(_) => Err(LoadError::Compile("the compiler panicked".into())),
    }
}

fn check_world(
    engine: &Engine,
    component: &wasmtime::component::Component,
) -> Result<(), LoadError> {
    let ty = component.component_type();
    let exports: Vec<&str> = ty.exports(engine).map(|(name, _)| name).collect();
    if !exports.iter().any(|name| name.starts_with(SELECTOR)) {
        let found = match exports.iter().find(|name| name.starts_with(FILTER)) {
            Some(name) => format!("it exports `{name}`, so it is a filter"),
            None if exports.is_empty() => "it exports nothing".into(),
            None => format!("it exports {}", exports.join(", ")),
        };
        return Err(LoadError::WrongWorld(format!(
            "{found}; a selector exports `{SELECTOR}0.1.0`"
        )));
    }
    let foreign: Vec<String> = ty
        .imports(engine)
        .filter(|(name, _)| !offered(name))
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    if foreign.is_empty() {
        Ok(())
    } else {
        Err(LoadError::Imports(foreign))
    }
}

/// Packages whose interfaces are offered; within them the linker decides.
fn offered(import: &str) -> bool {
    const OFFERED: [&str; 14] = [
        "tidegate:plugin/types@",
        "tidegate:plugin/request@",
        "tidegate:plugin/log@",
        "tidegate:plugin/clock@",
        "tidegate:plugin/random@",
        "tidegate:plugin/state@",
        "tidegate:plugin/metrics@",
        "tidegate:plugin/load@",
        "tidegate:plugin/choice@",
        "wasi:cli/",
        "wasi:io/",
        "wasi:clocks/",
        "wasi:random/",
        "wasi:filesystem/",
    ];
    OFFERED.iter().any(|prefix| import.starts_with(prefix)) || import.starts_with("wasi:sockets/")
}
