//! The answer to what is no request: there is no exchange yet, and no route. The connection
//! ends with it, since nobody can say where the next request would begin.

use super::Service;
use super::note::Noted;
use crate::proxy::{Downstream, Link};
use http::StatusCode;
use std::time::Duration;
use tidegate_wire::http1::Violation;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// How long the client may take to read its answer and to leave.
const PATIENCE: Duration = Duration::from_secs(1);
/// How much it may still send: a socket that is closed while something waits in it is reset,
/// and a reset destroys the answer.
const MOST_DISCARDED: u64 = 64 << 10;

/// Why it is no request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Refused {
    /// It cannot be read in one way, or is too large.
    Bad(Violation),
    /// Its head did not come in time.
    Late,
    /// Its method is none that is served.
    Method,
}

impl Refused {
    fn status(self) -> StatusCode {
        match self {
            Self::Bad(violation) => {
                StatusCode::from_u16(violation.status()).unwrap_or(StatusCode::BAD_REQUEST)
            }
            Self::Late => StatusCode::REQUEST_TIMEOUT,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Bad(violation) => violation.sentence(),
            Self::Late => "the request did not arrive in time",
            Self::Method => "this method is not served here",
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Bad(violation) => violation.as_str(),
            Self::Late => "client_timeout",
            Self::Method => "method",
        }
    }
}

impl Service {
    /// The line of what was written in no protocol that could be answered in.
    pub(super) fn leave_unanswered(&self, link: &Link, wrong: Violation) {
        let noted = Noted {
            fault: wrong.as_str(),
            protocol: "-",
            status: None,
            bytes_out: 0,
        };
        self.note(link, &noted);
    }

    /// Tells the client, counts, and writes the line that every request has.
    pub(super) async fn refuse(&self, mut stream: Downstream, link: &Link, why: Refused) {
        let status = why.status();
        let reason = status.canonical_reason().unwrap_or("Error");
        let body = format!("{} {reason}: {}\n", status.as_u16(), why.sentence());
        let allow = match why {
            Refused::Method => "allow: GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH\r\n",
            Refused::Bad(_) | Refused::Late => "",
        };
        let head = format!(
            "HTTP/1.1 {} {reason}\r\n\
             content-type: text/plain; charset=utf-8\r\n\
             content-length: {}\r\n\
             cache-control: no-store\r\n\
             {allow}connection: close\r\n\r\n",
            status.as_u16(),
            body.len(),
        );
        let noted = Noted {
            fault: why.as_str(),
            protocol: "HTTP/1.1",
            status: Some(status.as_u16()),
            bytes_out: body.len() as u64,
        };
        self.note(link, &noted);
        // RFC 9110, 9.3.2: whatever else is wrong, this much is clear.
        let body = if stream.asks_for_head() { "" } else { &*body };
        let telling = async {
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(body.as_bytes()).await?;
            stream.shutdown().await?;
            let mut rest = stream.into_socket().take(MOST_DISCARDED);
            tokio::io::copy(&mut rest, &mut tokio::io::sink()).await
        };
        // Nobody is left to be told of an error, nor of a client that takes its time.
        let _ = timeout(PATIENCE, telling).await;
    }
}
