//! An endpoint that keeps every request as it came off the wire, and judges it: what the
//! proxy sends has one spelling, or it is wrong.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::strict::{self, From, Request, Step};

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A whole request.
    Request(Request),
    /// Bytes of which no request can be made, and why.
    Wrong(String, Vec<u8>),
    /// A request that was broken off.
    Cut(Vec<u8>),
}

/// Answers each request with 200 and its method and target as a body. Dropping it stops it.
pub struct Recorder {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    grown: watch::Receiver<usize>,
    serving: JoinHandle<()>,
}

struct Record {
    seen: Arc<Mutex<Vec<Seen>>>,
    grow: watch::Sender<usize>,
}

impl Recorder {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port on 127.0.0.1");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (grow, grown) = watch::channel(0);
        let record = Arc::new(Record {
            seen: seen.clone(),
            grow,
        });
        let serving = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, record.clone()));
            }
        });
        Self {
            address,
            seen,
            grown,
            serving,
        }
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How much came so far: a mark for [`since`](Self::since).
    pub fn len(&self) -> usize {
        *self.grown.borrow()
    }

    /// Whether nothing came yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What came from `mark` on.
    ///
    /// # Panics
    /// Never: nobody panics with the lock.
    pub fn since(&self, mark: usize) -> Vec<Seen> {
        self.seen.lock().expect("nobody panics with the lock")[mark..].to_vec()
    }

    /// Waits until so much came.
    pub async fn until(&self, length: usize) {
        let mut grown = self.grown.clone();
        let _ = grown.wait_for(|now| *now >= length).await;
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Record {
    fn add(&self, seen: Seen) {
        let mut all = self.seen.lock().expect("nobody panics with the lock");
        all.push(seen);
        self.grow.send_replace(all.len());
    }
}

async fn serve(mut stream: TcpStream, record: Arc<Record>) {
    let _ = stream.set_nodelay(true);
    let mut read = Vec::new();
    let mut continued = false;
    loop {
        match strict::request(&read, From::Proxy) {
            Step::Whole(request, length) => {
                read.drain(..length);
                continued = false;
                let answer = answer(&request);
                let keeps = request.keeps_alive();
                record.add(Seen::Request(request));
                if stream.write_all(&answer).await.is_err() || !keeps {
                    let _ = stream.shutdown().await;
                    let mut rest = [0; 4096];
                    while matches!(stream.read(&mut rest).await, Ok(1..)) {}
                    return;
                }
                continue;
            }
            Step::Wrong(why) => {
                record.add(Seen::Wrong(why, read));
                let _ = stream
                    .write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                    .await;
                return;
            }
            Step::Part => {}
        }
        if !continued && waits(&read) {
            continued = true;
            let _ = stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await;
        }
        match stream.read_buf(&mut read).await {
            Ok(1..) => {}
            _ if read.is_empty() => return,
            _ => {
                record.add(Seen::Cut(read));
                return;
            }
        }
    }
}

/// Whether this is a whole head whose client waits for 100.
fn waits(read: &[u8]) -> bool {
    let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
    head.contains("\r\nexpect: 100-continue")
}

fn answer(request: &Request) -> Vec<u8> {
    let text = format!("{} {}", request.method, request.target);
    let head = format!(
        "HTTP/1.1 200 OK\r\nx-endpoint: recorder\r\ncontent-length: {}\r\n\r\n",
        text.len()
    );
    let body = if request.method == "HEAD" { "" } else { &text };
    format!("{head}{body}").into_bytes()
}
