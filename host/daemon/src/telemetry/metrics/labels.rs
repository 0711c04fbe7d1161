//! The label values that are known before the first request.
//!
//! Each set is closed: whatever a client or an endpoint sends is mapped into it, so
//! that nobody outside can make the page grow.

use super::value::Counter;
use tidegate_runtime::FaultKind;

/// A closed set of values of one label.
pub trait Label: Copy + 'static {
    /// Every value, each at its [`Label::position`].
    const ALL: &'static [Self];
    /// Position in [`Label::ALL`].
    fn position(self) -> usize;
    /// The value as the page shows it.
    fn word(self) -> &'static str;
}

/// Declares closed sets.
macro_rules! labels {
    ($($(#[$doc:meta])* $visibility:vis enum $name:ident {
        $($(#[$value_doc:meta])* $value:ident = $word:literal,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $visibility enum $name { $($(#[$value_doc])* $value,)* }

        impl Label for $name {
            const ALL: &'static [Self] = &[$(Self::$value),*];
            fn position(self) -> usize {
                self as usize
            }
            fn word(self) -> &'static str {
                match self { $(Self::$value => $word,)* }
            }
        }
    )*};
}

labels! {
    /// What became of one attempt at an endpoint.
    pub enum AttemptOutcome {
        /// The endpoint answered, and the answer counts as good.
        Success = "success",
        /// No connection: refused, unreachable.
        ConnectFailure = "connect_failure",
        /// No connection in time.
        ConnectTimeout = "connect_timeout",
        /// The connection ended before the answer did.
        Reset = "reset",
        /// No answer in time.
        ResponseTimeout = "response_timeout",
        /// The endpoint answered with a status that counts as a failure.
        Status = "status",
        /// Ended for a reason that says nothing of the endpoint: the client left.
        Unknown = "unknown",
    }

    /// What the attempt before a retry died of.
    pub enum RetryReason {
        /// No connection: refused, unreachable.
        ConnectFailure = "connect_failure",
        /// No connection in time.
        ConnectTimeout = "connect_timeout",
        /// A pooled connection that the endpoint had closed while it was idle.
        StaleConnection = "stale_connection",
        /// The connection ended before the answer did.
        Reset = "reset",
        /// No answer in time.
        ResponseTimeout = "response_timeout",
        /// A status that the route says to retry.
        Status = "status",
    }

    /// Why an attempt that failed was not repeated, though its route retries what it
    /// failed of.
    pub enum RetryRefusal {
        /// Retries had used up their share of the upstream's requests.
        Budget = "budget",
        /// Something was sent, and sending it again may have another effect.
        NotIdempotent = "not_idempotent",
        /// Something of the body was sent and has not been kept.
        NotReplayable = "not_replayable",
        /// No time was left.
        Deadline = "deadline",
        /// All attempts were made.
        Exhausted = "exhausted",
    }

    /// Why an endpoint was ejected as an outlier.
    pub enum Ejection {
        /// Too many answers in a row that count as failures.
        GatewayFailures = "gateway_failures",
        /// Too many attempts in a row without an answer: no connection, a reset, a
        /// timeout.
        LocalFailures = "local_failures",
        /// Its share of successes is far below that of the others.
        SuccessRate = "success_rate",
    }

    /// Why a request did not get a place in an upstream.
    pub enum QueueRefusal {
        /// As many wait as may wait.
        Full = "full",
        /// It waited as long as it may.
        Timeout = "timeout",
    }

    /// Why the host chose an endpoint instead of the selector.
    pub enum FallbackReason {
        /// The call failed, or its answer was refused.
        Fault = "fault",
        /// The selector answered that it has no opinion.
        NoOpinion = "no_opinion",
        /// The plugin is set aside after many faults.
        Quarantined = "quarantined",
        /// The endpoints it chose had no room left, each time it was asked.
        Full = "full",
    }

    /// The call into a plugin, by its name in the contract.
    pub enum Phase {
        /// A selector chooses.
        Select = "select",
        /// A filter sees the request.
        OnRequest = "on_request",
        /// A filter sees a piece of the request's body.
        OnRequestBody = "on_request_body",
        /// A filter sees the head of the response.
        OnResponse = "on_response",
        /// A filter sees a piece of the response's body.
        OnResponseBody = "on_response_body",
    }

    /// What a filter made of an exchange, other than letting it pass.
    pub enum Deed {
        /// It changed the head of the request or of the response.
        Edit = "edit",
        /// It answered, or ended the exchange with an answer of its own.
        Answer = "answer",
        /// It replaced a piece of a body.
        Replace = "replace",
    }

    /// How a reload ended.
    pub(super) enum ReloadResult {
        /// The new configuration runs.
        Applied = "applied",
        /// It was refused, and nothing changed.
        Refused = "refused",
    }

    /// Methods by name: those of RFC 9110, section 9, and PATCH (RFC 5789).
    pub(super) enum Method {
        /// GET
        Get = "GET",
        /// HEAD
        Head = "HEAD",
        /// POST
        Post = "POST",
        /// PUT
        Put = "PUT",
        /// DELETE
        Delete = "DELETE",
        /// CONNECT
        Connect = "CONNECT",
        /// OPTIONS
        Options = "OPTIONS",
        /// TRACE
        Trace = "TRACE",
        /// PATCH
        Patch = "PATCH",
        /// Whatever else a client makes up.
        Other = "other",
    }
}

impl From<&http::Method> for Method {
    fn from(method: &http::Method) -> Self {
        match *method {
            http::Method::GET => Self::Get,
            http::Method::HEAD => Self::Head,
            http::Method::POST => Self::Post,
            http::Method::PUT => Self::Put,
            http::Method::DELETE => Self::Delete,
            http::Method::CONNECT => Self::Connect,
            http::Method::OPTIONS => Self::Options,
            http::Method::TRACE => Self::Trace,
            http::Method::PATCH => Self::Patch,
            _ => Self::Other,
        }
    }
}

impl Label for FaultKind {
    const ALL: &'static [Self] = &FaultKind::ALL;
    fn position(self) -> usize {
        self as usize
    }
    fn word(self) -> &'static str {
        self.as_str()
    }
}

/// One counter for each value of a label.
pub(super) struct Counters<L> {
    counters: Box<[Counter]>,
    label: std::marker::PhantomData<fn(L)>,
}

impl<L: Label> Counters<L> {
    pub(super) fn new() -> Self {
        let counters = L::ALL.iter().map(|_| Counter::default()).collect();
        Self {
            counters,
            label: std::marker::PhantomData,
        }
    }

    pub(super) fn of(&self, value: L) -> &Counter {
        &self.counters[value.position()]
    }

    /// Every value with its counter: a series that is known to exist is on the page
    /// from the start, so that a rate over its first failure is not lost.
    pub(super) fn each(&self) -> impl Iterator<Item = (&'static str, &Counter)> {
        L::ALL.iter().map(|&value| (value.word(), self.of(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions_fit<L: Label>() {
        for (position, value) in L::ALL.iter().enumerate() {
            assert_eq!(value.position(), position, "{}", value.word());
        }
    }

    #[test]
    fn every_value_is_at_its_position() {
        positions_fit::<AttemptOutcome>();
        positions_fit::<RetryReason>();
        positions_fit::<RetryRefusal>();
        positions_fit::<Ejection>();
        positions_fit::<QueueRefusal>();
        positions_fit::<FallbackReason>();
        positions_fit::<Phase>();
        positions_fit::<Deed>();
        positions_fit::<ReloadResult>();
        positions_fit::<Method>();
        positions_fit::<FaultKind>();
    }

    #[test]
    fn methods_that_clients_invent_share_one_value() {
        for known in &Method::ALL[..Method::ALL.len() - 1] {
            let method = http::Method::from_bytes(known.word().as_bytes()).unwrap();
            assert_eq!(Method::from(&method), *known);
        }
        let invented = http::Method::from_bytes(b"BREW").unwrap();
        assert_eq!(Method::from(&invented), Method::Other);
        let lower = http::Method::from_bytes(b"get").unwrap();
        assert_eq!(Method::from(&lower), Method::Other);
    }
}
