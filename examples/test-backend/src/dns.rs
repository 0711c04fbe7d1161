//! A DNS server for tests that answers as it is told, on loopback, over UDP and TCP.
//!
//! It needs the standard library alone and knows nothing of who asks it: what speaks to it
//! is not tested against itself. It reads as much of a question as it must and writes
//! answers without compression.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Name error.
pub const NXDOMAIN: u8 = 3;
/// Server failure.
pub const SERVFAIL: u8 = 2;
/// Refused.
pub const REFUSED: u8 = 5;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Anything else.
    Other,
}

/// One record of an answer.
#[derive(Clone, Debug)]
pub struct Record {
    /// Whose record it is.
    pub name: String,
    /// Seconds to live.
    pub ttl: u32,
    /// What it says.
    pub data: Data,
}

/// What a record says.
#[derive(Clone, Debug)]
pub enum Data {
    /// An A or AAAA record.
    Address(IpAddr),
    /// A CNAME record.
    Alias(String),
}

/// Makes the messages that answer a question as it came; anything goes.
pub type Raw = Arc<dyn Fn(&[u8]) -> Vec<Vec<u8>> + Send + Sync>;

/// How a question is answered.
#[derive(Clone)]
pub enum Reply {
    /// These records; none is "the name exists, without such records".
    Records(Vec<Record>),
    /// These records over TCP; over UDP the word that they do not fit.
    TooLong(Vec<Record>),
    /// An error.
    Code(u8),
    /// No answer at all.
    Silence,
    /// Bytes.
    Raw(Raw),
}

/// The server. Answers [`NXDOMAIN`] to what it was not told about.
pub struct ScriptedDns {
    address: SocketAddr,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    script: Mutex<Script>,
    asked: Condvar,
    over_tcp: AtomicUsize,
    stopped: AtomicBool,
}

#[derive(Default)]
struct Script {
    replies: HashMap<(String, Kind), Reply>,
    /// How many questions there were, and the number that the last one bore.
    asked: HashMap<(String, Kind), (usize, u16)>,
}

