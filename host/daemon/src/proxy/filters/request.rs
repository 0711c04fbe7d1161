//! The request on its way through the filters, before anything is sent upstream.

use super::ask::{self, Heads};
use super::body::{self, Part};
use super::{apply, reply};
use crate::config::value::Protocol;
use crate::proxy::Exchange;
use crate::proxy::fault::Fault;
use crate::proxy::held::Hold;
use crate::telemetry::{Deed, Phase};
use bytes::{Bytes, BytesMut};
use http::header;
use pingora::http::RequestHeader;
use pingora::proxy::Session;
use tidegate_runtime::{BodyMode, Reply, Verdict};

/// Asks each filter in turn. True: one of them has answered, and the answer is written.
///
/// # Errors
/// The fault to refuse the request with.
pub async fn run(session: &mut Session, exchange: &mut Exchange) -> Result<bool, Fault> {
    for index in 0..exchange.passage.visits.len() {
        let interest = exchange.passage.visits[index].filter().interest();
        if interest.request {
            let mut heads = Heads {
                request: session.req_header_mut(),
                response: None,
            };
            let begun = ask::begin(exchange, index, Phase::OnRequest, &mut heads, None)?;
            let Some((call, view)) = begun else {
                exchange.passage.missed |= 1 << index;
                continue;
            };
            let filter = call.filter.clone();
            let answered = exchange.passage.visits[index].on_request(view).await;
            let verdict = ask::end(exchange, call, &mut heads, answered)?;
            match verdict {
                // Where a fault is skipped, the filter has passed.
                None | Some(Verdict::Pass) => {}
                Some(Verdict::Edit(edits)) => {
                    apply::request(exchange, &filter, heads.request, *edits)?;
                }
                Some(Verdict::Answer(answer)) => {
                    filter.warden.series().deed(Deed::Answer);
                    return answer_now(session, exchange, index, answer).await;
                }
            }
        }
        exchange.passage.met |= 1 << index;
        let bodies = [interest.request_body, interest.response_body];
        if !interest.response && bodies == [BodyMode::Skip; 2] {
            exchange.passage.visits[index].end();
        }
    }
    prepare_bodies(session, exchange)?;
    if exchange.passage.request_body.iter().any(Part::is_buffered) {
        return read_whole(session, exchange).await;
    }
    let holds = exchange.passage.response_body.iter().any(Part::is_buffered);
    if holds {
        exchange.passage.hold = Some(Hold::take(session, None));
    }
    Ok(false)
}

async fn answer_now(
    session: &mut Session,
    exchange: &mut Exchange,
    index: usize,
    answer: Reply,
) -> Result<bool, Fault> {
    let visit = &exchange.passage.visits[index];
    exchange.passage.answered_by = Some(visit.filter().plugin().to_owned());
    reply::write(session, exchange, answer)
        .await
        .map_err(|_| Fault::ClientGone)?;
    Ok(true)
}

/// Who sees which body, in the order of the calls.
fn prepare_bodies(session: &mut Session, exchange: &mut Exchange) -> Result<(), Fault> {
    let upgrade = session.is_upgrade_req();
    let has_body = !upgrade && !session.is_body_empty();
    if has_body {
        ask::missed(
            exchange,
            |interest| interest.request_body != BodyMode::Skip,
            Phase::OnRequestBody,
        )?;
    }
    let passage = &mut *exchange.passage;
    for (index, visit) in passage.visits.iter().enumerate() {
        let (filter, met) = (visit.filter(), passage.met & 1 << index != 0);
        let interest = filter.interest();
        let part = |mode| Part::new(index, mode, filter.body_bound());
        if met && has_body && interest.request_body != BodyMode::Skip {
            passage.request_body.push(part(interest.request_body));
        }
        if met && !upgrade && interest.response_body != BodyMode::Skip {
            passage.response_body.push(part(interest.response_body));
        }
    }
    passage.response_body.reverse();
    Ok(())
}

/// Reads the body to its end, shows it to the filters, and holds what became of it.
async fn read_whole(session: &mut Session, exchange: &mut Exchange) -> Result<bool, Fault> {
    let bound = exchange.passage.request_body.iter().map(Part::bound).min();
    let most = exchange.max_body.unwrap_or(u64::MAX);
    let bound = bound
        .unwrap_or(usize::MAX)
        .min(usize::try_from(most).unwrap_or(usize::MAX));
    expect_continue(session).await?;
    let mut whole = BytesMut::new();
    let reading = read(session, bound, &mut whole);
    match exchange.deadline {
        None => reading.await?,
        Some(deadline) => tokio::time::timeout_at(deadline.into(), reading)
            .await
            .map_err(|_| Fault::ClientTimeout)??,
    }
    let shown = body::through_request(session, exchange, whole.freeze(), true).await;
    let body = match shown {
        Ok(body) => body.unwrap_or_default(),
        Err(body::Stop::Fault(fault)) => return Err(fault),
        Err(body::Stop::Reply(index, answer)) => {
            return answer_now(session, exchange, index, *answer).await;
        }
    };
    exchange.passage.request_body.clear();
    let head = session.req_header_mut();
    head.remove_header(&header::TRANSFER_ENCODING);
    head.insert_header(header::CONTENT_LENGTH, body.len())
        .map_err(|_| Fault::Internal)?;
    exchange.passage.hold = Some(Hold::take(session, Some(body)));
    Ok(false)
}

async fn read(session: &mut Session, bound: usize, whole: &mut BytesMut) -> Result<(), Fault> {
    let announced = session.req_header().headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > bound as u64) {
        return Err(Fault::TooLarge);
    }
    loop {
        let chunk: Option<Bytes> = session
            .downstream_session
            .read_request_body()
            .await
            .map_err(|error| match error.etype() {
                pingora::ErrorType::ReadTimedout => Fault::ClientTimeout,
                pingora::ErrorType::InvalidHTTPHeader => Fault::BadRequest,
                _ => Fault::ClientGone,
            })?;
        let Some(chunk) = chunk else { return Ok(()) };
        if whole.len() + chunk.len() > bound {
            return Err(Fault::TooLarge);
        }
        whole.extend_from_slice(&chunk);
    }
}

/// A client that waits for leave to send its body gets it from us, and the endpoint is not
/// asked (RFC 9110, 10.1.1).
async fn expect_continue(session: &mut Session) -> Result<(), Fault> {
    let expects = session.req_header().headers.contains_key(header::EXPECT);
    if expects {
        session.req_header_mut().remove_header(&header::EXPECT);
        let leave = session.downstream_session.write_continue_response().await;
        leave.map_err(|_| Fault::ClientGone)?;
    }
    Ok(())
}

/// An endpoint of HTTP/2 is not asked for leave: Pingora does not pass on what it would say.
///
/// # Errors
/// When the client is gone.
pub async fn answer_expectation(
    session: &mut Session,
    head: &mut RequestHeader,
    exchange: &Exchange,
) -> pingora::Result<()> {
    let http2 = exchange
        .upstream()
        .is_some_and(|upstream| upstream.protocol == Protocol::Http2);
    if http2 && head.headers.contains_key(header::EXPECT) {
        head.remove_header(&header::EXPECT);
        // Its error says that the client is gone, which is found out again at once.
        let _ = expect_continue(session).await;
    }
    Ok(())
}
