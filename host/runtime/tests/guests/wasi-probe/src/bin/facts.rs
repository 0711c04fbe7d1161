//! Tries one thing after the other, and prints what came of it as `name: value`.

use std::fmt::Display;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Result};
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn main() {
    fact("arguments", std::env::args().count());
    fact("environment", std::env::vars().count());
    fact(
        "stdin",
        std::io::stdin()
            .read(&mut [0; 16])
            .map_or(-1, |bytes| bytes as i64),
    );

    attempt("read a file", fs::read("/etc/hostname"));
    attempt("write a file", fs::write("probe.txt", "x"));
    attempt("list a directory", fs::read_dir("/"));
    attempt("connect", TcpStream::connect("127.0.0.1:80"));
    attempt("listen", TcpListener::bind("127.0.0.1:0"));
    attempt("send a datagram", UdpSocket::bind("127.0.0.1:0"));
    attempt("resolve", "localhost:80".to_socket_addrs());
    attempt("start a thread", std::thread::Builder::new().spawn(|| ()));

    let unix = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    fact("unix time", unix.as_secs());
    fact("hash", RandomState::new().hash_one(1_u8));
    let start = Instant::now();
    while start.elapsed() < Duration::from_micros(50) {}
    fact("the clock runs", true);
    std::thread::sleep(Duration::from_secs(3600));
    fact("slept", true);

    eprintln!("to stderr");
    fact("long", "é".repeat(1 << 20));
}

fn fact(name: &str, value: impl Display) {
    println!("{name}: {value}");
}

fn attempt<T>(name: &str, result: Result<T>) {
    match result {
        Ok(_) => fact(name, "it worked"),
        Err(error) => fact(name, format!("refused, {error}")),
    }
}