impl ScriptedDns {
    /// Listens on a free port, the same one for UDP and TCP.
    pub fn start() -> io::Result<Self> {
        let (udp, tcp) = sockets()?;
        let address = udp.local_addr()?;
        let shared = Arc::new(Shared::default());
        let (one, other) = (shared.clone(), shared.clone());
        let threads = vec![
            thread::spawn(move || one.serve_udp(&udp)),
            thread::spawn(move || other.serve_tcp(&tcp)),
        ];
        Ok(Self {
            address,
            shared,
            threads,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Questions that arrive from now on are answered so. The name is lower case, without
    /// the last dot.
    pub fn set(&self, name: &str, kind: Kind, reply: Reply) {
        let key = (name.to_owned(), kind);
        self.shared.script().replies.insert(key, reply);
    }

    /// Both families of the name have these addresses, each its own.
    pub fn set_addresses(&self, name: &str, ttl: u32, addresses: &[&str]) {
        for kind in [Kind::A, Kind::Aaaa] {
            let of_kind = |address: &IpAddr| address.is_ipv4() == (kind == Kind::A);
            let addresses = addresses.iter().filter_map(|text| text.parse().ok());
            let records = addresses.filter(of_kind).map(|address| Record {
                name: name.to_owned(),
                ttl,
                data: Data::Address(address),
            });
            self.set(name, kind, Reply::Records(records.collect()));
        }
    }

    /// Both families of the name are answered so.
    pub fn set_both(&self, name: &str, reply: &Reply) {
        for kind in [Kind::A, Kind::Aaaa] {
            self.set(name, kind, reply.clone());
        }
    }

    /// How often that has been asked; a question that is sent again because its answer was
    /// slow counts once.
    pub fn asked(&self, name: &str, kind: Kind) -> usize {
        self.shared.script().count(name, kind)
    }

    /// Waits until that has been asked so often; false if it is not by then.
    pub fn wait_asked(&self, name: &str, kind: Kind, times: usize, within: Duration) -> bool {
        let end = Instant::now() + within;
        let mut script = self.shared.script();
        while script.count(name, kind) < times {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.shared.asked.wait_timeout(script, left);
            script = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// How many questions came over TCP.
    pub fn over_tcp(&self) -> usize {
        self.shared.over_tcp.load(SeqCst)
    }
}

impl Drop for ScriptedDns {
    fn drop(&mut self) {
        self.shared.stopped.store(true, SeqCst);
        // Both threads look at the flag when something comes.
        let _ = TcpStream::connect(self.address);
        let _ = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(&[], self.address));
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve_udp(&self, socket: &UdpSocket) {
        let mut buffer = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            if self.stopped.load(SeqCst) {
                return;
            }
            for message in self.answer(&buffer[..length], false) {
                let _ = socket.send_to(&message, from);
            }
        }
    }

    fn serve_tcp(self: Arc<Self>, listener: &TcpListener) {
        while let Ok((stream, _)) = listener.accept() {
            if self.stopped.load(SeqCst) {
                return;
            }
            let shared = self.clone();
            thread::spawn(move || {
                let _ = shared.serve_stream(stream);
            });
        }
    }

    fn serve_stream(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        loop {
            let mut length = [0; 2];
            stream.read_exact(&mut length)?;
            let mut question = vec![0; u16::from_be_bytes(length).into()];
            stream.read_exact(&mut question)?;
            self.over_tcp.fetch_add(1, SeqCst);
            for message in self.answer(&question, true) {
                let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
                stream.write_all(&length.to_be_bytes())?;
                stream.write_all(&message)?;
            }
        }
    }

    fn answer(&self, question: &[u8], tcp: bool) -> Vec<Vec<u8>> {
        let Some((name, kind, end)) = read_question(question) else {
            return Vec::new();
        };
        let id = u16::from_be_bytes([question[0], question[1]]);
        let mut script = self.script();
        let key = (name, kind);
        let (count, last) = script.asked.entry(key.clone()).or_default();
        if *count == 0 || *last != id {
            (*count, *last) = (*count + 1, id);
        }
        let reply = script.replies.get(&key).cloned();
        drop(script);
        self.asked.notify_all();
        match reply.unwrap_or(Reply::Code(NXDOMAIN)) {
            Reply::Records(records) => vec![message(&question[..end], 0, false, &records)],
            Reply::TooLong(records) if tcp => vec![message(&question[..end], 0, false, &records)],
            Reply::TooLong(records) => {
                // As much as fits, like a real one: it must not be taken for the whole.
                let part = &records[..records.len().min(1)];
                vec![message(&question[..end], 0, true, part)]
            }
            Reply::Code(code) => vec![message(&question[..end], code, false, &[])],
            Reply::Silence => Vec::new(),
            Reply::Raw(make) => make(question),
        }
    }
}

impl Script {
    fn count(&self, name: &str, kind: Kind) -> usize {
        let key = (name.to_owned(), kind);
        self.asked.get(&key).map_or(0, |(count, _)| *count)
    }
}

/// An answer to the question, which is the beginning of the message that asked, up to the
/// end of its question.
pub fn message(question: &[u8], code: u8, truncated: bool, records: &[Record]) -> Vec<u8> {
    let mut message = question.to_vec();
    // An answer, recursion asked for and available.
    message[2] = 0x81 | if truncated { 2 } else { 0 };
    message[3] = 0x80 | code;
    let count = u16::try_from(records.len()).unwrap_or(u16::MAX);
    message[4..12].copy_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0]);
    message[6..8].copy_from_slice(&count.to_be_bytes());
    for record in records {
        write_name(&mut message, &record.name);
        let (kind, data) = match &record.data {
            Data::Address(IpAddr::V4(address)) => (1u16, address.octets().to_vec()),
            Data::Address(IpAddr::V6(address)) => (28, address.octets().to_vec()),
            Data::Alias(target) => {
                let mut data = Vec::new();
                write_name(&mut data, target);
                (5, data)
            }
        };
        message.extend(kind.to_be_bytes());
        message.extend(1u16.to_be_bytes());
        message.extend(record.ttl.to_be_bytes());
        message.extend((data.len() as u16).to_be_bytes());
        message.extend(data);
    }
    message
}

/// The name in lower case, the kind, and where the question ends.
pub fn read_question(message: &[u8]) -> Option<(String, Kind, usize)> {
    let mut at = 12;
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*message.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        let label = message.get(at..at + length)?;
        labels.push(String::from_utf8_lossy(label).to_lowercase());
        at += length;
    }
    let kind = match message.get(at..at + 4)? {
        [0, 1, ..] => Kind::A,
        [0, 28, ..] => Kind::Aaaa,
        _ => Kind::Other,
    };
    Some((labels.join("."), kind, at + 4))
}

fn write_name(message: &mut Vec<u8>, name: &str) {
    for label in name.split('.').filter(|label| !label.is_empty()) {
        message.push(label.len() as u8);
        message.extend(label.as_bytes());
    }
    message.push(0);
}

fn sockets() -> io::Result<(UdpSocket, TcpListener)> {
    let mut last = None;
    for _ in 0..100 {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        // The port that is free for one may be taken for the other.
        match UdpSocket::bind(tcp.local_addr()?) {
            Ok(udp) => return Ok((udp, tcp)),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::Error::other("no port")))
}
