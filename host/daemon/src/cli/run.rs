//! `tidegate run`: from a file to a process that serves, reloads and ends well.

use super::RunArguments;
use super::signals::{self, Signals};
use crate::admin::{self, Admin};
use crate::config::value::Sink;
use crate::config::{self, Config, Problem, Problems};
use crate::proxy::Proxy;
use crate::reload::{self, Reloader, Running};
use crate::server::handover::{self, Received};
use crate::server::listeners::{self, Inherited};
use crate::server::privileges::Identity;
use crate::server::process::{self, PidFile};
use crate::server::{Connections, Door, Listeners, Service, notify, privileges};
use crate::snapshot::{Compiled, Current, compile};
use crate::telemetry::{AccessLog, Metrics};
use crate::upstream::Tending;
use crate::watch;
use anyhow::{Context, Result};
use pingora::proxy::http_proxy;
use pingora::server::configuration::ServerConf;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use tidegate_runtime::{Options, Sandbox};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Attempts that Pingora may make of one request. Routes allow ten at most and decide
/// each themselves: this bound is never the one that speaks.
const NEVER_REACHED: usize = 64;

/// Everything of a process that serves.
pub struct Serving {
    generation: u64,
    pub(super) connections: Arc<Connections>,
    pub(super) listeners: Arc<Listeners>,
    pub(super) reloader: Arc<Reloader>,
    pub(super) admin: Option<Arc<TcpListener>>,
    pub(super) admin_name: String,
    admin_task: Option<JoinHandle<()>>,
    watcher: Option<JoinHandle<()>>,
    names: JoinHandle<()>,
    /// Removed when all else has ended.
    _pid_file: Option<PidFile>,
}

/// Serves until a signal ends it.
pub fn run(arguments: RunArguments) -> Result<()> {
    let starter = if arguments.background {
        Some(process::leave_terminal()?)
    } else {
        None
    };
    let config = reload::load(&arguments.config)?;
    if starter.is_some() && config.access_log.sink == Sink::Stdout {
        tracing::warn!("the access log goes nowhere in the background: give it a `path`");
    }
    let runtime = runtime(&config)?;
    let result = runtime.block_on(async {
        let drain = config.shutdown.drain;
        let upgrade = arguments
            .upgrade_sock
            .clone()
            .map_or_else(|| upgrade_socket(&arguments), Ok)?;
        let from = arguments.upgrade.then_some(upgrade.as_path());
        let signals = Signals::listen()?;
        let serving = start(config, from, arguments.pid_file.as_deref()).await?;
        serving.say_ready();
        tokio::spawn(notify::watchdog());
        if let Some(starter) = starter {
            starter.report_ready(arguments.log_file.is_some())?;
        }
        signals::wait(signals, &serving, &upgrade).await;
        serving.stop(drain).await;
        Ok(())
    });
    runtime.shutdown_background();
    result
}

/// The threads that serve.
pub fn runtime(config: &Config) -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(config.threads.get())
        .thread_name("worker")
        .enable_all()
        .build()
        .context("cannot start threads")
}

