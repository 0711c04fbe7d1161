//! With real sockets. Nothing sleeps to wait for something else: listeners and counters
//! say when it has happened, and half a minute bounds every wait.

mod check;
mod grpc;
mod http1;
mod log;
mod measured;
mod schedule;
mod share;
mod tls;

use super::answer::{Answer, Failure};
use super::{Listener, Prober, Target};
use crate::config::value::{Check, CheckTls, Health, HttpCheck};
use http::Method;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tidegate_policy::{HealthRule, StatusSet, Verdict};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// From one probe to the next.
const INTERVAL: Duration = Duration::from_millis(10);
/// The bound of probes that are not meant to reach it.
const LONG: Duration = Duration::from_secs(20);
/// The bound of probes that are.
const SHORT: Duration = Duration::from_millis(100);

/// What should come soon, or the test has failed.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    let bound = Duration::from_secs(30);
    tokio::time::timeout(bound, what)
        .await
        .expect("it should have happened by now")
}

/// A check that turns at the first result, starting as down.
fn health(check: Check) -> Health {
    Health {
        check,
        port: None,
        timeout: LONG,
        rule: HealthRule {
            rise: 1.try_into().unwrap(),
            fall: 1.try_into().unwrap(),
            interval: INTERVAL,
            down_interval: INTERVAL,
            initial: Verdict::Down,
        },
    }
}

/// `GET /health`, and a status of 200 to 299.
fn get() -> HttpCheck {
    HttpCheck {
        method: Method::GET,
        path: "/health".to_owned(),
        host: None,
        statuses: StatusSet::range(200, 299),
        body: None,
        tls: None,
    }
}

/// One probe, without a schedule.
async fn ask(health: Health, address: SocketAddr) -> Answer {
    let checker = Prober::new().checker(&Arc::new(health)).unwrap();
    let question = checker.question(address);
    soon(checker.ask(address, &question)).await
}

fn passed(words: &'static str) -> Answer {
    Ok(words.into())
}

fn failed(words: &'static str) -> Answer {
    Err(Failure::Endpoint(words.into()))
}

fn timed_out() -> Answer {
    failed("timed out after 100ms")
}

/// The words of a failure that is the endpoint's.
fn words(answer: Answer) -> String {
    match answer {
        Err(Failure::Endpoint(words)) => words.into_owned(),
        other => panic!("it should have failed, not {other:?}"),
    }
}

fn target(prober: &Prober, health: &Health, address: SocketAddr) -> Arc<Target> {
    let checker = prober.checker(&Arc::new(health.clone())).unwrap();
    prober.target(address, &checker, None)
}

/// Somebody who hears of turns.
struct Ear {
    turns: mpsc::UnboundedReceiver<Verdict>,
}

impl Ear {
    fn new(upstream: &str) -> (Self, Listener) {
        let (tell, turns) = mpsc::unbounded_channel();
        let turned = move |verdict| {
            let _ = tell.send(verdict);
        };
        let listener = Listener {
            upstream: upstream.into(),
            turned: Box::new(turned),
        };
        (Self { turns }, listener)
    }

    /// The next turn.
    async fn next(&mut self) -> Verdict {
        soon(self.turns.recv())
            .await
            .expect("the listener is there")
    }

    /// Whether there has been no turn that was not asked for.
    fn is_silent(&mut self) -> bool {
        self.turns.try_recv().is_err()
    }
}

/// Follows one target alone.
fn watch(health: &Health, address: SocketAddr) -> (Arc<Prober>, Arc<Target>, Ear) {
    let prober = Prober::new();
    let target = target(&prober, health, address);
    let (ear, listener) = Ear::new("web");
    prober.follow(vec![(target.clone(), listener)]);
    (prober, target, ear)
}

/// Does with each connection what the test says; it knows how many came before.
struct Server {
    address: SocketAddr,
    accepted: watch::Receiver<usize>,
    _serving: JoinSet<()>,
}

impl Server {
    async fn start<T: Future<Output = ()> + Send + 'static>(
        talk: impl Fn(TcpStream, usize) -> T + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (count, accepted) = watch::channel(0);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let before = *count.borrow();
                count.send_replace(before + 1);
                connections.spawn(talk(stream, before));
            }
        });
        Self {
            address,
            accepted,
            _serving: serving,
        }
    }

    fn accepted(&self) -> usize {
        *self.accepted.borrow()
    }

    /// Until so many connections have come.
    async fn until(&mut self, count: usize) {
        let reached = self.accepted.wait_for(|accepted| *accepted >= count);
        soon(reached).await.expect("the server is there");
    }
}

/// Reads a request of HTTP/1.1 without a body.
async fn read_head(stream: &mut TcpStream) {
    use tokio::io::AsyncReadExt;
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        if !matches!(stream.read_buf(&mut head).await, Ok(read) if read > 0) {
            return;
        }
    }
}

/// Reads a request and answers it.
async fn answer(mut stream: TcpStream, status: u16) {
    use tokio::io::AsyncWriteExt;
    read_head(&mut stream).await;
    let head = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: 0\r\n\r\n");
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.shutdown().await;
}
