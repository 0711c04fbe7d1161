//! A connection that is not HTTP: it goes to an endpoint as it is.
//!
//! The selector of the upstream chooses, as for a request: it sees the client's address, and as
//! the authority the name that the client asks for. Limits, breakers and health hold in the same
//! way; a connection is one request. If an endpoint cannot be reached, another one is tried.

mod relay;

use super::Service;
use super::open::Opened;
use crate::config::value::Tcp;
use crate::proxy::{Link, Socket};
use crate::snapshot::Snapshot;
use crate::telemetry::{QueueRefusal, Record};
use crate::upstream::dial::Dial;
use crate::upstream::{Picked, Seat, Upstream, View, pick};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Instant, SystemTime};
use tidegate_policy::{Cause, Outcome};
use tidegate_wire::client_hello;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Endpoints that are tried.
const TRIES: usize = 3;

/// What became of a connection.
#[derive(Default)]
struct Told {
    name: Option<String>,
    upstream: Option<String>,
    endpoint: Option<Arc<str>>,
    attempts: u32,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    fault: Option<&'static str>,
}

impl Service {
    /// Passes it on, and writes the line of the access log.
    pub(super) async fn tcp(&self, opened: Opened, tcp: &Tcp) {
        let (began, time) = (Instant::now(), SystemTime::now());
        let snapshot = self.current.load();
        let mut told = Told::default();
        let link = Link {
            origin: opened.origin,
            clock: opened.clock,
        };
        let socket = opened.stream.into_socket();
        if let Err(fault) = pass(socket, &link, tcp, &snapshot, &mut told).await {
            told.fault = Some(fault);
        }
        let Some(log) = &snapshot.access_log else {
            return;
        };
        log.write(&Record {
            time,
            client: &link.origin.peer.ip().to_canonical().to_string(),
            method: "CONNECT",
            host: told.name.as_deref().unwrap_or_default().as_bytes(),
            path: b"-",
            protocol: "TCP",
            status: None,
            bytes_in: told.bytes_in.load(Relaxed),
            bytes_out: told.bytes_out.load(Relaxed),
            duration: began.elapsed(),
            route: None,
            upstream: told.upstream.as_deref(),
            endpoint: told.endpoint.as_deref(),
            attempts: told.attempts,
            upstream_time: None,
            fault: told.fault,
            user_agent: None,
            plugin_fault: false,
            answered_by: None,
            attributes: &[],
        });
    }
}

async fn pass(
    mut client: Socket,
    link: &Link,
    tcp: &Tcp,
    snapshot: &Snapshot,
    told: &mut Told,
) -> Result<(), &'static str> {
    let mut first = Vec::new();
    if !tcp.server_names.is_empty() {
        let hello = hello(&mut client, &mut first);
        let hello = timeout(snapshot.bounds.head_timeout, hello).await;
        told.name = hello.map_err(|_| "client_timeout")??;
    }
    let name = told.name.as_deref();
    let upstream = tcp
        .upstream(name)
        .and_then(|name| snapshot.upstreams.get(name));
    let upstream = upstream.ok_or("no_route")?;
    told.upstream = Some(upstream.name.clone());
    upstream.group.request(Instant::now());
    let _seat = seat(upstream).await?;
    let (mut picked, mut endpoint) = connect(&client, link, upstream, told).await?;
    if endpoint.write_all(&first).await.is_err() {
        picked
            .permit
            .settle(Instant::now(), Outcome::Failure(Cause::Reset));
        return Err("reset");
    }
    told.bytes_in.store(first.len() as u64, Relaxed);
    let passed = relay::both_ways(&mut client, &mut endpoint, tcp.idle, told).await;
    picked.permit.settle(Instant::now(), Outcome::Success);
    passed
}

/// The name that the client asks for; what was read of it belongs to the endpoint.
async fn hello(client: &mut Socket, first: &mut Vec<u8>) -> Result<Option<String>, &'static str> {
    loop {
        match client_hello::read(first) {
            Ok(Some(hello)) => return Ok(hello.server_name),
            // What is no TLS has no name, and may have a place of its own.
            Err(client_hello::HelloFault::NotTls) => return Ok(None),
            Err(_) => return Err("bad_request"),
            Ok(None) => {}
        }
        match client.read_buf(first).await {
            Ok(1..) => {}
            Ok(0) | Err(_) => return Err("client_gone"),
        }
    }
}

async fn seat(upstream: &Upstream) -> Result<Option<Seat>, &'static str> {
    if upstream.rules.limits.is_none() {
        return Ok(None);
    }
    let seat = upstream.group.seat().await;
    let mut seat = seat.map_err(|refusal| match refusal {
        QueueRefusal::Full => "full",
        QueueRefusal::Timeout => "queue_timeout",
    })?;
    seat.found();
    Ok(Some(seat))
}

async fn connect(
    client: &Socket,
    link: &Link,
    upstream: &Upstream,
    told: &mut Told,
) -> Result<(Picked, TcpStream), &'static str> {
    let peer = link.origin.peer;
    let ours = client.local_address().unwrap_or(peer);
    let introduction = upstream.proxy_protocol.map(|version| (version, peer, ours));
    let dial = Dial {
        timeout: upstream.timeouts.connect,
        introduction,
    };
    let authority: Arc<str> = told.name.as_deref().unwrap_or_default().into();
    let mut view = View::new(
        link.origin.scheme(),
        authority,
        peer.ip().to_canonical(),
        "".into(),
    );
    let mut tried = Vec::new();
    for _ in 0..TRIES {
        let (back, picked, _) = pick::endpoint(upstream, view, &tried, Instant::now());
        view = back;
        let mut picked = picked.map_err(|_| "unavailable")?;
        let endpoint = &upstream.endpoints[picked.position as usize];
        told.attempts += 1;
        told.endpoint = Some(endpoint.name.clone());
        let address = endpoint.peer._address.as_inet().copied();
        let address: SocketAddr = address.ok_or("unavailable")?;
        match dial.connect(address).await {
            Ok(stream) => {
                picked.permit.answered(Instant::now(), 200);
                return Ok((picked, stream));
            }
            Err(error) => {
                let cause = match error.etype() {
                    pingora::ErrorType::ConnectTimedout => Cause::ConnectTimeout,
                    _ => Cause::ConnectFailure,
                };
                picked
                    .permit
                    .settle(Instant::now(), Outcome::Failure(cause));
                tried.push(picked.position);
            }
        }
    }
    Err("connect_failure")
}
