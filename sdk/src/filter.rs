//! The trait that a filter implements, and nothing else.

use crate::config::Config;
use crate::{BodyVerdict, Interest, ResponseEdits, Verdict};

/// A plugin that sees requests before they are forwarded, and their responses.
///
/// Only `configure` must be written. The host calls what [`interest`](Self::interest) asks for, one
/// call at a time for each instance. Any instance serves any call of any exchange, unless the
/// operator says `isolation: per_request`: what a later phase needs goes into an attribute
/// ([`RequestEdits::attribute`](crate::RequestEdits::attribute)) or into [`state`](crate::state),
/// and memory is for caches.
///
/// A panic, or a call that takes longer than the operator's deadline, costs this instance. By the
/// operator's choice the exchange is refused with 503 or goes on as if the filter had passed; the
/// message of the panic is in the host's log.
///
/// One that does all of it: the endpoint learns who asks, but no number of a card, and the client
/// does not learn what it is served by.
///
/// ```
/// use tidegate_sdk::prelude::*;
/// # use tidegate_sdk::testing::{Host, Request, Response};
///
/// struct Discreet;
///
/// impl Filter for Discreet {
///     type Config = NoConfig;
///
///     fn configure(_: NoConfig) -> Result<Self, String> {
///         Ok(Discreet)
///     }
///
///     fn interest(&self) -> Interest {
///         let both = Interest::REQUEST.response();
///         both.request_body(BodyMode::Buffered).response_body(BodyMode::Streamed)
///     }
///
///     fn on_request(&mut self) -> Verdict {
///         RequestEdits::new().set("x-asks", request::client_address()).into()
///     }
///
///     fn on_request_body(&mut self, chunk: &[u8], _last: bool) -> BodyVerdict {
///         match chunk.starts_with(b"card=") {
///             true => BodyVerdict::replace("card=****"),
///             false => BodyVerdict::Pass,
///         }
///     }
///
///     fn on_response(&mut self) -> Option<ResponseEdits> {
///         Some(ResponseEdits::new().remove("server"))
///     }
///
///     fn on_response_body(&mut self, chunk: &[u8], _last: bool) -> BodyVerdict {
///         BodyVerdict::replace(chunk.to_ascii_lowercase())
///     }
/// }
///
/// # let host = Host::new();
/// # let mut filter = host.filter::<Discreet>("{}").unwrap();
/// host.request(Request::new("POST", "/pay"));
/// filter.on_request();
/// assert_eq!(request::header("x-asks").as_deref(), Some(&b"192.0.2.1"[..]));
/// assert_eq!(filter.request_body(&[b"car", b"d=17"]).unwrap(), b"card=****");
/// host.response(Response::new(200).header("server", "secret/1.0"));
/// filter.on_response();
/// assert_eq!(response::header("server"), None);
/// assert_eq!(filter.response_body(&[b"PA", b"ID"]).unwrap(), b"paid");
/// ```
pub trait Filter: Sized + 'static {
    /// The filter's `config` section of the operator's file. Derive `serde::Deserialize` with
    /// `#[serde(deny_unknown_fields)]`: a misspelt key is then refused with its path instead of
    /// being ignored. [`NoConfig`](crate::NoConfig) refuses every key.
    type Config: Config;

    /// Makes an instance, once, before anything else. Open counters, buckets and metrics here.
    ///
    /// # Errors
    /// The message refuses the operator's file as a whole and is shown to them with its place, so
    /// it says what to write instead. The same configuration must always get the same answer.
    fn configure(config: Self::Config) -> Result<Self, String>;

    /// What the host is to call and to hold, asked once after `configure`. What is not named costs
    /// nothing, and is not called. Unless it is written: [`on_request`](Self::on_request) alone.
    fn interest(&self) -> Interest {
        Interest::REQUEST
    }

    /// Once for a request, when its route is known and nothing was sent upstream; after the edits
    /// of the filters before this one. [`http_client`](crate::http_client) works here.
    fn on_request(&mut self) -> Verdict {
        Verdict::Pass
    }

    /// A piece of the request's body, as [`Interest::request_body`] asked for it. `last` comes
    /// once, perhaps with an empty chunk. [`http_client`](crate::http_client) works here.
    fn on_request_body(&mut self, chunk: &[u8], last: bool) -> BodyVerdict {
        let _ = (chunk, last);
        BodyVerdict::Pass
    }

    /// Once for the head of the response that the client is to get, the host's own and other
    /// filters' answers included. [`response`](crate::response) tells what stands in it.
    fn on_response(&mut self) -> Option<ResponseEdits> {
        None
    }

    /// A piece of the response's body, as [`Interest::response_body`] asked for it. `last` comes
    /// once if the response comes to its end. Not called for answers of the host and of filters.
    fn on_response_body(&mut self, chunk: &[u8], last: bool) -> BodyVerdict {
        let _ = (chunk, last);
        BodyVerdict::Pass
    }
}
