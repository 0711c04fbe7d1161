//! What a component is, found without running it, whether the host would take it or not.

use crate::component::{self, Component, World};
use crate::engine::Sandbox;
use crate::error::LoadError;
use std::time::{Duration, Instant};

/// What is known of a component's bytes.
#[derive(Debug)]
pub struct Inspection {
    /// SHA-256 of the bytes.
    pub hash: [u8; 32],
    /// Interfaces that it imports, with their versions, and whether a plugin of its world is
    /// offered them.
    pub imports: Vec<(String, bool)>,
    /// What it exports.
    pub exports: Vec<String>,
    /// How long compiling took, whatever the cache has.
    pub compiled_in: Duration,
    /// Linear memories that it begins with.
    pub memories: u32,
    /// Bytes of the largest of them, at the start.
    pub initial_memory: u64,
    /// Its world, or why the host does not take it.
    pub world: Result<World, LoadError>,
}

/// Bytes of a WebAssembly page.
const PAGE: u64 = 64 << 10;

impl Sandbox {
    /// Compiles a component, the cache aside, and looks at it.
    ///
    /// # Errors
    /// When the bytes are no component, or one that does not compile.
    pub fn inspect(&self, bytes: &[u8]) -> Result<(Inspection, Option<Component>), LoadError> {
        let (hash, began) = (self.sound(bytes)?, Instant::now());
        let compiled = component::compile(&self.engine, bytes)?;
        let compiled_in = began.elapsed();
        let names: Vec<String> = component::imports(&self.engine, &compiled).collect();
        let ty = compiled.component_type();
        let exports = ty.exports(&self.engine);
        let exports = exports.map(|(name, _)| name.to_owned()).collect();
        let resources = compiled.resources_required();
        let pages = resources.as_ref();
        let pages = pages.and_then(|needed| needed.max_initial_memory_size);
        let world = component::world(&self.engine, &compiled);
        let offered = |name: &String| match world {
            Ok(world) => component::offered(name, world),
            Err(_) => [World::Selector, World::Filter]
                .into_iter()
                .any(|world| component::offered(name, world)),
        };
        let imports = names.into_iter().map(|name| {
            let offered = offered(&name);
            (name, offered)
        });
        let imports = imports.collect();
        let linked = self.link(hash, &compiled);
        let inspection = Inspection {
            hash,
            imports,
            exports,
            compiled_in,
            memories: resources.map_or(0, |needed| needed.num_memories),
            initial_memory: pages.unwrap_or(0).saturating_mul(PAGE),
            world: linked.as_ref().map(Component::world).map_err(Clone::clone),
        };
        Ok((inspection, linked.ok()))
    }
}
