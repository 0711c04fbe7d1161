//! An endpoint that answers `/N` with the Nth of its scripts, byte for byte, and everything
//! else like a good server: many answers that no server should send, behind one proxy.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// What happens to the connection behind a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It waits for the next request.
    Keep,
    /// It is closed.
    Close,
}

/// Bytes, and what comes behind them.
#[derive(Clone, Debug)]
pub struct Script {
    /// Written as they are as soon as a head came.
    pub bytes: Vec<u8>,
    /// What happens to the connection.
    pub after: After,
}

/// Plays scripts. Dropping it stops it.
pub struct Puppet {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl Puppet {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start(scripts: Vec<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port on 127.0.0.1");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let heads = Arc::new(Mutex::new(Vec::new()));
        let scripts = Arc::new(scripts);
        let known = heads.clone();
        let serving = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(play(stream, scripts.clone(), known.clone()));
            }
        });
        Self {
            address,
            heads,
            serving,
        }
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The request heads as they came off the wire, oldest first.
    ///
    /// # Panics
    /// Never: nobody panics with the lock.
    pub fn heads(&self) -> Vec<String> {
        self.heads
            .lock()
            .expect("nobody panics with the lock")
            .clone()
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn play(mut stream: TcpStream, scripts: Arc<Vec<Script>>, heads: Arc<Mutex<Vec<String>>>) {
    let _ = stream.set_nodelay(true);
    let mut read = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            match stream.read_buf(&mut read).await {
                Ok(1..) => {}
                _ => return,
            }
        };
        let head = String::from_utf8_lossy(&read[..end]).into_owned();
        read.drain(..end);
        let target = head.split(' ').nth(1).unwrap_or("/").to_owned();
        heads
            .lock()
            .expect("nobody panics with the lock")
            .push(head);
        let number: Option<usize> = target.get(1..).and_then(|number| number.parse().ok());
        let Some(script) = number.and_then(|number| scripts.get(number)) else {
            let text = format!("fine {target}");
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}",
                text.len()
            );
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
            continue;
        };
        if stream.write_all(&script.bytes).await.is_err() {
            return;
        }
        if script.after == After::Close {
            // Reads until the peer closes: a reset could destroy what was written.
            let _ = stream.shutdown().await;
            let mut rest = [0; 4096];
            while matches!(stream.read(&mut rest).await, Ok(1..)) {}
            return;
        }
    }
}
