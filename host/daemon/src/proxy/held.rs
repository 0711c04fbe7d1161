//! The client's session with the message held back: a request whose body is here already,
//! a response whose head waits for its body.
//!
//! Pingora sends heads as they come, and asks for a body only once there is a connection to
//! an endpoint. A filter that wants a body whole needs neither to have happened yet. So the
//! client's session is put into this one for the rest of the exchange: it answers for the
//! body that was read, and keeps the head of the response until the last byte is there.
//! [`Hold::give_back`] takes the session out again before the connection is used for the
//! next request.
//!
//! A stream of HTTP/2 is held in the same way for its whole exchange. Nothing of Pingora's ends a wait
//! on it; here a read and a write end when the exchange's clock says so, as with HTTP/1 the
//! connection does ([`super::downstream`]).

use super::downstream::Clock;
use super::grpc;
use super::watch::Watch;
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use parking_lot::Mutex;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::protocols::Digest;
use pingora::protocols::http::custom::CustomMessageWrite;
use pingora::protocols::http::custom::server::Session as Custom;
use pingora::protocols::http::{HttpTask, ServerSession};
use pingora::protocols::l4::socket::SocketAddr;
use pingora::proxy::Session;
use pingora::{Error, ErrorType, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// What the exchange knows of its held session.
#[derive(Default)]
pub struct Hold {
    response: AtomicBool,
    /// The client has got the whole response.
    answered: AtomicBool,
    back: Mutex<Option<ServerSession>>,
}

impl Hold {
    /// Holds the session of this exchange from now on; `body` is the request's, when it was
    /// read and is to be sent.
    pub fn take(session: &mut Session, body: Option<Bytes>) -> Arc<Self> {
        Self::over(session, body, None)
    }

    /// Ends waits on the session of this exchange when the clock says so, or when the client is
    /// slower than that many bytes a second.
    pub fn keep_time(session: &mut Session, clock: Arc<Clock>, rate: Option<u64>) -> Arc<Self> {
        // Calls of gRPC talk back and forth: a client that pauses is not slow.
        let rate = rate.filter(|_| !grpc::is_call(session.req_header()));
        Self::over(session, None, Some(Watch::new(clock, rate)))
    }

    fn over(session: &mut Session, body: Option<Bytes>, watch: Option<Watch>) -> Arc<Self> {
        let hold = Arc::new(Self::default());
        let held = Held {
            inner: None,
            body,
            head: None,
            collected: BytesMut::new(),
            hold: hold.clone(),
            watch,
            piece: SMALLEST,
        };
        // The held session needs the real one, which is behind it: two steps.
        let empty = ServerSession::new_custom(Box::new(()));
        let inner = std::mem::replace(&mut *session.downstream_session, empty);
        let held = Held {
            inner: Some(inner),
            ..held
        };
        *session.downstream_session = ServerSession::new_custom(Box::new(held));
        hold
    }

    /// The head of the response that comes next waits for its body.
    pub fn hold_response(&self) {
        self.response.store(true, Relaxed);
    }

    /// Whether the client has got the whole response: what it does then is its right.
    pub fn is_answered(&self) -> bool {
        self.answered.load(Relaxed)
    }

    /// Puts the client's session back into its place.
    pub async fn give_back(&self, session: &mut Session) {
        if let Some(held) = session.downstream_session.as_custom_mut() {
            // What this is for, there being no other way to name the type again.
            let _ = held.finish_custom().await;
        }
        if let Some(inner) = self.back.lock().take() {
            *session.downstream_session = inner;
        }
    }
}

struct Held {
    /// There until it is given back.
    inner: Option<ServerSession>,
    body: Option<Bytes>,
    head: Option<Box<ResponseHeader>>,
    collected: BytesMut,
    hold: Arc<Hold>,
    watch: Option<Watch>,
    /// Bytes of a body that are written at a time.
    piece: usize,
}

const BACK_LAST: &str = "the session is given back last";

/// What is written at a time to a stream of HTTP/2.
const SMALLEST: usize = 1 << 10;
const LARGEST: usize = 64 << 10;
/// A piece that was taken in so long was taken quickly.
const QUICK: Duration = Duration::from_millis(500);

/// A body of at most that length, and the rest of it.
fn cut(task: HttpTask, length: usize) -> (HttpTask, Option<HttpTask>) {
    match task {
        HttpTask::Body(Some(mut data), end) if data.len() > length => {
            let piece = data.split_to(length);
            let rest = HttpTask::Body(Some(data), end);
            (HttpTask::Body(Some(piece), false), Some(rest))
        }
        whole => (whole, None),
    }
}

impl Held {
    fn inner(&self) -> &ServerSession {
        self.inner.as_ref().expect(BACK_LAST)
    }

    fn inner_mut(&mut self) -> &mut ServerSession {
        self.inner.as_mut().expect(BACK_LAST)
    }

    /// In pieces that a slow client can take in the time that it has for each: small ones until
    /// it is known to be quick.
    async fn write_in_time(&mut self, tasks: Vec<HttpTask>) -> Result<bool> {
        let mut end = false;
        for task in tasks {
            let mut rest = Some(task);
            while let Some(task) = rest.take() {
                let (piece, more) = cut(task, self.piece);
                rest = more;
                let length = match &piece {
                    HttpTask::Body(Some(data), _) => data.len(),
                    _ => 0,
                };
                let inner = self.inner.as_mut().expect(BACK_LAST);
                let writing = inner.response_duplex_vec(vec![piece]);
                let began = Instant::now();
                end |= match &self.watch {
                    None => writing.await?,
                    Some(watch) => watch.write(length, writing).await?,
                };
                // A head says nothing of how fast a client reads.
                if length > 0 {
                    self.piece = match began.elapsed() < QUICK {
                        true => (self.piece * 4).min(LARGEST),
                        false => SMALLEST,
                    };
                }
            }
        }
        Ok(end)
    }

    /// The whole response, now that its length is known.
    async fn release(&mut self, mut head: Box<ResponseHeader>) -> Result<bool> {
        let body = std::mem::take(&mut self.collected).freeze();
        head.remove_header(&header::TRANSFER_ENCODING);
        head.insert_header(header::CONTENT_LENGTH, body.len())?;
        let tasks = vec![
            HttpTask::Header(head, false),
            HttpTask::Body(Some(body), true),
        ];
        self.inner_mut().response_duplex_vec(tasks).await
    }
}

#[async_trait]
impl Custom for Held {
    async fn response_duplex_vec(&mut self, tasks: Vec<HttpTask>) -> Result<bool> {
        let mut end = false;
        let mut through = Vec::with_capacity(tasks.len());
        for task in tasks {
            match task {
                HttpTask::Header(head, false)
                    if self.hold.response.load(Relaxed) && !head.status.is_informational() =>
                {
                    self.head = Some(head);
                }
                HttpTask::Body(data, last) if self.head.is_some() => {
                    self.collected.extend(data.into_iter().flatten());
                    if last && let Some(head) = self.head.take() {
                        end = self.release(head).await?;
                    }
                }
                HttpTask::Done if self.head.is_some() => {
                    if let Some(head) = self.head.take() {
                        end = self.release(head).await?;
                    }
                }
                // HTTP/1 has no place for them after a known length.
                HttpTask::Trailer(_) if self.head.is_some() => {}
                HttpTask::Done if end => {}
                other => through.push(other),
            }
        }
        if !through.is_empty() {
            end |= match &self.watch {
                None => self.inner_mut().response_duplex_vec(through).await?,
                Some(_) => self.write_in_time(through).await?,
            };
        }
        if end {
            self.hold.answered.store(true, Relaxed);
        }
        Ok(end)
    }

    fn is_body_done(&mut self) -> bool {
        self.body.is_some() || self.inner_mut().is_body_done()
    }

    fn is_body_empty(&mut self) -> bool {
        match &self.body {
            Some(body) => body.is_empty(),
            None => self.inner_mut().is_body_empty(),
        }
    }

    fn enable_retry_buffering(&mut self) {
        if self.body.is_none() {
            self.inner_mut().enable_retry_buffering();
        }
    }

    fn retry_buffer_truncated(&self) -> bool {
        self.body.is_none() && self.inner().retry_buffer_truncated()
    }

    fn get_retry_buffer(&self) -> Option<Bytes> {
        match &self.body {
            Some(body) => Some(body.clone()),
            None => self.inner().get_retry_buffer(),
        }
    }

    async fn read_body_bytes(&mut self) -> Result<Option<Bytes>> {
        match &self.body {
            Some(_) => Ok(None),
            None => {
                let inner = self.inner.as_mut().expect(BACK_LAST);
                match &mut self.watch {
                    None => inner.read_request_body().await,
                    Some(watch) => watch.read(true, inner.read_request_body()).await,
                }
            }
        }
    }

    async fn read_body_or_idle(&mut self, no_body_expected: bool) -> Result<Option<Bytes>> {
        let idle = no_body_expected || self.body.is_some();
        let inner = self.inner.as_mut().expect(BACK_LAST);
        match &mut self.watch {
            None => inner.read_body_or_idle(idle).await,
            Some(watch) => {
                let begun = inner
                    .response_written()
                    .is_some_and(|head| !head.status.is_informational());
                watch
                    .read(!idle && !begun, inner.read_body_or_idle(idle))
                    .await
            }
        }
    }

    async fn finish_custom(&mut self) -> Result<()> {
        *self.hold.back.lock() = self.inner.take();
        Ok(())
    }

    // The rest is the client's own.

    fn req_header(&self) -> &RequestHeader {
        self.inner().req_header()
    }

    fn req_header_mut(&mut self) -> &mut RequestHeader {
        self.inner_mut().req_header_mut()
    }

    async fn drain_request_body(&mut self) -> Result<()> {
        self.inner_mut().drain_request_body().await
    }

    async fn write_response_header(&mut self, head: Box<ResponseHeader>, _: bool) -> Result<()> {
        self.inner_mut().write_response_header(head).await
    }

    async fn write_response_header_ref(&mut self, head: &ResponseHeader, _: bool) -> Result<()> {
        self.inner_mut().write_response_header_ref(head).await
    }

    async fn write_body(&mut self, data: Bytes, end: bool) -> Result<()> {
        let inner = self.inner.as_mut().expect(BACK_LAST);
        match &self.watch {
            None => inner.write_response_body(data, end).await,
            Some(watch) => {
                let length = data.len();
                watch
                    .write(length, inner.write_response_body(data, end))
                    .await
            }
        }
    }

    async fn write_trailers(&mut self, trailers: HeaderMap) -> Result<()> {
        self.inner_mut().write_response_trailers(trailers).await
    }

    fn set_read_timeout(&mut self, timeout: Option<Duration>) {
        if let Some(watch) = &mut self.watch {
            watch.bound_reads(timeout);
        }
        self.inner_mut().set_read_timeout(timeout);
    }

    fn get_read_timeout(&self) -> Option<Duration> {
        self.inner().get_read_timeout()
    }

    fn set_write_timeout(&mut self, timeout: Option<Duration>) {
        self.inner_mut().set_write_timeout(timeout);
    }

    fn get_write_timeout(&self) -> Option<Duration> {
        self.inner().get_write_timeout()
    }

    fn set_total_drain_timeout(&mut self, timeout: Option<Duration>) {
        self.inner_mut().set_total_drain_timeout(timeout);
    }

    fn get_total_drain_timeout(&self) -> Option<Duration> {
        self.inner().get_total_drain_timeout()
    }

    fn request_summary(&self) -> String {
        self.inner().request_summary()
    }

    fn response_written(&self) -> Option<&ResponseHeader> {
        self.inner().response_written()
    }

    async fn shutdown(&mut self, _: u32, _: &str) {
        self.inner_mut().shutdown().await;
    }

    async fn finish(&mut self) -> Result<()> {
        self.inner_mut().finish_body().await
    }

    fn body_bytes_sent(&self) -> usize {
        self.inner().body_bytes_sent()
    }

    fn body_bytes_read(&self) -> usize {
        self.inner().body_bytes_read()
    }

    fn digest(&self) -> Option<&Digest> {
        self.inner().digest()
    }

    fn digest_mut(&mut self) -> Option<&mut Digest> {
        self.inner_mut().digest_mut()
    }

    fn client_addr(&self) -> Option<&SocketAddr> {
        self.inner().client_addr()
    }

    fn server_addr(&self) -> Option<&SocketAddr> {
        self.inner().server_addr()
    }

    fn pseudo_raw_h1_request_header(&self) -> Bytes {
        self.inner().to_h1_raw()
    }

    fn is_upgrade_req(&self) -> bool {
        self.inner().is_upgrade_req()
    }

    fn was_upgraded(&self) -> bool {
        self.inner().was_upgraded()
    }

    fn take_custom_message_reader(&mut self) -> Option<Reader> {
        None
    }

    fn restore_custom_message_reader(&mut self, _: Reader) -> Result<()> {
        Err(Error::new(ErrorType::InternalError))
    }

    fn take_custom_message_writer(&mut self) -> Option<Box<dyn CustomMessageWrite>> {
        None
    }

    fn restore_custom_message_writer(&mut self, _: Box<dyn CustomMessageWrite>) -> Result<()> {
        Err(Error::new(ErrorType::InternalError))
    }
}

type Reader = Box<dyn futures_core::Stream<Item = Result<Bytes>> + Unpin + Send + Sync>;
