//! What Pingora writes, and when the client has taken it.

use super::Downstream;
use super::clock::Ended;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use tokio::time::Instant;

impl Downstream {
    /// Waits for the client to take what it was told.
    fn poll_taken<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        let slow = match self.min_rate {
            Some(rate) => match self.taken.wait(Instant::now(), rate) {
                Some(next) => Some(next),
                None => return self.too_slow(),
            },
            None => None,
        };
        self.poll_deadline(Ended::Client, slow, context)
    }

    /// Bytes have left for the client.
    fn wrote(&mut self, bytes: &[u8]) {
        self.taken.moved(bytes.len());
        if let Some(seams) = &mut self.seams {
            seams.pass(bytes);
        }
    }
}

impl AsyncWrite for Downstream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Pending => self.poll_taken(context),
            Poll::Ready(Ok(written)) => {
                self.wrote(&bytes[..written]);
                // An interim answer (1xx) is none.
                self.answering |= !bytes.starts_with(b"HTTP/1.1 1");
                Poll::Ready(Ok(written))
            }
            error => error,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let waiting = self.stream.buffer().len();
        match Pin::new(&mut self.stream).poll_flush(context) {
            Poll::Pending => self.poll_taken(context),
            Poll::Ready(Ok(())) => {
                self.taken.moved(waiting);
                Poll::Ready(Ok(()))
            }
            error => error,
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write_vectored(context, bytes) {
            Poll::Pending => self.poll_taken(context),
            Poll::Ready(Ok(written)) => {
                let mut left = written;
                for piece in bytes {
                    let now = left.min(piece.len());
                    self.wrote(&piece[..now]);
                    left -= now;
                }
                Poll::Ready(Ok(written))
            }
            error => error,
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
