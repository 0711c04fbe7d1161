//! What Pingora reads: what was understood, and errors for what ends it.

use super::clock::Ended;
use super::guard::{self, Guard};
use super::{AHEAD, Downstream};
use bytes::Buf;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tidegate_wire::http1::Violation;
use tidegate_wire::http2;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

impl Downstream {
    /// Waits for the client to give more of what it owes.
    fn poll_given<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        let slow = match self.min_rate {
            Some(rate) if self.guard.is_owed() && !self.answering => {
                match self.given.wait(Instant::now(), rate) {
                    Some(next) => Some(next),
                    None => return self.too_slow(),
                }
            }
            _ => None,
        };
        self.poll_deadline(Ended::Endpoint, slow, context)
    }

    /// What the read could not give: what was gathered for the client may go, since nothing more
    /// comes for now, and a client is not to wait for a head until the body is there.
    fn poll_nothing(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.stream.buffer().is_empty()
            && let Poll::Ready(Err(error)) = Pin::new(&mut self.stream).poll_flush(context)
        {
            return Poll::Ready(Err(error));
        }
        self.poll_given(context)
    }

    /// Tells the client why its connection ends, if that can be done without waiting (RFC 9113,
    /// 5.4.1): who floods may not read.
    fn end_http2(&mut self, flood: http2::Flood, context: &mut Context<'_>) -> io::Error {
        self.clock.flooded(flood);
        if let (Some(seams), Guard::Http2(guard)) = (&self.seams, &self.guard)
            && seams.is_between()
            && flood != http2::Flood::Preface
        {
            let last = http2::goaway(guard.last_stream(), flood.error_code());
            let _ = Pin::new(&mut self.stream).poll_write(context, &last);
            let _ = Pin::new(&mut self.stream).poll_flush(context);
        }
        io::Error::new(io::ErrorKind::InvalidData, flood.as_str())
    }

    fn refuse(&self, violation: Violation) -> io::Error {
        self.clock.malformed(violation);
        io::Error::new(io::ErrorKind::InvalidData, violation.sentence())
    }
}

impl AsyncRead for Downstream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.clock.is_tunnel() {
            this.guard = Guard::Open;
        }
        loop {
            let shown = match this.guard.show(&this.inbox) {
                Ok(shown) => shown,
                Err(violation) => return Poll::Ready(Err(this.refuse(violation))),
            };
            if shown > 0 {
                let now = shown.min(buffer.remaining());
                buffer.put_slice(&this.inbox[..now]);
                this.inbox.advance(now);
                this.guard.was_shown(now);
                return Poll::Ready(Ok(()));
            }
            if this.guard.is_at_end() {
                // The client may leave, or be ahead of us; nothing of that is for this message.
                let mut piece = [0; 512];
                if this.inbox.len() >= AHEAD {
                    return this.poll_nothing(context);
                }
                let mut ahead = ReadBuf::new(&mut piece);
                match Pin::new(this.stream.get_mut()).poll_read(context, &mut ahead) {
                    Poll::Pending => return this.poll_nothing(context),
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                    Poll::Ready(Ok(())) if ahead.filled().is_empty() => return Poll::Ready(Ok(())),
                    Poll::Ready(Ok(())) => this.inbox.extend_from_slice(ahead.filled()),
                }
                continue;
            }
            let before = buffer.filled().len();
            match Pin::new(this.stream.get_mut()).poll_read(context, buffer) {
                Poll::Pending => return this.poll_nothing(context),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(())) => {}
            }
            let came = buffer.filled().len() - before;
            if came == 0 && this.guard.is_owed() {
                // The end of a body that was cut off is not its end.
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            this.given.moved(came);
            let since = this.began;
            let read = this.guard.pass(&buffer.filled()[before..], since);
            return match read {
                Ok(shown) => {
                    this.inbox
                        .extend_from_slice(&buffer.filled()[before + shown..]);
                    buffer.set_filled(before + shown);
                    Poll::Ready(Ok(()))
                }
                Err(guard::Bad::Violation(violation)) => {
                    buffer.set_filled(before);
                    Poll::Ready(Err(this.refuse(violation)))
                }
                Err(guard::Bad::Flood(flood)) => {
                    buffer.set_filled(before);
                    Poll::Ready(Err(this.end_http2(flood, context)))
                }
            };
        }
    }
}
