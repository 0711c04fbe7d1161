//! One instance of a filter under test, held to its duties.

use std::fmt;

use super::world::{Phase, World};
use super::{Response, duties};
use crate::{BodyMode, BodyVerdict, Filter, Interest, Reply, RequestEdits, ResponseEdits, Verdict};

/// A configured instance. [`Host::filter`](super::Host::filter) makes it.
///
/// What a call answers is applied to the exchange of the host, so that the next call, of this
/// filter or of another one, sees it: `request::header("x-user")`, `response::status()`. The test
/// itself may ask so too.
///
/// ```
/// use tidegate_sdk::prelude::*;
/// use tidegate_sdk::testing::{FilterPlugin, Host, Request};
///
/// /// Nothing goes in that has `drop` in it; `DROP` comes out nowhere.
/// struct Careful;
/// # impl Filter for Careful {
/// #     type Config = NoConfig;
/// #     fn configure(_: NoConfig) -> Result<Self, String> { Ok(Careful) }
/// #     fn interest(&self) -> Interest {
/// #         let heads = Interest::REQUEST.response();
/// #         heads.request_body(BodyMode::Buffered).response_body(BodyMode::Streamed)
/// #     }
/// #     fn on_request_body(&mut self, chunk: &[u8], _: bool) -> BodyVerdict {
/// #         match chunk.windows(4).any(|word| word == b"drop") {
/// #             true => Reply::new(400).into(),
/// #             false => BodyVerdict::Pass,
/// #         }
/// #     }
/// #     fn on_response(&mut self) -> Option<ResponseEdits> {
/// #         Some(ResponseEdits::new().set("x-careful", "yes"))
/// #     }
/// #     fn on_response_body(&mut self, chunk: &[u8], _: bool) -> BodyVerdict {
/// #         BodyVerdict::replace(String::from_utf8_lossy(chunk).replace("DROP", ""))
/// #     }
/// # }
///
/// let host = Host::new();
/// let mut filter: FilterPlugin<Careful> = host.filter("{}").unwrap();
/// assert_eq!(filter.interest().request_body, BodyMode::Buffered);
/// host.request(Request::new("POST", "/"));
/// assert_eq!(filter.on_request(), Verdict::Pass);
/// // A body as the network cuts it: the filter gets it as it has asked for it.
/// assert_eq!(filter.request_body(&[b"dr", b"op it"]).unwrap_err().status, 400);
/// assert_eq!(filter.on_request_body(b"keep it", true), BodyVerdict::Pass);
/// filter.on_response();
/// assert_eq!(response::header("x-careful").as_deref(), Some(&b"yes"[..]));
/// assert_eq!(filter.response_body(&[b"a DROP ", b"b"]).unwrap(), b"a  b");
/// assert_eq!(filter.on_response_body(b"c", true), BodyVerdict::replace("c"));
/// let Careful = filter.inner();
/// ```
pub struct FilterPlugin<F> {
    filter: F,
    interest: Interest,
}

/// Without the filter, which need not be `Debug`.
impl<F> fmt::Debug for FilterPlugin<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilterPlugin")
            .field("interest", &self.interest)
            .finish_non_exhaustive()
    }
}

/// Every call panics when the answer is what the real host calls a fault, and when the filter did
/// not ask to be called.
#[expect(clippy::missing_panics_doc, reason = "said once, above")]
impl<F: Filter> FilterPlugin<F> {
    pub(super) fn new(filter: F, interest: Interest) -> Self {
        FilterPlugin { filter, interest }
    }

    /// The head of the request.
    pub fn on_request(&mut self) -> Verdict {
        assert!(self.interest.request, "the filter did not ask for requests");
        let verdict = World::during(Phase::Request, || self.filter.on_request());
        match &verdict {
            Verdict::Pass => (),
            Verdict::Edit(edits) => edit(edits),
            Verdict::Answer(reply) => answer(reply),
        }
        verdict
    }

