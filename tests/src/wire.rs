//! A connection of bytes on which nothing panics: what a peer does that ends or says nothing
//! is an outcome, for the tables of a conformance suite to judge.
//!
//! Writing happens in the background, so that a peer that refuses a request in its middle can
//! be heard.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::strict::{self, Reply, Step};

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A whole message.
    Reply(Reply),
    /// The connection ended between two messages.
    Closed,
    /// The connection ended within this message.
    Cut(Vec<u8>),
    /// This is no HTTP/1 response.
    Wrong(String, Vec<u8>),
    /// Nothing more came; this is what had.
    Silence(Vec<u8>),
}

/// So many bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bytes {
    /// All of them.
    All(Vec<u8>),
    /// The connection ended before.
    Closed,
    /// They did not come.
    Silence,
}

enum Order {
    Write(Vec<u8>),
    Finish,
}

/// A plain connection.
pub struct Wire {
    reader: OwnedReadHalf,
    orders: UnboundedSender<Order>,
    read: Vec<u8>,
    ended: bool,
}

impl Wire {
    /// Connects.
    ///
    /// # Panics
    /// When the connection is refused.
    pub async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream
            .set_nodelay(true)
            .expect("an option of every TCP socket");
        let (reader, writer) = stream.into_split();
        let (orders, queue) = unbounded_channel();
        tokio::spawn(write_all(writer, queue));
        Self {
            reader,
            orders,
            read: Vec::new(),
            ended: false,
        }
    }

    /// Writes these bytes, in the background; nobody hears when the peer does not want them.
    pub fn write(&self, bytes: impl Into<Vec<u8>>) {
        let _ = self.orders.send(Order::Write(bytes.into()));
    }

    /// Ends our direction, after what is to be written.
    pub fn finish(&self) {
        let _ = self.orders.send(Order::Finish);
    }

    /// The next answer. `head` says whether it is to a HEAD.
    pub async fn reply(&mut self, head: bool, patience: Duration) -> Outcome {
        loop {
            match strict::reply(&self.read, head, self.ended) {
                Step::Whole(reply, length) => {
                    self.read.drain(..length);
                    return Outcome::Reply(reply);
                }
                Step::Wrong(why) => return Outcome::Wrong(why, self.read.clone()),
                Step::Part if self.ended && self.read.is_empty() => return Outcome::Closed,
                Step::Part if self.ended => return Outcome::Cut(self.read.clone()),
                Step::Part => {}
            }
            if !self.more(patience).await {
                return Outcome::Silence(self.read.clone());
            }
        }
    }

    /// So many bytes.
    pub async fn exactly(&mut self, length: usize, patience: Duration) -> Bytes {
        while self.read.len() < length {
            if self.ended {
                return Bytes::Closed;
            }
            if !self.more(patience).await {
                return Bytes::Silence;
            }
        }
        Bytes::All(self.read.drain(..length).collect())
    }

    /// Everything until the connection ends; whether it did.
    pub async fn rest(&mut self, patience: Duration) -> (Vec<u8>, bool) {
        while !self.ended && self.more(patience).await {}
        (std::mem::take(&mut self.read), self.ended)
    }

    /// Reads once; whether anything came, the end included.
    async fn more(&mut self, patience: Duration) -> bool {
        match tokio::time::timeout(patience, self.reader.read_buf(&mut self.read)).await {
            Ok(Ok(n)) if n > 0 => {}
            Ok(_) => self.ended = true,
            Err(_) => return false,
        }
        true
    }
}

async fn write_all(mut writer: OwnedWriteHalf, mut queue: UnboundedReceiver<Order>) {
    while let Some(order) = queue.recv().await {
        let done = match order {
            Order::Write(bytes) => writer.write_all(&bytes).await,
            Order::Finish => writer.shutdown().await,
        };
        if done.is_err() {
            break;
        }
    }
    // An error of the writing must not end the reading, which would lose the answer.
    while queue.recv().await.is_some() {}
}
