//! A new configuration, from a file to a published snapshot, or nothing at all.

use crate::config::value::{
    AccessLog as LogConfig, Address, Admin, Listener, LogFormat, Name, Sink as SinkConfig,
};
use crate::config::{self, Config, Problem, Problems};
use crate::proxy::Manner;
use crate::server::listeners::{First, Inherited};
use crate::server::{Access, Door, Listeners, Wanted, notify, tls};
use crate::snapshot::{Compiled, Current, Snapshot, compile};
use crate::telemetry::{AccessLog, Format, Metrics, Sink};
use crate::upstream::Tending;
use crate::upstream::resolve::Resolver;
use crate::watch::{self, Look};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tidegate_runtime::Sandbox;
use tokio::sync::{Mutex, watch as cell};

/// How long a start or a reload waits for the addresses of names; those that are not
/// known by then come when they come.
pub const FIRST_ANSWERS: Duration = Duration::from_secs(5);

/// What stays when configurations come and go.
pub struct Reloader {
    file: PathBuf,
    sandbox: Arc<Sandbox>,
    metrics: Arc<Metrics>,
    current: Arc<Current>,
    listeners: Arc<Listeners>,
    tending: Arc<Tending>,
    running: Mutex<Running>,
    /// Who knows the names now: it is another one when its configuration changes.
    resolver: cell::Sender<Arc<Resolver>>,
}

/// The configuration that runs, and what was opened for it.
pub struct Running {
    /// The configuration.
    pub config: Config,
    /// The log that its exchanges are written to.
    pub access_log: Option<Arc<AccessLog>>,
    /// The files that it was made of, as they were before they were loaded.
    pub seen: Look,
    /// The admin listener, if there is one, which stays until the process ends.
    pub door: Option<Arc<Door>>,
}

impl Reloader {
    /// Continues from what runs now.
    pub fn new(
        sandbox: Arc<Sandbox>,
        metrics: Arc<Metrics>,
        current: Arc<Current>,
        listeners: Arc<Listeners>,
        tending: Arc<Tending>,
        running: Running,
        resolver: Arc<Resolver>,
    ) -> Arc<Self> {
        let file = running.config.file.clone();
        tending.follow(current.load().upstreams.values());
        resolver.follow(names(&running.config));
        Arc::new(Self {
            file,
            sandbox,
            metrics,
            current,
            listeners,
            tending,
            running: Mutex::new(running),
            resolver: cell::Sender::new(resolver),
        })
    }

    /// Loads the file again and publishes it; answers its generation. One at a time.
    ///
    /// # Errors
    /// Every problem; nothing has changed then.
    pub async fn reload(&self, cause: &str) -> Result<u64, Problems> {
        let mut running = self.running.lock().await;
        let before = watch::look(&config::files(&running.config));
        notify::reloading();
        let result = self.apply(&mut running).await;
        // What was refused is not tried again before it changes.
        running.seen = watch::loaded(&before, &config::files(&running.config));
        match &result {
            Ok(generation) => {
                self.metrics.reloaded(*generation);
                notify::ready(&format!("generation {generation} serves"));
                tracing::info!(generation, cause, "reloaded");
            }
            Err(problems) => {
                self.metrics.reload_refused();
                let problems_found = problems.0.len();
                notify::ready(&format!(
                    "reload refused ({problems_found} problems): generation {} serves on",
                    self.current.load().generation
                ));
                for problem in &problems.0 {
                    tracing::error!(cause, "reload refused: {problem}");
                }
            }
        }
        result
    }

    /// The files to watch, as they were when they were last loaded or refused.
    pub async fn seen(&self) -> Look {
        self.running.lock().await.seen.clone()
    }

    /// The log of the running configuration.
    pub async fn access_log(&self) -> Option<Arc<AccessLog>> {
        self.running.lock().await.access_log.clone()
    }