    /// A piece of the request's body.
    pub fn on_request_body(&mut self, chunk: &[u8], last: bool) -> BodyVerdict {
        asked(self.interest.request_body, last);
        let verdict = World::during(Phase::RequestBody, || {
            self.filter.on_request_body(chunk, last)
        });
        if let BodyVerdict::Abort(reply) = &verdict {
            answer(reply);
        }
        verdict
    }

    /// The head of the response.
    pub fn on_response(&mut self) -> Option<ResponseEdits> {
        assert!(
            self.interest.response,
            "the filter did not ask for responses"
        );
        let edits = World::during(Phase::Response, || self.filter.on_response())?;
        promised(duties::response_edits(&edits));
        World::with(|world| world.response.apply(&edits));
        Some(edits)
    }

    /// A piece of the response's body.
    pub fn on_response_body(&mut self, chunk: &[u8], last: bool) -> BodyVerdict {
        asked(self.interest.response_body, last);
        let verdict = World::during(Phase::ResponseBody, || {
            self.filter.on_response_body(chunk, last)
        });
        match &verdict {
            BodyVerdict::Abort(reply) if self.interest.response_body == BodyMode::Buffered => {
                answer(reply);
            }
            // The response has begun: the client sees an error and not the reply.
            BodyVerdict::Abort(reply) => promised(duties::reply(reply)),
            BodyVerdict::Pass | BodyVerdict::Replace(_) => (),
        }
        verdict
    }

    /// A whole request body, as the network might cut it: the filter gets it as it has asked. What
    /// goes on.
    ///
    /// # Errors
    /// The reply that ends the exchange.
    pub fn request_body(&mut self, chunks: &[&[u8]]) -> Result<Vec<u8>, Reply> {
        pass(self.interest.request_body, chunks, |chunk, last| {
            self.on_request_body(chunk, last)
        })
    }

    /// A whole response body.
    ///
    /// # Errors
    /// As [`request_body`](Self::request_body).
    pub fn response_body(&mut self, chunks: &[&[u8]]) -> Result<Vec<u8>, Reply> {
        pass(self.interest.response_body, chunks, |chunk, last| {
            self.on_response_body(chunk, last)
        })
    }

    /// What the filter asked for.
    pub fn interest(&self) -> Interest {
        self.interest
    }

    /// The author's own type, for what only it can tell.
    pub fn inner(&self) -> &F {
        &self.filter
    }
}

fn edit(edits: &RequestEdits) {
    promised(duties::request_edits(edits));
    World::with(|world| {
        world.request.apply(edits);
        promised(duties::attributes(&world.request.attributes));
        if let Some(upstream) = &edits.upstream {
            world.upstream = Some(upstream.clone());
        }
    });
}

fn answer(reply: &Reply) {
    promised(duties::reply(reply));
    World::with(|world| world.response = Response::from(reply));
}

fn asked(mode: BodyMode, last: bool) {
    match mode {
        BodyMode::Skip => panic!("the filter did not ask for this body"),
        BodyMode::Streamed => (),
        BodyMode::Buffered => assert!(last, "a buffered body comes in one call, the last"),
    }
}

fn pass(
    mode: BodyMode,
    chunks: &[&[u8]],
    mut call: impl FnMut(&[u8], bool) -> BodyVerdict,
) -> Result<Vec<u8>, Reply> {
    let whole = chunks.concat();
    let chunks = match mode {
        BodyMode::Skip => return Ok(whole),
        BodyMode::Streamed => chunks,
        BodyMode::Buffered => &[&whole[..]],
    };
    let mut passed = Vec::new();
    for (i, chunk) in chunks.iter().enumerate() {
        match call(chunk, i + 1 == chunks.len()) {
            BodyVerdict::Pass => passed.extend_from_slice(chunk),
            BodyVerdict::Replace(other) => passed.extend(other),
            BodyVerdict::Abort(reply) => return Err(reply),
        }
    }
    Ok(passed)
}

fn promised(duty: Result<(), String>) {
    if let Err(fault) = duty {
        panic!("the host calls this a fault: {fault}");
    }
}
