//! One engine for the process, and the settings that make it a sandbox.

use crate::bindings::{SelectorPlugin, filters};
use crate::cache::Cache;
use crate::deadline;
use crate::error::LoadError;
use crate::housekeeper::Housekeeper;
use crate::imports;
use crate::instance::Host;
use crate::state::Namespaces;
use crate::wasi;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use wasmtime::component::{HasSelf, Linker};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig,
    WasmBacktraceDetails,
};

/// Settings of a [`Sandbox`].
#[derive(Clone, Debug)]
pub struct Options {
    /// Directory for compiled components; none compiles anew at each start. It must
    /// belong to this user alone: whoever can write there can run code here.
    pub cache: Option<PathBuf>,
    /// Bytes that a component may have.
    pub max_component: u64,
    /// Threads that will ask plugins at the same time: each gets an instance of its own,
    /// as far as a plugin's limits allow.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache: None,
            max_component: 64 << 20,
            threads: std::thread::available_parallelism().map_or(2, usize::from),
        }
    }
}

/// The sandbox: an engine, what it offers to guests, and what plugins keep.
///
/// Make it after the process has forked for the last time: it has threads.
pub struct Sandbox {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<Host>,
    pub(crate) cache: Option<Cache>,
    pub(crate) options: Options,
    pub(crate) namespaces: Namespaces,
    pub(crate) housekeeper: Housekeeper,
    _alive: Arc<()>,
}

impl Sandbox {
    /// Starts the engine, its clock and its housekeeper.
    pub fn new(options: Options) -> Result<Self, LoadError> {
        let engine = engine().map_err(host)?;
        let linker = linker(&engine).map_err(host)?;
        let alive = Arc::new(());
        deadline::start_ticker(&engine, &alive)
            .map_err(|error| LoadError::Host(error.to_string()))?;
        let cache = options.cache.as_deref().and_then(|path| match Cache::open(path, &engine) {
            Ok(cache) => Some(cache),
            Err(problem) => {
                tracing::warn!(path = %path.display(), %problem, "compiled plugins are not cached");
                None
            }
        });
        let housekeeper =
            Housekeeper::start().map_err(|error| LoadError::Host(error.to_string()))?;
        Ok(Self {
            engine,
            linker,
            cache,
            options,
            namespaces: Namespaces::default(),
            housekeeper,
            _alive: alive,
        })
    }
}

fn host(error: wasmtime::Error) -> LoadError {
    LoadError::Host(format!("{error:#}"))
}

/// The engine with pooled memories, or without them where the address space is
/// too small for a pool (a limit on virtual memory, an emulator).
fn engine() -> wasmtime::Result<Engine> {
    let mut config = settings();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
    Engine::new(&config).or_else(|error| {
        tracing::warn!(
            error = format!("{error:#}"),
            "instances are not pooled; new ones cost more"
        );
        Engine::new(&settings())
    })
}

fn settings() -> Config {
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .epoch_interruption(true)
        .max_wasm_stack(512 << 10)
        .wasm_backtrace_details(WasmBacktraceDetails::Enable)
        .wasm_backtrace_max_frames(NonZeroUsize::new(32))
        .wasm_memory64(false)
        .wasm_tail_call(false)
        .wasm_relaxed_simd(false)
        .wasm_wide_arithmetic(false)
        .wasm_custom_page_sizes(false)
        .memory_init_cow(true);
    config
}

/// Room for a thousand instances. Slots cost address space, not memory; what an
/// instance dirtied is kept up to 256 KiB a slot, which makes the next start cheap.
fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(1_000)
        .total_core_instances(4_000)
        .total_memories(2_000)
        .total_tables(4_000)
        .max_component_instance_size(16 << 20)
        .max_core_instance_size(8 << 20)
        // A component that carries CPython is made of 38.
        .max_core_instances_per_component(64)
        .max_memories_per_component(4)
        .max_tables_per_component(8)
        .max_tables_per_module(4)
        .table_elements(20_000)
        .max_unused_warm_slots(8)
        .linear_memory_keep_resident(256 << 10)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    pool
}

fn linker(engine: &Engine) -> wasmtime::Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    SelectorPlugin::add_to_linker::<_, HasSelf<Host>>(&mut linker, |host| host)?;
    filters::tidegate::plugin::response::add_to_linker::<_, HasSelf<Host>>(&mut linker, |host| {
        host
    })?;
    imports::http_client::add_to_linker(&mut linker)?;
    wasi::add_to_linker(&mut linker)?;
    Ok(linker)
}