/// Starts everything; `upgrade` names where the running process hands over its sockets.
///
/// Whoever starts as root and is to become another does so when everything is open, and before
/// anybody is served.
pub async fn start(
    config: Config,
    upgrade: Option<&Path>,
    pid_file: Option<&Path>,
) -> Result<Serving> {
    let future = config.run_as.as_ref().map(privileges::find).transpose();
    let future = future.map_err(|problem| Problems(vec![problem]))?.flatten();
    let seen = watch::look(&config::files(&config));
    process::raise_file_limit();
    let metrics = Metrics::new(env!("CARGO_PKG_VERSION"));
    let options = Options {
        cache: cache(&config),
        threads: config.threads.get(),
        ..Options::default()
    };
    let sandbox = Arc::new(Sandbox::new(options)?);
    let access_log = match &future {
        None => reload::open_log(&config.access_log, &metrics)?,
        Some(identity) => open_log_as(identity, &config, &metrics)?,
    };
    let resolver = reload::resolver(&config)?;
    resolver
        .first(&reload::names(&config), reload::FIRST_ANSWERS)
        .await;
    let tending = Arc::new(Tending::default());
    let with = Compiled {
        sandbox: &sandbox,
        metrics: &metrics,
        access_log: access_log.clone(),
        prober: &tending.prober,
        addresses: &|name| resolver.addresses(name),
        previous: None,
    };
    let snapshot = compile(&config, with)?;
    let generation = snapshot.generation;
    let current = Current::new(snapshot);
    let settings = ServerConf {
        threads: config.threads.get(),
        // Pingora multiplies this with the number of threads.
        upstream_keepalive_pool_size: config.keep_alive.pool.div_ceil(config.threads.get()),
        max_retries: NEVER_REACHED,
        ..ServerConf::default()
    };
    let proxy = http_proxy(&Arc::new(settings), Proxy::new(current.clone()));
    let connections = Connections::new(Service::new(proxy, current.clone()));
    let listeners = Listeners::new(connections.clone(), metrics.clone());

    // From here on the new process is ready to serve; only now does it ask for sockets.
    let mut received = upgrade
        .map(|path| await_handover(path, future.as_ref()))
        .transpose()?;
    let mut none = Inherited::new();
    let inherited = received
        .as_mut()
        .map_or(&mut none, |received| &mut received.sockets);
    let wanted = reload::listeners(&config)?;
    let bound = listeners
        .bind(&wanted, inherited)
        .map_err(|failed| reload::unbound(&config, &failed))?;
    let access = reload::access(&config)?;
    let admin_name = config
        .admin
        .as_ref()
        .map(|admin| format!("admin {}", admin.address))
        .unwrap_or_default();
    let admin = match &config.admin {
        Some(admin) => Some(bind_admin(admin.address, &admin_name, inherited)?),
        None => None,
    };
    let door = config.admin.as_ref().zip(access);
    let door = door.map(|(admin, access)| Door::new(admin.address, access));
    let pid_file = pid_file.map(PidFile::write).transpose();
    let pid_file = pid_file.context("cannot write the pid file")?;
    if let Some(identity) = &future {
        become_user(identity, &config)?;
    }
    let period = config.watch;
    let running = Running {
        config,
        access_log,
        seen,
        door: door.clone(),
    };
    let reloader = Reloader::new(
        sandbox,
        metrics.clone(),
        current.clone(),
        listeners.clone(),
        tending,
        running,
        resolver,
    );
    let admin_task = admin.clone().zip(door).map(|(socket, door)| {
        let admin = Arc::new(Admin {
            current,
            metrics: metrics.clone(),
            listeners: listeners.clone(),
            connections: connections.clone(),
            reloader: reloader.clone(),
            started: SystemTime::now(),
        });
        tokio::spawn(admin::serve(socket, door, admin))
    });
    listeners.switch(&wanted, bound);
    if let Some(Err(error)) = received.map(Received::confirm) {
        // It ended, or did not want to wait: either way the sockets are here and serve.
        tracing::warn!(%error, "the process that gave its sockets does not listen any more");
    }
    metrics.started(generation);
    let watcher = period.map(|period| tokio::spawn(watch::follow(reloader.clone(), period)));
    let names = tokio::spawn(reload::follow_names(reloader.clone()));
    Ok(Serving {
        generation,
        connections,
        listeners,
        reloader,
        admin,
        admin_name,
        admin_task,
        watcher,
        names,
        _pid_file: pid_file,
    })
}

impl Serving {
    /// The last line of a start: from here on signals and requests are served.
    pub fn say_ready(&self) {
        tracing::info!(
            generation = self.generation,
            pid = std::process::id(),
            "ready"
        );
        notify::ready(&format!("generation {} serves", self.generation));
    }

