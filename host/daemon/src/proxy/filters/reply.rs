//! An answer that a filter made, written to the client.

use super::{apply, response};
use crate::proxy::{Exchange, respond};
use bytes::Bytes;
use http::{Method, header};
use pingora::Result;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use tidegate_runtime::Reply;

/// Writes it, after the filters before the one that answered have seen it.
///
/// # Errors
/// When the client is gone.
pub async fn write(session: &mut Session, exchange: &mut Exchange, reply: Reply) -> Result<()> {
    let body = Bytes::from(reply.body);
    let mut head = ResponseHeader::build(reply.status, Some(reply.headers.len() + 2))?;
    let mut last = None;
    for (name, value) in reply.headers {
        last = name.or(last);
        if let Some(name) = &last {
            head.append_header(name.clone(), value)?;
        }
    }
    let bodiless = apply::bodiless(head.status);
    if !bodiless {
        head.insert_header(header::CONTENT_LENGTH, body.len())?;
    }
    respond::insist_on_https(exchange, &mut head)?;
    // A filter that fails now has nothing left to protect: the request goes nowhere.
    let _ = response::run(session, exchange, &mut head).await;
    let bare = bodiless || session.req_header().method == Method::HEAD;
    session.write_response_header(Box::new(head), bare).await?;
    if !bare {
        session.write_response_body(Some(body), true).await?;
    }
    Ok(())
}
