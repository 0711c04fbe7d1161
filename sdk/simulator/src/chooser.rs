//! What the simulation asks of a selector, and what it lets it see.

use crate::columns::Columns;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// One instance of a selector, for one thread of one proxy.
pub trait Chooser {
    /// The list that the next calls choose from. It is never empty.
    fn update(&mut self, list: &Arc<List>, now: u64);

    /// Which endpoint gets this attempt.
    fn select(&mut self, asked: &Asked<'_>) -> Answer;
}

/// What a chooser answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// That one.
    Chose(Choice),
    /// Whichever: the host's fallback chooses.
    NoOpinion,
    /// It failed, and the fallback chooses.
    Fault,
}

/// A choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Position in the list.
    pub index: u32,
    /// Values of `set-cookie` fields for the response, if this endpoint is the one that answers.
    pub cookies: Vec<String>,
}

/// One attempt, as a selector may see it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Nanoseconds since the beginning.
    pub now: u64,
    /// Number of the client.
    pub client: u32,
    /// Its address.
    pub address: Ipv4Addr,
    /// The path.
    pub path: &'a str,
    /// The value of the field `x-key`.
    pub key: &'a str,
    /// Cookies of the client, besides `session`, which is its number.
    pub cookies: &'a [(String, String)],
    /// Whether the method is GET; otherwise it is POST.
    pub idempotent: bool,
    /// 0 on the first attempt.
    pub attempt: u32,
    /// Positions in the list that must not be chosen, each once.
    pub excluded: &'a [u32],
}

/// The endpoints that may be chosen now.
#[derive(Clone, Debug)]
pub struct List {
    /// As the selector knows them.
    pub endpoints: Vec<Endpoint>,
    /// What is known of their load.
    pub view: View,
}

/// One endpoint, as the selector knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The same in every proxy and in every list.
    pub id: u64,
    /// Host and port.
    pub address: String,
    /// Its share of the work as it is now: slow start counts.
    pub weight: u32,
    /// Its zone.
    pub zone: Option<String>,
    /// Its labels.
    pub labels: Vec<(String, String)>,
    /// Whether it takes no new sessions.
    pub draining: bool,
}

/// The load, by position in the list that it came with.
#[derive(Clone, Debug)]
pub struct View {
    pub(crate) columns: Arc<Columns>,
    /// Position in the list to position in the upstream, ascending.
    pub(crate) members: Arc<[u32]>,
}

impl View {
    /// Requests in flight; 0 for a position that does not exist.
    pub fn in_flight_of(&self, index: u32) -> u32 {
        self.place(index)
            .map_or(0, |place| self.columns.in_flight_of(place))
    }

    /// Requests in flight, for every position.
    pub fn in_flight(&self) -> Vec<u32> {
        let column = self.members.iter();
        column
            .map(|place| self.columns.in_flight_of(*place))
            .collect()
    }

    /// The sum over all endpoints of the proxy.
    pub fn total(&self) -> u32 {
        self.columns.total()
    }

    /// Average time to the response head in microseconds; 0 before the first answer and for a
    /// position that does not exist.
    pub fn latency_of(&self, index: u32) -> u32 {
        self.place(index)
            .map_or(0, |place| self.columns.latency_of(place))
    }

    /// The same for every position.
    pub fn latency(&self) -> Vec<u32> {
        let column = self.members.iter();
        column
            .map(|place| self.columns.latency_of(*place))
            .collect()
    }

    fn place(&self, index: u32) -> Option<u32> {
        self.members.get(index as usize).copied()
    }
}
