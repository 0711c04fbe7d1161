//! A running endpoint: its listener, its counters, and the switches that tests turn.

use std::io;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::answer::{Voice, answer, broken};
use crate::counter::Counter;
use crate::reserved::{Reserved, reusable};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// An HTTP/1.1 server on a loopback port of its own. Dropping it stops it.
pub struct Endpoint {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// Keeps the port ours while the endpoint is stopped.
    _reserved: Reserved,
    serving: Option<Serving>,
}

struct Serving {
    /// Dropped or used, it ends the task.
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

struct Shared {
    voice: Arc<Voice>,
    frozen: watch::Sender<bool>,
    delay: AtomicU64,
    fail_every: AtomicU64,
    turn: AtomicU64,
    log: AtomicBool,
    hits: Counter,
    in_flight: Counter,
    connections: Counter,
    accepted: Counter,
}

impl Endpoint {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// When there is no free port: nothing could be tested then.
    pub async fn start(name: &str) -> Self {
        Self::start_on(name, SocketAddr::from(([127, 0, 0, 1], 0)))
            .expect("a free port on 127.0.0.1")
    }

    /// Starts on the given address; port 0 takes a free one. Call within a tokio runtime.
    ///
    /// # Errors
    /// The address cannot be listened on, or the name is not a header field value.
    pub fn start_on(name: &str, address: SocketAddr) -> io::Result<Self> {
        hyper::header::HeaderValue::from_str(name).map_err(io::Error::other)?;
        let reserved = Reserved::at(address)?;
        let address = reserved.address();
        let voice = Voice {
            name: name.to_owned(),
            healthy: AtomicBool::new(true),
        };
        let shared = Shared {
            voice: Arc::new(voice),
            frozen: watch::Sender::new(false),
            delay: AtomicU64::new(0),
            fail_every: AtomicU64::new(0),
            turn: AtomicU64::new(0),
            log: AtomicBool::new(false),
            hits: Counter::default(),
            in_flight: Counter::default(),
            connections: Counter::default(),
            accepted: Counter::default(),
        };
        let mut endpoint = Self {
            address,
            shared: Arc::new(shared),
            _reserved: reserved,
            serving: None,
        };
        endpoint.restart()?;
        Ok(endpoint)
    }

    /// The address it listens on (and keeps while stopped).
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its name, as in `x-endpoint`.
    pub fn name(&self) -> &str {
        &self.shared.voice.name
    }

    /// Requests whose head arrived, since the start.
    pub fn hits(&self) -> u64 {
        self.shared.hits.value()
    }

    /// Requests that arrived and whose answer is not completely handed over.
    pub fn in_flight(&self) -> &Counter {
        &self.shared.in_flight
    }

    /// Connections open now.
    pub fn connections(&self) -> &Counter {
        &self.shared.connections
    }

    /// Connections accepted since the start.
    pub fn accepted(&self) -> u64 {
        self.shared.accepted.value()
    }

    /// What `/health` says from now on.
    pub fn set_healthy(&self, healthy: bool) {
        self.shared.voice.healthy.store(healthy, Ordering::SeqCst);
    }

    /// Every answer waits this long from now on, besides what its request asks. Whole
    /// milliseconds.
    pub fn set_delay(&self, delay: Duration) {
        let millis = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.shared.delay.store(millis, Ordering::SeqCst);
    }

    /// From now on every nth request is answered with 500, `/health` apart; with 0 none is.
    pub fn fail_every(&self, nth: u64) {
        self.shared.fail_every.store(nth, Ordering::SeqCst);
    }

    /// From now on each request that arrives is printed, or not.
    pub fn log_requests(&self, log: bool) {
        self.shared.log.store(log, Ordering::SeqCst);
    }

    /// From now on requests are accepted and not answered, until [`thaw`](Self::thaw).
    pub fn freeze(&self) {
        self.shared.frozen.send_replace(true);
    }

    /// Answers again, the waiting requests first.
    pub fn thaw(&self) {
        self.shared.frozen.send_replace(false);
    }

    /// Closes the listener and every connection. New connections are refused from the
    /// moment that this returns; the port stays reserved.
    pub async fn stop(&mut self) {
        if let Some(serving) = self.serving.take() {
            // The task may have ended by itself only if it panicked.
            let _ = serving.end.send(());
            let _ = serving.task.await;
        }
    }

    /// Listens again on the same port; nothing happens when it never stopped.
    ///
    /// # Errors
    /// The port cannot be listened on.
    pub fn restart(&mut self) -> io::Result<()> {
        if self.serving.is_none() {
            let listener = reusable(self.address)?.listen(BACKLOG)?;
            let silence = Silence::of(&listener)?;
            let (end, ended) = oneshot::channel();
            let task = tokio::spawn(serve(listener, silence, ended, self.shared.clone()));
            self.serving = Some(Serving { end, task });
        }
        Ok(())
    }
}

impl Shared {
    fn note(&self, request: &Request<Incoming>) {
        if self.log.load(Ordering::Relaxed) {
            println!(
                "{} got {} {}",
                self.voice.name,
                request.method(),
                request.uri()
            );
        }
    }

    /// Whether it is this request's turn to fail.
    fn fails(&self, request: &Request<Incoming>) -> bool {
        let nth = self.fail_every.load(Ordering::Relaxed);
        nth > 0 && request.uri().path() != "/health" && {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed) + 1;
            turn.is_multiple_of(nth)
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        if let Some(serving) = &self.serving {
            serving.task.abort();
        }
    }
}

/// Ends the listening when it is dropped, for every copy of the descriptor. Closing ours
/// is not enough: a child that another thread starts holds a copy from its fork to its
/// exec, and connections are accepted by nobody meanwhile.
struct Silence(std::net::TcpStream);

impl Silence {
    fn of(listener: &TcpListener) -> io::Result<Self> {
        // `shutdown` is the same call for every socket; only the type for streams has it.
        Ok(Self(listener.as_fd().try_clone_to_owned()?.into()))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // It fails where listening sockets know no shutdown; then closing has to do.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

async fn serve(
    listener: TcpListener,
    silence: Silence,
    mut ended: oneshot::Receiver<()>,
    shared: Arc<Shared>,
) {
    // Dropped with this task, and every connection with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut ended => break,
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(connection(stream, shared.clone()));
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop((silence, listener));
    // Waits until the last one is closed.
    connections.shutdown().await;
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    shared.accepted.add(1);
    let _open = shared.connections.hold();
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        shared.hits.add(1);
        shared.note(&request);
        let fails = shared.fails(&request);
        let held = shared.in_flight.hold();
        let shared = shared.clone();
        async move {
            let _ = shared.frozen.subscribe().wait_for(|frozen| !frozen).await;
            let delay = shared.delay.load(Ordering::SeqCst);
            if delay > 0 {
                tokio::time::sleep(Duration::from_millis(delay)).await;
            }
            if fails {
                return Ok(broken(&shared.voice, held));
            }
            answer(shared.voice.clone(), request, held).await
        }
    });
    // An error here is a client that went away or an instruction to break off.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
