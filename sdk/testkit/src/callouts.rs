//! Upstreams that a filter may call: what the test says they answer.

use std::collections::HashMap;
use std::fmt;

use parking_lot::Mutex;
use tidegate_runtime::{self as runtime, Answering, CalloutFailure, Callouts};
use tidegate_sdk::Reply;
use tidegate_sdk::http_client::{Failure, Outgoing};

use crate::translate;

type Answer = Box<dyn FnMut(&Outgoing) -> Result<Reply, Failure> + Send>;

/// The answers of all upstreams, and the calls that they got.
#[derive(Default)]
pub(crate) struct Fakes {
    answers: Mutex<HashMap<String, Answer>>,
    calls: Mutex<Vec<Outgoing>>,
}

impl Fakes {
    pub(crate) fn answer(&self, upstream: &str, answer: Answer) {
        self.answers.lock().insert(upstream.to_owned(), answer);
    }

    /// The upstreams that a filter is granted.
    pub(crate) fn upstreams(&self) -> Vec<String> {
        self.answers.lock().keys().cloned().collect()
    }

    pub(crate) fn calls(&self) -> Vec<Outgoing> {
        self.calls.lock().clone()
    }
}

impl Callouts for Fakes {
    fn send(&self, request: runtime::Outgoing) -> Answering<'_> {
        let request = translate::outgoing(request);
        let answer = self
            .answers
            .lock()
            .get_mut(&request.upstream)
            .map_or(Err(Failure::Denied), |answer| answer(&request));
        self.calls.lock().push(request);
        let answer = answer.map_err(failure).and_then(translate::reply);
        Box::pin(std::future::ready(answer))
    }
}

fn failure(failure: Failure) -> CalloutFailure {
    match failure {
        Failure::Denied => CalloutFailure::Denied,
        Failure::TimedOut => CalloutFailure::TimedOut,
        Failure::Unavailable => CalloutFailure::Unavailable,
        Failure::TooLarge => CalloutFailure::TooLarge,
        Failure::Invalid => CalloutFailure::Invalid,
    }
}

impl fmt::Debug for Fakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fakes").field(&self.upstreams()).finish()
    }
}
