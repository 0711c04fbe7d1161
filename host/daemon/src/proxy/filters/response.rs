//! The head of the response on its way back through the filters.

use super::apply;
use super::ask::{self, Heads};
use super::body::Part;
use crate::proxy::Exchange;
use crate::proxy::fault::Fault;
use crate::telemetry::{Deed, Phase};
use http::{Method, StatusCode, Version, header};
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use tidegate_runtime::{BodyMode, Interest};

/// Asks the filters in the reverse order, once in an exchange.
///
/// # Errors
/// The fault to refuse with instead.
pub async fn run(
    session: &mut Session,
    exchange: &mut Exchange,
    head: &mut ResponseHeader,
) -> Result<(), Fault> {
    let nobody = exchange.passage.met | exchange.passage.missed == 0;
    if nobody || std::mem::replace(&mut exchange.passage.answered, true) {
        return Ok(());
    }
    ask::missed(exchange, |interest| interest.response, Phase::OnResponse)?;
    if has_body(session, head) {
        let asks = |interest: Interest| interest.response_body != BodyMode::Skip;
        ask::missed(exchange, asks, Phase::OnResponseBody)?;
    }
    let answered = exchange
        .attempt
        .as_ref()
        .is_some_and(|attempt| attempt.answered.is_some());
    let endpoint = exchange.endpoint().filter(|_| answered);
    let endpoint = endpoint.map(|endpoint| endpoint.name.clone());
    if let Some(view) = &mut exchange.view {
        view.set_endpoint(endpoint);
    }
    for index in (0..exchange.passage.visits.len()).rev() {
        let interest = exchange.passage.visits[index].filter().interest();
        if !interest.response || exchange.passage.met & 1 << index == 0 {
            continue;
        }
        let mut heads = Heads {
            request: session.req_header_mut(),
            response: Some(head),
        };
        let begun = ask::begin(exchange, index, Phase::OnResponse, &mut heads, None)?;
        let Some((call, view)) = begun else { continue };
        let filter = call.filter.clone();
        let answered = exchange.passage.visits[index].on_response(view).await;
        let Some(Some(edits)) = ask::end(exchange, call, &mut heads, answered)? else {
            continue;
        };
        let status = edits.status;
        match apply::response(head, edits).map_err(|_| Fault::Internal)? {
            true => filter.warden.series().deed(Deed::Edit),
            false => {
                let (was, status) = (head.status.as_u16(), status.map_or(0, |s| s.as_u16()));
                let message = format!("the status {status}, which has no body, in place of {was}");
                ask::refuse_answer(exchange, &filter, Phase::OnResponse, message)?;
            }
        }
    }
    Ok(())
}

/// Prepares the way of the body that follows this head: its length is not what the endpoint
/// said any more.
pub fn begin_body(session: &mut Session, exchange: &mut Exchange, head: &mut ResponseHeader) {
    if exchange.passage.response_body.is_empty() {
        return;
    }
    if !has_body(session, head) {
        exchange.passage.response_body.clear();
        return;
    }
    exchange.passage.head = Some(head.clone());
    head.remove_header(&header::CONTENT_LENGTH);
    // Ranges and digests of the endpoint's body are not those of another.
    head.remove_header(&header::ACCEPT_RANGES);
    let chunked = session.req_header().version == Version::HTTP_11;
    if chunked && !head.headers.contains_key(header::TRANSFER_ENCODING) {
        // A literal name and value: there is room for one that was just removed.
        let _ = head.insert_header(header::TRANSFER_ENCODING, "chunked");
    } else if !chunked {
        session.set_keepalive(None);
    }
    let buffered = exchange.passage.response_body.iter().any(Part::is_buffered);
    if let Some(hold) = exchange.passage.hold.as_ref().filter(|_| buffered) {
        hold.hold_response();
    }
}

fn has_body(session: &Session, head: &ResponseHeader) -> bool {
    let length = head.headers.get(header::CONTENT_LENGTH);
    session.req_header().method != Method::HEAD
        && length.is_none_or(|length| length != "0")
        && !apply::bodiless(head.status)
        && head.status != StatusCode::SWITCHING_PROTOCOLS
}