    async fn apply(&self, running: &mut Running) -> Result<u64, Problems> {
        let config = load(&self.file)?;
        let resolver = self.resolver_for(running, &config).await?;
        let access_log = if config.access_log == running.config.access_log {
            running.access_log.clone()
        } else {
            open_log(&config.access_log, &self.metrics)?
        };
        let snapshot = self.compile(&config, access_log.clone(), &resolver)?;
        let wanted = listeners(&config)?;
        let access = access(&config)?;
        let bound = self
            .listeners
            .bind(&wanted, &mut Inherited::new())
            .map_err(|failed| unbound(&config, &failed))?;
        warn_of_restarts(&running.config, &config);
        let generation = snapshot.generation;
        self.publish(snapshot);
        resolver.follow(names(&config));
        self.resolver.send_if_modified(|known| {
            let other = !Arc::ptr_eq(known, &resolver);
            *known = resolver;
            other
        });
        self.listeners.switch(&wanted, bound);
        if let Some(door) = &running.door {
            door.renew(config.admin.as_ref(), access);
        }
        if access_log.is_some()
            && let Some(log) = running
                .access_log
                .take_if(|_| config.access_log == running.config.access_log)
            && let Err(error) = log.reopen()
        {
            tracing::error!(%error, "the access log cannot be opened again; lines go to the file that is open");
        }
        running.config = config;
        running.access_log = access_log;
        Ok(generation)
    }

    /// The resolver that the configuration asks for, with first answers to its names.
    async fn resolver_for(
        &self,
        running: &Running,
        config: &Config,
    ) -> Result<Arc<Resolver>, Problems> {
        let resolver = if config.resolver == running.config.resolver {
            self.resolver.borrow().clone()
        } else {
            self::resolver(config)?
        };
        resolver.first(&names(config), FIRST_ANSWERS).await;
        Ok(resolver)
    }

    /// Compiles on a thread that may be busy: requests go on meanwhile.
    fn compile(
        &self,
        config: &Config,
        access_log: Option<Arc<AccessLog>>,
        resolver: &Resolver,
    ) -> Result<Snapshot, Problems> {
        let previous = self.current.load();
        tokio::task::block_in_place(|| {
            let with = Compiled {
                sandbox: &self.sandbox,
                metrics: &self.metrics,
                access_log,
                prober: &self.tending.prober,
                addresses: &|name| resolver.addresses(name),
                previous: Some(&previous),
            };
            compile(config, with)
        })
    }

    fn publish(&self, snapshot: Snapshot) {
        self.current.publish(snapshot);
        self.tending.follow(self.current.load().upstreams.values());
    }

    /// The same configuration with the addresses that its names have now. Its generation
    /// stays: nothing that an operator wrote has changed.
    async fn renew(&self) {
        let running = self.running.lock().await;
        let resolver = self.resolver.borrow().clone();
        match self.compile(&running.config, running.access_log.clone(), &resolver) {
            Ok(snapshot) => self.publish(Snapshot {
                generation: self.current.load().generation,
                ..snapshot
            }),
            Err(problems) => {
                for problem in &problems.0 {
                    tracing::error!("endpoints stay as they were: {problem}");
                }
            }
        }
    }
}

/// Publishes new addresses of names as they become known. Never returns.
pub async fn follow_names(reloader: Arc<Reloader>) {
    let mut resolvers = reloader.resolver.subscribe();
    loop {
        let mut changes = resolvers.borrow_and_update().changes();
        loop {
            let another = tokio::select! {
                changed = changes.changed() => changed.is_err(),
                _ = resolvers.changed() => true,
            };
            if another {
                break;
            }
            reloader.renew().await;
        }
        // Changes that came while nobody listened.
        reloader.renew().await;
    }
}

/// Who answers for the names of that configuration.
///
/// # Errors
/// When it cannot be made: the system's own configuration of names cannot be read.
pub fn resolver(config: &Config) -> Result<Arc<Resolver>, Problems> {
    Resolver::new(&config.resolver).map_err(|message| {
        Problems(vec![Problem {
            place: None,
            path: "resolver".into(),
            message,
            help: Some("write the addresses of name servers under `resolver.servers`".into()),
        }])
    })
}

