//! Bodies on their way through the filters, piece by piece or whole.

use super::ask::{self, Heads};
use crate::proxy::Exchange;
use crate::proxy::fault::Fault;
use crate::telemetry::{Deed, Phase};
use bytes::{Bytes, BytesMut};
use pingora::proxy::Session;
use pingora::{Error, ErrorType};
use tidegate_runtime::{BodyMode, BodyVerdict, Reply};

/// A filter on the way of one body.
pub(super) struct Part {
    index: usize,
    bound: usize,
    /// What was collected, for one that wants it whole.
    whole: Option<BytesMut>,
}

/// Why a body goes no further.
pub(super) enum Stop {
    /// The host's refusal.
    Fault(Fault),
    /// A filter's answer, and the filter's position.
    Reply(usize, Box<Reply>),
}

impl Part {
    pub(super) fn new(index: usize, mode: BodyMode, bound: u64) -> Self {
        Self {
            index,
            bound: usize::try_from(bound).unwrap_or(usize::MAX),
            whole: (mode == BodyMode::Buffered).then(BytesMut::new),
        }
    }

    pub(super) fn is_buffered(&self) -> bool {
        self.whole.is_some()
    }

    /// Bytes that the body may have.
    pub(super) fn bound(&self) -> usize {
        if self.is_buffered() {
            self.bound
        } else {
            usize::MAX
        }
    }

    /// What the filter is to see now: this piece, or all that was collected when it was the
    /// last. None: nothing yet.
    fn gather(&mut self, piece: Bytes, last: bool) -> Result<Option<Bytes>, ()> {
        let Some(whole) = &mut self.whole else {
            return Ok((last || !piece.is_empty()).then_some(piece));
        };
        if whole.len() + piece.len() > self.bound {
            return Err(());
        }
        if last && whole.is_empty() {
            return Ok(Some(piece));
        }
        whole.extend_from_slice(&piece);
        Ok(last.then(|| std::mem::take(whole).freeze()))
    }
}

/// A piece of the request's body, as it is sent. A body that was read whole has been here
/// already.
///
/// # Errors
/// When the exchange ends here: [`super::Passage::take_instead`] or the exchange's fault
/// says with what.
pub async fn request_chunk(
    session: &mut Session,
    exchange: &mut Exchange,
    body: &mut Option<Bytes>,
    last: bool,
) -> pingora::Result<()> {
    if exchange.passage.request_body.is_empty() {
        return Ok(());
    }
    let piece = body.take().unwrap_or_default();
    let shown = through_request(session, exchange, piece, last).await;
    let shown = shown.map_err(|stop| stopped(exchange, stop))?;
    *body = match shown {
        // Pingora takes an absent body for the end of it.
        None if !last => Some(Bytes::new()),
        other => other,
    };
    Ok(())
}

/// A piece of the response's body, on its way to the client.
///
/// # Errors
/// As [`request_chunk`].
pub fn response_chunk(
    session: &mut Session,
    exchange: &mut Exchange,
    body: &mut Option<Bytes>,
    last: bool,
) -> pingora::Result<()> {
    if exchange.passage.response_body.is_empty() || exchange.passage.head.is_none() {
        return Ok(());
    }
    let piece = body.take().unwrap_or_default();
    let shown = through_response(session, exchange, piece, last);
    *body = shown.map_err(|stop| stopped(exchange, stop))?;
    Ok(())
}

/// Shows a piece to the filters of the request. None: nothing goes on yet.
pub(super) async fn through_request(
    session: &mut Session,
    exchange: &mut Exchange,
    mut piece: Bytes,
    last: bool,
) -> Result<Option<Bytes>, Stop> {
    exchange.passage.body_met = true;
    for at in 0..exchange.passage.request_body.len() {
        let part = &mut exchange.passage.request_body[at];
        let index = part.index;
        let gathered = part.gather(piece, last);
        let Some(seen) = gathered.map_err(|()| Stop::Fault(Fault::TooLarge))? else {
            return Ok(None);
        };
        piece = seen;
        let mut heads = Heads {
            request: session.req_header_mut(),
            response: None,
        };
        let length = Some(piece.len());
        let begun = ask::begin(exchange, index, Phase::OnRequestBody, &mut heads, length);
        let Some((call, view)) = begun.map_err(Stop::Fault)? else {
            continue;
        };
        let filter = call.filter.clone();
        let visit = &mut exchange.passage.visits[index];
        let answered = visit.on_request_body(view, &piece, last).await;
        let verdict = ask::end(exchange, call, &mut heads, answered).map_err(Stop::Fault)?;
        piece = apply(&filter, index, piece, verdict)?;
    }
    Ok((last || !piece.is_empty()).then_some(piece))
}

