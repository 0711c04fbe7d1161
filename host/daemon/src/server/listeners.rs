//! The addresses that we accept on. A reload adds and removes them; a handover gives
//! them to another process. A socket is known by the address as configured.

use super::Connections;
use super::connections::App;
use super::limit::ConnectionLimit;
use super::serve::Service;
use crate::config::value::Tcp;
use crate::proxy::Manner;
use crate::telemetry::{ListenerSeries, Metrics};
use arc_swap::ArcSwap;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::rustls::ServerConfig;

/// Connections that may wait to be accepted; the kernel bounds it further.
const BACKLOG: u32 = 4_096;
/// Rest after an accept that failed: out of file descriptors, mostly.
const REST: Duration = Duration::from_millis(100);

/// Sockets of another process, by configured address.
pub type Inherited = BTreeMap<String, OwnedFd>;

/// A listener that a configuration asks for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Where to accept.
    pub address: SocketAddr,
    /// Most connections that clients may have open there; none for no bound.
    pub max_connections: Option<u32>,
    /// The same for each client.
    pub max_connections_per_client: Option<u32>,
    /// How connections begin.
    pub first: First,
}

/// How the connections of a listener begin.
#[derive(Clone, Debug, Default)]
pub struct First {
    /// With a header of the PROXY protocol.
    pub proxy_protocol: bool,
    /// With a handshake.
    pub tls: Option<Arc<ServerConfig>>,
    /// Perhaps with HTTP/2.
    pub http2: bool,
    /// What is done to every exchange.
    pub manner: Arc<Manner>,
    /// Where they go if they are not HTTP.
    pub tcp: Option<Arc<Tcp>>,
}

/// How a listener meets a client: what a reload replaces for connections that come after it.
pub struct Meeting {
    /// How the connection begins.
    pub first: First,
    /// Where connections are counted.
    pub series: ListenerSeries,
}

impl std::ops::Deref for Meeting {
    type Target = First;

    fn deref(&self) -> &First {
        &self.first
    }
}

/// The sockets that accept now.
pub struct Listeners<A = Service> {
    connections: Arc<Connections<A>>,
    metrics: Arc<Metrics>,
    accepting: Mutex<BTreeMap<SocketAddr, Accepting>>,
}

struct Accepting {
    bound: SocketAddr,
    socket: Arc<TcpListener>,
    limit: Arc<ConnectionLimit>,
    meeting: Arc<ArcSwap<Meeting>>,
    series: ListenerSeries,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl<A: App> Listeners<A> {
    /// None yet.
    pub fn new(connections: Arc<Connections<A>>, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self {
            connections,
            metrics,
            accepting: Mutex::default(),
        })
    }

    /// Binds those of the listeners that are not bound yet, or takes them from what
    /// was inherited. Nothing is accepted yet.
    ///
    /// # Errors
    /// The addresses that cannot be had, and why; nothing has changed then.
    pub fn bind(
        &self,
        wanted: &[Wanted],
        inherited: &mut Inherited,
    ) -> Result<Vec<Bound>, Vec<(SocketAddr, io::Error)>> {
        let accepting = self.accepting.lock();
        let (mut bound, mut failed) = (Vec::new(), Vec::new());
        for wanted in wanted
            .iter()
            .filter(|wanted| !accepting.contains_key(&wanted.address))
        {
            match socket(wanted.address, inherited) {
                Ok(socket) => bound.push(Bound {
                    wanted: wanted.clone(),
                    socket,
                }),
                Err(error) => failed.push((wanted.address, error)),
            }
        }
        if failed.is_empty() {
            Ok(bound)
        } else {
            Err(failed)
        }
    }

