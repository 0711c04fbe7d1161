//! The addresses that we accept on. A reload adds and removes them; a handover gives
//! them to another process. A socket is known by the address as configured.

use super::Connections;
use super::limit::ConnectionLimit;
use crate::proxy::Proxy;
use crate::telemetry::Metrics;
use parking_lot::Mutex;
use pingora::apps::ServerApp;
use pingora::proxy::HttpProxy;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Connections that may wait to be accepted; the kernel bounds it further.
const BACKLOG: u32 = 4_096;
/// Rest after an accept that failed: out of file descriptors, mostly.
const REST: Duration = Duration::from_millis(100);

/// Sockets of another process, by configured address.
pub type Inherited = BTreeMap<String, OwnedFd>;

/// A listener that a configuration asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Where to accept.
    pub address: SocketAddr,
    /// Most connections that clients may have open there; none for no bound.
    pub max_connections: Option<u32>,
}

/// The sockets that accept now.
pub struct Listeners<A = HttpProxy<Proxy>> {
    connections: Arc<Connections<A>>,
    metrics: Arc<Metrics>,
    accepting: Mutex<BTreeMap<SocketAddr, Accepting>>,
}

struct Accepting {
    bound: SocketAddr,
    socket: Arc<TcpListener>,
    limit: Arc<ConnectionLimit>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl<A: ServerApp + Send + Sync + 'static> Listeners<A> {
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
                    wanted: *wanted,
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
        for Wanted {
            address,
            max_connections,
        } in wanted
        {
            if let Some(stays) = accepting.get(address) {
                stays.limit.resize(*max_connections);
            }
        }
        for Bound { wanted, socket } in new {
            let address = wanted.address;
            let bound = socket.local_addr().unwrap_or(address);
            tracing::info!(listener = %address, address = %bound, "listening");
            let socket = Arc::new(socket);
            let (stop, stopped) = oneshot::channel();
            let series = self.metrics.listener(&address.to_string());
            let limit = ConnectionLimit::new(address, wanted.max_connections, series);
            let (connections, bounded) = (self.connections.clone(), limit.clone());
            let task = tokio::spawn(accept(socket.clone(), stopped, move |stream, peer| {
                connections.take(stream, peer, &bounded);
            }));
            accepting.insert(
                address,
                Accepting {
                    bound,
                    socket,
                    limit,
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
