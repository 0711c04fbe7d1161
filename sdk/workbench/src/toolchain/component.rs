//! Components: made of core modules, and described.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wit_component::{ComponentEncoder, DecodedWasm, StringEncoding};

use super::bindings;
use crate::project::Kind;

/// What a component imports and exports: interfaces with their versions.
#[derive(Clone, Debug, Serialize)]
pub struct Shape {
    /// From the host.
    pub imports: Vec<String>,
    /// For the host.
    pub exports: Vec<String>,
}

/// A component of a core module. `world` is for modules that do not describe themselves: contract
/// and name.
pub(super) fn of_module(core: &[u8], world: Option<(&Path, &str)>) -> Result<Vec<u8>> {
    let mut core = core.to_vec();
    if let Some((contract, name)) = world {
        let (resolve, world) = bindings::world(contract, name)?;
        let encoding = StringEncoding::UTF8;
        wit_component::embed_component_metadata(&mut core, &resolve, world, encoding)?;
    }
    let mut encoder = ComponentEncoder::default();
    encoder
        .module(&core)
        .and_then(|encoder| {
            let adapter = WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER;
            encoder.adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, adapter)
        })
        .and_then(|encoder| encoder.validate(true).encode())
        .context("what the compiler made is no component")
}

/// What it imports and exports.
pub(super) fn shape(bytes: &[u8]) -> Result<Shape> {
    let decoded = wit_component::decode(bytes).context("the toolchain has made no component")?;
    let DecodedWasm::Component(resolve, world) = decoded else {
        bail!("the toolchain has made a package of interfaces, and no component");
    };
    let world = &resolve.worlds[world];
    let names = |items: &mut dyn Iterator<Item = &_>| -> Vec<String> {
        items.map(|key| resolve.name_world_key(key)).collect()
    };
    Ok(Shape {
        imports: names(&mut world.imports.keys()),
        exports: names(&mut world.exports.keys()),
    })
}

impl Shape {
    /// That it is a plugin of that kind.
    pub(super) fn expect(&self, kind: Kind) -> Result<()> {
        if self.is(kind) {
            return Ok(());
        }
        bail!(
            "the component is no {kind}: it does not export tidegate:plugin/{kind}, but {}",
            self.exports.join(", ")
        )
    }

    /// That it is a plugin.
    pub(super) fn expect_any(&self) -> Result<()> {
        if self.is(Kind::Selector) || self.is(Kind::Filter) {
            return Ok(());
        }
        bail!("the component is no plugin: it exports neither a selector nor a filter")
    }

    fn is(&self, kind: Kind) -> bool {
        let name = format!("tidegate:plugin/{kind}@");
        self.exports.iter().any(|export| export.starts_with(&name))
    }
}