    /// Stops accepting, finishes what is under way, and closes the logs.
    pub async fn stop(self, drain: std::time::Duration) {
        tracing::info!(seconds = drain.as_secs(), "draining");
        notify::stopping("finishing what is under way");
        if let Some(watcher) = &self.watcher {
            watcher.abort();
        }
        self.names.abort();
        let (left, ()) = tokio::join!(self.connections.drain(drain), self.listeners.stop());
        if left > 0 {
            tracing::warn!(
                connections = left,
                "the time to drain is over; these are cut off"
            );
        }
        if let Some(admin) = &self.admin_task {
            admin.abort();
        }
        if let Some(log) = self.reloader.access_log().await {
            tokio::task::block_in_place(|| log.close());
        }
        tracing::info!("stopped");
    }
}

/// Where compiled plugins are kept: as configured, or where the user's caches are.
pub fn cache(config: &Config) -> Option<PathBuf> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    config
        .cache
        .clone()
        // Set by systemd for a unit with `CacheDirectory=`.
        .or_else(|| variable("CACHE_DIRECTORY"))
        .or_else(|| variable("XDG_CACHE_HOME").map(|path| path.join("tidegate")))
        .or_else(|| variable("HOME").map(|path| path.join(".cache/tidegate")))
}

/// A problem of the whole.
pub fn whole(message: String) -> Problems {
    Problems(vec![Problem {
        place: None,
        path: String::new(),
        message,
        help: None,
    }])
}

fn await_handover(path: &Path, future: Option<&Identity>) -> Result<Received> {
    tracing::info!(path = %path.display(), "waiting for the running process: send it SIGQUIT");
    tokio::task::block_in_place(|| handover::receive(path, future))
        .with_context(|| format!("no sockets came through {}", path.display()))
}

fn bind_admin(
    address: std::net::SocketAddr,
    name: &str,
    inherited: &mut Inherited,
) -> Result<Arc<TcpListener>> {
    let socket = match inherited.remove(name) {
        Some(descriptor) => {
            let mut named = Inherited::from([(address.to_string(), descriptor)]);
            listeners::socket(address, &mut named)
        }
        None => listeners::socket(address, &mut Inherited::new()),
    };
    let socket = socket.with_context(|| format!("cannot listen on the admin address {address}"))?;
    tracing::info!(address = %socket.local_addr()?, "admin listening");
    Ok(Arc::new(socket))
}

/// Opens the access log as the user who will have to open it again.
fn open_log_as(
    identity: &Identity,
    config: &Config,
    metrics: &Metrics,
) -> Result<Option<Arc<AccessLog>>> {
    if let Sink::File(path) = &config.access_log.sink {
        let made = identity.make_log(path);
        made.with_context(|| format!("cannot make the access log {}", path.display()))?;
    }
    let user = identity.user();
    let opened = identity.as_user(|| Ok(reload::open_log(&config.access_log, metrics)));
    let opened = opened.with_context(|| format!("cannot open the access log as `{user}`"))?;
    opened.with_context(|| format!("as the user `{user}`"))
}

/// Becomes the user, and tells what it may not do any more that a reload would need.
fn become_user(identity: &Identity, config: &Config) -> Result<()> {
    let user = identity.user();
    let assumed = identity.assume();
    assumed.with_context(|| format!("cannot become the user `{user}`"))?;
    tracing::info!(user, uid = identity.uid(), "no longer root");
    for path in config::files(config) {
        if let Err(error) = std::fs::File::open(&path) {
            tracing::warn!(%error, path = %path.display(), user, "this file cannot be read any more: reloads will be refused");
        }
    }
    Ok(())
}

/// Where two processes of the same file meet: a directory that only this user can
/// write to, since whoever answers there gets our sockets.
fn upgrade_socket(arguments: &RunArguments) -> Result<PathBuf> {
    if let Some(pid_file) = &arguments.pid_file {
        return Ok(pid_file.with_extension("upgrade.sock"));
    }
    let directory =
        std::env::var_os("XDG_RUNTIME_DIR").map_or_else(|| PathBuf::from("/run"), PathBuf::from);
    let file = arguments
        .config
        .canonicalize()
        .context("the configuration file has gone")?;
    let name = file.to_string_lossy().replace(['/', ' '], "-");
    Ok(directory.join(format!("tidegate{name}.sock")))
}
