//! The time that a client of HTTP/2 has: as with a connection of HTTP/1 ([`super::downstream`]), but
//! for each stream, which has no reads and writes of its own on the socket.

use super::downstream::{Clock, Ended, Pace, WINDOW};
use bytes::Bytes;
use pingora::{Error, ErrorType, Result};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// Ends the waits of one exchange.
pub(super) struct Watch {
    clock: Arc<Clock>,
    rate: Option<u64>,
    given: Pace,
    longest: Option<Duration>,
}

impl Watch {
    /// By that clock, and for clients below that many bytes a second.
    pub fn new(clock: Arc<Clock>, rate: Option<u64>) -> Self {
        Self {
            clock,
            rate,
            given: Pace::default(),
            longest: None,
        }
    }

    /// Bounds the wait for each piece of a body.
    pub fn bound_reads(&mut self, longest: Option<Duration>) {
        self.longest = longest;
    }

    /// A read; `owed` says whether the client has not sent what it said it would. If not, it
    /// is the endpoint that is waited for.
    pub async fn read(
        &mut self,
        owed: bool,
        read: impl Future<Output = Result<Option<Bytes>>>,
    ) -> Result<Option<Bytes>> {
        let rate = self.rate.filter(|_| owed);
        let (clock, given) = (self.clock.clone(), &mut self.given);
        let slow = async {
            let Some(rate) = rate else {
                return std::future::pending().await;
            };
            while let Some(next) = given.wait(Instant::now(), rate) {
                sleep_until(next).await;
            }
        };
        let longest = self.longest.filter(|_| owed);
        let late = async {
            match longest {
                None => std::future::pending().await,
                Some(longest) => sleep(longest).await,
            }
        };
        let read = tokio::select! {
            biased;
            read = read => read,
            () = late => return Err(over()),
            () = clock.expiry(Ended::Endpoint) => return Err(over()),
            () = slow => {
                clock.end(Ended::Client);
                return Err(over());
            }
        };
        let length = read
            .as_ref()
            .map_or(0, |piece| piece.as_ref().map_or(0, Bytes::len));
        self.given.moved(length);
        read
    }

    /// A write of that many bytes.
    pub async fn write<T>(
        &self,
        length: usize,
        write: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let slow = async {
            match self.rate {
                None => std::future::pending().await,
                Some(rate) => sleep(WINDOW + Duration::from_secs(length as u64 / rate)).await,
            }
        };
        tokio::select! {
            biased;
            written = write => written,
            () = self.clock.expiry(Ended::Client) => Err(over()),
            () = slow => {
                self.clock.end(Ended::Client);
                Err(over())
            }
        }
    }
}

fn over() -> Box<Error> {
    Error::new_down(ErrorType::ReadTimedout)
}
