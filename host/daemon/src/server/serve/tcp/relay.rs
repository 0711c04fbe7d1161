//! Bytes in both directions, until nothing moves any more.

use super::Told;
use crate::proxy::Socket;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

/// Bytes that are read at a time, on either side.
const PIECE: usize = 16 << 10;

/// Both directions until both have ended, or nothing moves any more. Each end is passed on, so
/// that a client that has said all can still listen.
pub(super) async fn both_ways(
    client: &mut Socket,
    endpoint: &mut TcpStream,
    idle: Duration,
    told: &Told,
) -> Result<(), &'static str> {
    let moved = AtomicU64::new(0);
    let (mut client_reads, mut client_writes) = tokio::io::split(client);
    let (mut endpoint_reads, mut endpoint_writes) = endpoint.split();
    let up = copy(
        &mut client_reads,
        &mut endpoint_writes,
        &told.bytes_in,
        &moved,
    );
    let down = copy(
        &mut endpoint_reads,
        &mut client_writes,
        &told.bytes_out,
        &moved,
    );
    let both = async { tokio::try_join!(up, down) };
    tokio::select! {
        done = both => done.map(|_| ()).map_err(|_| "reset"),
        () = stillness(&moved, idle) => Err("idle_timeout"),
    }
}

async fn copy(
    from: &mut (impl tokio::io::AsyncRead + Unpin),
    to: &mut (impl tokio::io::AsyncWrite + Unpin),
    bytes: &AtomicU64,
    moved: &AtomicU64,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let read = from.read(&mut piece).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        to.write_all(&piece[..read]).await?;
        to.flush().await?;
        bytes.fetch_add(read as u64, Relaxed);
        moved.fetch_add(1, Relaxed);
    }
}

/// Ends when nothing has moved for that long, give or take a half.
async fn stillness(moved: &AtomicU64, idle: Duration) {
    let mut seen = moved.load(Relaxed);
    let mut still = 0;
    while still < 2 {
        sleep(idle / 2).await;
        let now = moved.load(Relaxed);
        still = if now == seen { still + 1 } else { 0 };
        seen = now;
    }
}