    /// Accepts on the new sockets, stops on those whose address is not wanted any more,
    /// and gives those that stay the bounds that are wanted now.
    pub fn switch(&self, wanted: &[Wanted], new: Vec<Bound>) {
        let mut accepting = self.accepting.lock();
        let gone: Vec<SocketAddr> = accepting
            .keys()
            .filter(|address| wanted.iter().all(|wanted| wanted.address != **address))
            .copied()
            .collect();
        for address in gone {
            if let Some(old) = accepting.remove(&address) {
                tracing::info!(listener = %address, "no longer listening");
                // A loop that ended by itself needs no word.
                let _ = old.stop.send(());
            }
        }
        for wanted in wanted {
            if let Some(stays) = accepting.get(&wanted.address) {
                let per_client = wanted.max_connections_per_client;
                stays.limit.resize(wanted.max_connections, per_client);
                stays.meeting.store(Arc::new(Meeting {
                    first: wanted.first.clone(),
                    series: stays.series.clone(),
                }));
            }
        }
        for Bound { wanted, socket } in new {
            let address = wanted.address;
            let bound = socket.local_addr().unwrap_or(address);
            tracing::info!(listener = %address, address = %bound, "listening");
            let socket = Arc::new(socket);
            let (stop, stopped) = oneshot::channel();
            let series = self.metrics.listener(&address.to_string());
            let limit = ConnectionLimit::new(
                address,
                wanted.max_connections,
                wanted.max_connections_per_client,
                series.clone(),
            );
            let meeting = Arc::new(ArcSwap::from_pointee(Meeting {
                first: wanted.first,
                series: series.clone(),
            }));
            let (connections, bounded) = (self.connections.clone(), limit.clone());
            let meets = meeting.clone();
            let task = tokio::spawn(accept(socket.clone(), stopped, move |stream, peer| {
                connections.take(stream, peer, &bounded, meets.load_full());
            }));
            accepting.insert(
                address,
                Accepting {
                    bound,
                    socket,
                    limit,
                    meeting,
                    series,
                    stop,
                    task,
                },
            );
        }
    }

    /// Configured and bound address of each.
    pub fn addresses(&self) -> Vec<(SocketAddr, SocketAddr)> {
        self.accepting
            .lock()
            .iter()
            .map(|(address, socket)| (*address, socket.bound))
            .collect()
    }

    /// The sockets, to be handed over.
    pub fn sockets(&self) -> Vec<(String, Arc<TcpListener>)> {
        self.accepting
            .lock()
            .iter()
            .map(|(address, socket)| (address.to_string(), socket.socket.clone()))
            .collect()
    }

    /// Accepts what waits already, and nothing after it.
    pub async fn stop(&self) {
        let all = std::mem::take(&mut *self.accepting.lock());
        for accepting in all.into_values() {
            let _ = accepting.stop.send(());
            let _ = accepting.task.await;
        }
    }
}

/// A socket that does not accept yet.
#[derive(Debug)]
pub struct Bound {
    wanted: Wanted,
    socket: TcpListener,
}

/// A bound socket for that address: inherited or new.
///
/// # Errors
/// When the address cannot be bound.
pub fn socket(address: SocketAddr, inherited: &mut Inherited) -> io::Result<TcpListener> {
    if let Some(descriptor) = inherited.remove(&address.to_string()) {
        let socket = std::net::TcpListener::from(descriptor);
        socket.set_nonblocking(true)?;
        return TcpListener::from_std(socket);
    }
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn accept(
    socket: Arc<TcpListener>,
    mut stopped: oneshot::Receiver<()>,
    serve: impl Fn(tokio::net::TcpStream, SocketAddr),
) {
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            _ = &mut stopped => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                // A connection without it works, with delays.
                let _ = stream.set_nodelay(true);
                serve(stream, peer);
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept");
                tokio::time::sleep(REST).await;
            }
        }
    }
    // The kernel has completed these handshakes: closing the socket would reset them.
    while let Some(Ok((stream, peer))) = now(socket.accept()).await {
        let _ = stream.set_nodelay(true);
        serve(stream, peer);
    }
}

/// The value of a future that is ready at once.
async fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        value = future => Some(value),
        () = std::future::ready(()) => None,
    }
}

#[cfg(test)]
mod tests;
