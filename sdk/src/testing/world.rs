//! All that the fakes of one thread know.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use super::{Request, Response};
use crate::Reply;
use crate::http_client::{Failure, Outgoing};
use crate::log::Level;

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::default());
}

/// A series that a plugin wrote.
///
/// ```
/// use tidegate_sdk::metrics::Histogram;
/// use tidegate_sdk::testing::{Host, Metric};
///
/// let host = Host::new();
/// Histogram::open("seconds", "Time of a check.", &[0.1, 1.0]).observe(0.2);
/// assert_eq!(host.metric("seconds"), Some(Metric::Histogram(vec![0.2])));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Metric {
    /// The sum of what was added.
    Counter(u64),
    /// The value last set.
    Gauge(f64),
    /// Every observed value, in order.
    Histogram(Vec<f64>),
}

/// What of a plugin runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing: the test itself, which may read the whole exchange.
    Test,
    /// `configure` or `update`: there is no exchange.
    Setup,
    Select,
    Request,
    RequestBody,
    Response,
    ResponseBody,
}

/// What an upstream says to callouts.
pub(super) type Answer = Rc<RefCell<dyn FnMut(&Outgoing) -> Result<Reply, Failure>>>;

pub(super) struct World {
    pub phase: Phase,
    pub request: Request,
    /// Where filters have sent the request.
    pub upstream: Option<String>,
    /// What an endpoint answers.
    pub given: Response,
    /// What the client gets of it.
    pub response: Response,
    pub answers: BTreeMap<String, Answer>,
    pub callouts: Vec<Outgoing>,
    /// How many the current call of a filter has made.
    pub callouts_of_call: u32,
    pub in_flight: Vec<u32>,
    pub latency: Vec<u32>,
    pub excluded: BTreeSet<u32>,
    pub random: u64,
    pub now: Duration,
    pub wall: Duration,
    pub counters: BTreeMap<String, i64>,
    pub buckets: BTreeMap<String, Bucket>,
    pub values: BTreeMap<String, Value>,
    pub metrics: BTreeMap<String, Metric>,
    pub lines: Vec<(Level, String)>,
}

/// Tokens of each key, and when they were counted.
type Bucket = BTreeMap<String, (f64, Duration)>;

#[derive(Clone)]
pub(super) struct Value {
    pub bytes: Vec<u8>,
    pub until: Option<Duration>,
}

impl Default for World {
    fn default() -> Self {
        World {
            phase: Phase::Test,
            request: Request::get("/"),
            upstream: None,
            given: Response::new(200),
            response: Response::new(200),
            answers: BTreeMap::new(),
            callouts: Vec::new(),
            callouts_of_call: 0,
            in_flight: Vec::new(),
            latency: Vec::new(),
            excluded: BTreeSet::new(),
            random: 0,
            now: Duration::from_secs(1),
            wall: Duration::from_secs(1_700_000_000),
            counters: BTreeMap::new(),
            buckets: BTreeMap::new(),
            values: BTreeMap::new(),
            metrics: BTreeMap::new(),
            lines: Vec::new(),
        }
    }
}

impl World {
    /// Runs `f` on the world of this thread. `f` must not call a plugin.
    pub fn with<T>(f: impl FnOnce(&mut World) -> T) -> T {
        WORLD.with_borrow_mut(f)
    }

    /// Runs `f`, which is that phase of a plugin.
    pub fn during<T>(phase: Phase, f: impl FnOnce() -> T) -> T {
        World::with(|world| {
            world.phase = phase;
            world.callouts_of_call = 0;
        });
        let result = f();
        World::with(|world| world.phase = Phase::Test);
        result
    }

    /// What `f` reads of the exchange, or nothing when there is none.
    pub fn exchange<T: Default>(f: impl FnOnce(&World, &Request) -> T) -> T {
        World::with(|world| match world.phase {
            Phase::Setup => T::default(),
            _ => f(world, &world.request),
        })
    }

    /// What `f` reads of the response, or nothing where there is none yet.
    pub fn answered<T: Default>(f: impl FnOnce(&Response) -> T) -> T {
        World::with(|world| match world.phase {
            Phase::Test | Phase::Response | Phase::ResponseBody => f(&world.response),
            _ => T::default(),
        })
    }

    /// The value of a key that has not ended.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.values
            .get(key)
            .filter(|value| value.until.is_none_or(|until| self.now < until))
    }
}