fn through_response(
    session: &mut Session,
    exchange: &mut Exchange,
    mut piece: Bytes,
    last: bool,
) -> Result<Option<Bytes>, Stop> {
    for at in 0..exchange.passage.response_body.len() {
        let part = &mut exchange.passage.response_body[at];
        let index = part.index;
        let gathered = part.gather(piece, last);
        let Some(seen) = gathered.map_err(|()| Stop::Fault(Fault::ResponseTooLarge))? else {
            return Ok(None);
        };
        piece = seen;
        // Shown to the filters, and not sent any more.
        let mut head = exchange.passage.head.take();
        let mut heads = Heads {
            request: session.req_header_mut(),
            response: head.as_mut(),
        };
        let length = Some(piece.len());
        let begun = ask::begin(exchange, index, Phase::OnResponseBody, &mut heads, length);
        let Some((call, view)) = begun.map_err(Stop::Fault)? else {
            exchange.passage.head = head;
            continue;
        };
        let filter = call.filter.clone();
        let answered = exchange.passage.visits[index].on_response_body(view, &piece, last);
        let verdict = ask::end(exchange, call, &mut heads, answered);
        exchange.passage.head = head;
        piece = apply(&filter, index, piece, verdict.map_err(Stop::Fault)?)?;
    }
    Ok((last || !piece.is_empty()).then_some(piece))
}

fn apply(
    filter: &crate::snapshot::FilterUse,
    index: usize,
    piece: Bytes,
    verdict: Option<BodyVerdict>,
) -> Result<Bytes, Stop> {
    match verdict {
        None | Some(BodyVerdict::Pass) => Ok(piece),
        Some(BodyVerdict::Replace(bytes)) => {
            filter.warden.series().deed(Deed::Replace);
            Ok(bytes.into())
        }
        Some(BodyVerdict::Abort(reply)) => {
            filter.warden.series().deed(Deed::Answer);
            Err(Stop::Reply(index, reply.into()))
        }
    }
}

/// Keeps what is to be said, for the phase in which the client is told.
fn stopped(exchange: &mut Exchange, stop: Stop) -> Box<Error> {
    match stop {
        Stop::Fault(fault) => exchange.fault = Some(fault),
        Stop::Reply(index, reply) => {
            let visit = &exchange.passage.visits[index];
            exchange.passage.answered_by = Some(visit.filter().plugin().to_owned());
            exchange.passage.instead = Some(*reply);
        }
    }
    exchange.passage.stop = true;
    Error::explain(ErrorType::InternalError, "a filter ended the exchange")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_streamed_part_sees_every_piece_and_the_end() {
        let mut part = Part::new(0, BodyMode::Streamed, 1);
        let piece = Bytes::from_static(b"long");
        assert_eq!(part.gather(piece.clone(), false), Ok(Some(piece)));
        assert_eq!(part.gather(Bytes::new(), false), Ok(None));
        assert_eq!(part.gather(Bytes::new(), true), Ok(Some(Bytes::new())));
    }

    #[test]
    fn a_buffered_part_sees_all_of_it_at_once_within_its_bound() {
        let mut part = Part::new(0, BodyMode::Buffered, 4);
        assert_eq!(part.gather(Bytes::from_static(b"ab"), false), Ok(None));
        let whole = Bytes::from_static(b"abcd");
        assert_eq!(
            part.gather(Bytes::from_static(b"cd"), true),
            Ok(Some(whole))
        );
        let mut part = Part::new(0, BodyMode::Buffered, 4);
        assert_eq!(part.gather(Bytes::from_static(b"abc"), false), Ok(None));
        assert_eq!(part.gather(Bytes::from_static(b"de"), false), Err(()));
    }
}
