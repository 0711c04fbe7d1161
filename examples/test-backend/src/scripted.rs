//! An endpoint that writes given bytes, whatever the request: for answers that no
//! well-behaved server would send.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::counter::Counter;

/// Requests longer than this are cut off: enough for every head in a test.
const REQUEST_BOUND: usize = 256 * 1024;

/// For each request head that arrives, writes the script's bytes verbatim. Dropping it
/// stops it.
pub struct Scripted {
    address: SocketAddr,
    hits: Counter,
    heads: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl Scripted {
    /// Answers every request head with `bytes` and keeps the connection open.
    ///
    /// # Panics
    /// When there is no free port on 127.0.0.1.
    pub async fn start(bytes: impl Into<Vec<u8>>) -> Self {
        Self::with(bytes.into(), false).await
    }

    /// Answers the first request head with `bytes` and closes the connection.
    ///
    /// # Panics
    /// When there is no free port on 127.0.0.1.
    pub async fn start_closing(bytes: impl Into<Vec<u8>>) -> Self {
        Self::with(bytes.into(), true).await
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Request heads that arrived.
    pub fn hits(&self) -> &Counter {
        &self.hits
    }

    /// The request heads as they came off the wire, oldest first.
    pub fn heads(&self) -> Vec<String> {
        self.heads
            .lock()
            .map(|heads| heads.clone())
            .unwrap_or_default()
    }

    async fn with(bytes: Vec<u8>, close: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port on 127.0.0.1");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let (hits, heads) = (Counter::default(), Arc::new(Mutex::new(Vec::new())));
        let script = Arc::new(Script {
            bytes,
            close,
            hits: hits.clone(),
            heads: heads.clone(),
        });
        let serving = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(play(stream, script.clone()));
            }
        });
        Self {
            address,
            hits,
            heads,
            serving,
        }
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

struct Script {
    bytes: Vec<u8>,
    close: bool,
    hits: Counter,
    heads: Arc<Mutex<Vec<String>>>,
}

async fn play(mut stream: TcpStream, script: Arc<Script>) {
    let mut read = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            match stream.read_buf(&mut read).await {
                Ok(n) if n > 0 && read.len() < REQUEST_BOUND => {}
                _ => return,
            }
        };
        if let Ok(mut heads) = script.heads.lock() {
            heads.push(String::from_utf8_lossy(&read[..end]).into_owned());
        }
        read.drain(..end);
        script.hits.add(1);
        if stream.write_all(&script.bytes).await.is_err() {
            return;
        }
        if script.close {
            // Says goodbye, then reads until the peer does: closing with unread bytes
            // would send a reset that can destroy the answer on its way.
            let _ = stream.shutdown().await;
            let mut rest = [0; 4096];
            while matches!(stream.read(&mut rest).await, Ok(n) if n > 0) {}
            return;
        }
    }
}
