//! A response body played from a list of steps.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

/// One thing that a body does.
#[derive(Debug)]
pub(crate) enum Step {
    /// Send these bytes.
    Data(Bytes),
    /// Let time pass.
    Wait(Duration),
    /// Give what was sent so far a chance to reach the wire.
    Flush,
    /// Break the connection off.
    Fail,
}

/// Plays its steps in order. Its length is known unless `length` is none (chunked coding).
pub(crate) struct Played {
    steps: VecDeque<Step>,
    waiting: Option<Pin<Box<Sleep>>>,
    length: Option<u64>,
    /// Kept while the body is being sent: what counts the exchange as in flight.
    _held: Box<dyn Send>,
}

impl Played {
    pub(crate) fn new(
        steps: impl IntoIterator<Item = Step>,
        length: Option<u64>,
        held: impl Send + 'static,
    ) -> Self {
        Self {
            steps: steps.into_iter().collect(),
            waiting: None,
            length,
            _held: Box::new(held),
        }
    }
}

impl Body for Played {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            if let Some(sleep) = &mut self.waiting {
                std::task::ready!(sleep.as_mut().poll(context));
                self.waiting = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Data(bytes)) => {
                    if let Some(length) = &mut self.length {
                        *length = length.saturating_sub(bytes.len() as u64);
                    }
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Step::Wait(time)) => self.waiting = Some(Box::pin(tokio::time::sleep(time))),
                Some(Step::Flush) => {
                    // hyper flushes when the body is pending.
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Step::Fail) => {
                    return Poll::Ready(Some(Err(io::Error::other("told to break off"))));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty() && self.waiting.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.length
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