/// The names among the endpoints of a configuration.
pub fn names(config: &Config) -> Vec<Name> {
    let endpoints = config
        .upstreams
        .values()
        .flat_map(|upstream| &upstream.endpoints);
    let mut names: Vec<Name> = endpoints
        .filter_map(|endpoint| match &endpoint.address {
            Address::Name(name) => Some(name.clone()),
            Address::Socket(_) => None,
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Loads the file with the variables of this process.
///
/// # Errors
/// Every problem.
pub fn load(file: &Path) -> Result<Config, Problems> {
    config::load(file, &|name| std::env::var(name).ok())
}

/// The addresses to accept on, with their bounds and their certificates, which are read.
///
/// # Errors
/// Every certificate and key that cannot be used.
pub fn listeners(config: &Config) -> Result<Vec<Wanted>, Problems> {
    let (mut wanted, mut problems) = (Vec::new(), Vec::new());
    for (position, listener) in config.listeners.iter().enumerate() {
        let path = format!("listeners[{position}]");
        let tls = listener.tls.as_ref();
        let config = match tls.map(|tls| tls::server(tls, &path, speaks(listener))) {
            None => None,
            Some(Ok(config)) => Some(config),
            Some(Err(found)) => {
                problems.extend(found);
                continue;
            }
        };
        let clients = tls.and_then(|tls| tls.client_certificates.as_ref());
        let hsts = tls.and_then(|tls| tls.hsts);
        let manner = Manner {
            redirect_to_https: listener.redirect_to_https,
            hsts: hsts.and_then(|age| format!("max-age={}", age.as_secs()).parse().ok()),
            subject_in: clients.and_then(|clients| clients.subject_in.clone()),
        };
        wanted.push(Wanted {
            address: listener.address,
            max_connections: listener.max_connections,
            max_connections_per_client: listener.max_connections_per_client,
            first: First {
                proxy_protocol: listener.proxy_protocol,
                tls: config,
                http2: listener.http2,
                manner: Arc::new(manner),
                tcp: listener.tcp.clone().map(Arc::new),
            },
        });
    }
    if problems.is_empty() {
        Ok(wanted)
    } else {
        Err(Problems(problems))
    }
}

/// What the admin listener asks of those who connect; none if there is no such listener.
///
/// # Errors
/// Every token, certificate and key that cannot be used.
pub fn access(config: &Config) -> Result<Option<Access>, Problems> {
    let access = config.admin.as_ref().map(Access::load);
    access.transpose().map_err(Problems)
}

/// What a listener offers over TLS.
fn speaks(listener: &Listener) -> &'static [&'static [u8]] {
    match (&listener.tcp, listener.http2) {
        (Some(_), _) => &[],
        (None, true) => &[b"h2", b"http/1.1"],
        (None, false) => &[b"http/1.1"],
    }
}

/// Says of addresses that cannot be bound where they are written.
pub fn unbound(config: &Config, failed: &[(SocketAddr, std::io::Error)]) -> Problems {
    let problems = failed.iter().map(|(address, error)| {
        let position = config
            .listeners
            .iter()
            .position(|listener| listener.address == *address);
        Problem {
            place: position.map(|position| config.listeners[position].place.clone()),
            path: position.map_or_else(
                || "listeners".into(),
                |position| format!("listeners[{position}].address"),
            ),
            message: format!("cannot listen on {address}: {error}"),
            help: None,
        }
    });
    Problems(problems.collect())
}

/// Opens the access log that a configuration asks for.
///
/// # Errors
/// When the file cannot be opened.
pub fn open_log(config: &LogConfig, metrics: &Metrics) -> Result<Option<Arc<AccessLog>>, Problems> {
    let format = match config.format {
        LogFormat::Text => Format::Text,
        LogFormat::Json => Format::Json,
    };
    let sink = match &config.sink {
        SinkConfig::Off => return Ok(None),
        SinkConfig::Stdout => Sink::Stdout,
        SinkConfig::File(path) => Sink::File(path.clone()),
    };
    AccessLog::open(format, &sink, metrics.access_log_dropped())
        .map(|log| Some(Arc::new(log)))
        .map_err(|error| {
            let message = format!("the access log cannot be opened: {error}");
            Problems(vec![Problem {
                place: None,
                path: "access_log.path".into(),
                message,
                help: None,
            }])
        })
}

fn warn_of_restarts(old: &Config, new: &Config) {
    let address = |admin: Option<&Admin>| admin.map(|admin| admin.address);
    let name = |config: &Config| {
        let run_as = config.run_as.as_ref();
        run_as.map(|run_as| (run_as.user.clone(), run_as.group.clone()))
    };
    let changed = [
        ("threads", old.threads != new.threads),
        ("cache", old.cache != new.cache),
        (
            "admin.address",
            address(old.admin.as_ref()) != address(new.admin.as_ref()),
        ),
        ("run_as", name(old) != name(new)),
        (
            "keep_alive.pool",
            old.keep_alive.pool != new.keep_alive.pool,
        ),
    ];
    for (key, _) in changed.iter().filter(|(_, changed)| *changed) {
        tracing::warn!(key, "this change takes effect at the next start");
    }
}
