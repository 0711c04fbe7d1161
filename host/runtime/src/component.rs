//! From bytes to a compiled component of one of the two worlds.

use crate::bindings::SelectorPluginPre;
use crate::engine::Sandbox;
use crate::error::LoadError;
use crate::filter::Linked;
use crate::instance::Host;
use sha2::{Digest, Sha256};
use std::panic::{AssertUnwindSafe, catch_unwind};
use wasmtime::Engine;

/// The exports that make a component a selector or a filter, without their version.
const SELECTOR: &str = "tidegate:plugin/selector@";
const FILTER: &str = "tidegate:plugin/filter@";
/// Versions of the contract that are served.
const VERSION: &str = "0.1.";
/// What only components on the asynchronous engine import.
const HTTP_CLIENT: &str = "tidegate:plugin/http-client@";

/// A compiled component that fits its world, not yet configured.
#[derive(Clone)]
pub struct Component {
    world: Linking,
    hash: [u8; 32],
}

/// What a component is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum World {
    /// It chooses endpoints.
    Selector,
    /// It sees requests and responses.
    Filter,
}

#[derive(Clone)]
enum Linking {
    Selector(SelectorPluginPre<Host>),
    Filter(Linked),
}

impl Component {
    /// SHA-256 of the bytes that it was made of.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// What it is for.
    pub fn world(&self) -> World {
        match self.world {
            Linking::Selector(_) => World::Selector,
            Linking::Filter(_) => World::Filter,
        }
    }

    pub(crate) fn selector(&self) -> Result<&SelectorPluginPre<Host>, LoadError> {
        match &self.world {
            Linking::Selector(pre) => Ok(pre),
            Linking::Filter(_) => Err(LoadError::WrongWorld(
                "a selector: it exports `tidegate:plugin/filter`, so it is a filter; \
                 name it under `filters` of a route"
                    .into(),
            )),
        }
    }

    pub(crate) fn filter(&self) -> Result<&Linked, LoadError> {
        match &self.world {
            Linking::Filter(linked) => Ok(linked),
            Linking::Selector(_) => Err(LoadError::WrongWorld(
                "a filter: it exports `tidegate:plugin/selector`, so it is a selector; \
                 name it as `selector` of an upstream"
                    .into(),
            )),
        }
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
        let hash = self.sound(bytes)?;
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
        self.link(hash, &compiled)
    }

    /// The digest of bytes that may be a component.
    pub(crate) fn sound(&self, bytes: &[u8]) -> Result<[u8; 32], LoadError> {
        let bound = self.options.max_component;
        if bytes.len() as u64 > bound {
            return Err(LoadError::TooLarge {
                actual: bytes.len() as u64,
                bound,
            });
        }
        looks_like_a_component(bytes)?;
        Ok(Sha256::digest(bytes).into())
    }

    /// Checks the world of what was compiled, and gives it its imports.
    pub(crate) fn link(
        &self,
        hash: [u8; 32],
        compiled: &wasmtime::component::Component,
    ) -> Result<Component, LoadError> {
        let world = world(&self.engine, compiled)?;
        check_imports(&self.engine, compiled, world)?;
        let pre = self.linker.instantiate_pre(compiled);
        let linking = match world {
            World::Selector => pre.and_then(SelectorPluginPre::new).map(Linking::Selector),
            World::Filter => {
                let asynchronous =
                    imports(&self.engine, compiled).any(|name| name.starts_with(HTTP_CLIENT));
                pre.and_then(|pre| Linked::new(compiled, pre, asynchronous))
                    .map(Linking::Filter)
            }
        };
        let world = linking.map_err(|error| LoadError::Contract(format!("{error:#}")))?;
        Ok(Component { world, hash })
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
pub(crate) fn compile(
    engine: &Engine,
    bytes: &[u8],
) -> Result<wasmtime::component::Component, LoadError> {
    let result = catch_unwind(AssertUnwindSafe(|| {
        wasmtime::component::Component::new(engine, bytes)
    }));
    match result {
        Ok(Ok(component)) => Ok(component),
        Ok(Err(error)) => Err(LoadError::Compile(format!("{error:#}"))),
        Err(_) => Err(LoadError::Compile("the compiler panicked".into())),
    }
}

pub(crate) fn world(
    engine: &Engine,
    component: &wasmtime::component::Component,
) -> Result<World, LoadError> {
    let ty = component.component_type();
    let exports: Vec<&str> = ty.exports(engine).map(|(name, _)| name).collect();
    for (prefix, world) in [(SELECTOR, World::Selector), (FILTER, World::Filter)] {
        let mut versions = exports.iter().filter_map(|name| name.strip_prefix(prefix));
        if let Some(version) = versions.next() {
            if version.starts_with(VERSION) {
                return Ok(world);
            }
            return Err(LoadError::Contract(format!(
                "it was made for version {version} of the contract, and this host serves {VERSION}x"
            )));
        }
    }
    let found = if exports.is_empty() {
        "it exports nothing".into()
    } else {
        format!("it exports {}", exports.join(", "))
    };
    Err(LoadError::WrongWorld(format!(
        "a plugin: {found}; a selector exports `{SELECTOR}0.1.0`, a filter `{FILTER}0.1.0`"
    )))
}

pub(crate) fn imports<'a>(
    engine: &'a Engine,
    component: &wasmtime::component::Component,
) -> impl Iterator<Item = String> + use<'a> {
    let ty = component.component_type();
    let names: Vec<String> = ty
        .imports(engine)
        .map(|(name, _)| name.to_owned())
        .collect();
    names.into_iter()
}

fn check_imports(
    engine: &Engine,
    component: &wasmtime::component::Component,
    world: World,
) -> Result<(), LoadError> {
    let foreign: Vec<String> = imports(engine, component)
        .filter(|name| !offered(name, world))
        .map(|name| format!("`{name}`"))
        .collect();
    if foreign.is_empty() {
        return Ok(());
    }
    let who = match world {
        World::Selector => "selector",
        World::Filter => "filter",
    };
    Err(LoadError::Imports {
        names: foreign,
        world: who,
    })
}

/// Packages whose interfaces are offered; within them the linker decides.
pub(crate) fn offered(import: &str, world: World) -> bool {
    const BOTH: [&str; 13] = [
        "tidegate:plugin/types@",
        "tidegate:plugin/request@",
        "tidegate:plugin/log@",
        "tidegate:plugin/clock@",
        "tidegate:plugin/random@",
        "tidegate:plugin/state@",
        "tidegate:plugin/metrics@",
        "wasi:cli/",
        "wasi:io/",
        "wasi:clocks/",
        "wasi:random/",
        "wasi:filesystem/",
        "wasi:sockets/",
    ];
    const SELECTORS: [&str; 2] = ["tidegate:plugin/load@", "tidegate:plugin/choice@"];
    const FILTERS: [&str; 2] = ["tidegate:plugin/response@", HTTP_CLIENT];
    let own = match world {
        World::Selector => &SELECTORS,
        World::Filter => &FILTERS,
    };
    BOTH.iter()
        .chain(own)
        .any(|prefix| import.starts_with(prefix))
}
