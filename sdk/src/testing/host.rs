//! The handle by which a test sets and reads the fakes.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

use super::world::{Metric, Phase, World};
use super::{FilterPlugin, Plugin, Request, Response};
use crate::config::Config;
use crate::http_client::{Failure, Outgoing};
use crate::log::Level;
use crate::{Filter, Reply, Selector};

/// The fake host of this thread. Making one forgets everything that an earlier one knew; two at a
/// time on one thread are the same host.
///
/// ```
/// use std::time::Duration;
/// use tidegate_sdk::prelude::*;
/// use tidegate_sdk::testing::{Host, Metric, Request, Response};
///
/// let host = Host::new();
/// host.request(Request::get("/cart").header("x-user", "ann"));
/// assert_eq!(request::path(), "/cart");
/// host.response(Response::new(404));
/// assert_eq!(response::status(), 404);
///
/// host.in_flight(&[2, 0]);
/// host.latency(&[900, 0]);
/// host.exclude(&[1]);
/// assert_eq!((load::in_flight_of(0), load::latency_of(0)), (2, 900));
/// assert!(load::excluded().contains(1));
///
/// host.seed(7);
/// let first = random::next();
/// host.seed(7);
/// assert_eq!(random::next(), first);
///
/// let began = clock::now();
/// host.advance(Duration::from_secs(5));
/// assert_eq!(clock::now() - began, Duration::from_secs(5));
/// host.set_wall(Duration::from_secs(86_400));
/// assert_eq!(clock::wall().as_secs(), 86_400);
///
/// log::info!("one line");
/// assert_eq!(host.lines(), [(log::Level::Info, "one line".to_owned())]);
/// metrics::Counter::open("hits", "Hits.").add(2);
/// assert_eq!(host.metric("hits"), Some(Metric::Counter(2)));
/// state::Counter::open("turn").add(3);
/// assert_eq!(host.counter("turn"), Some(3));
/// ```
#[derive(Debug)]
pub struct Host {
    /// Not `Send`: it stands for something that belongs to the thread.
    thread: PhantomData<*const ()>,
}

impl Host {
    /// A host that knows nothing: no load, no state, no log lines, a first request for `/` and an
    /// empty response of status 200.
    #[expect(
        clippy::new_without_default,
        reason = "making one has an effect on the thread"
    )]
    pub fn new() -> Self {
        World::with(|world| *world = World::default());
        Host {
            thread: PhantomData,
        }
    }

    /// Configures one instance of a selector from a `config` section, as JSON, with everything that
    /// the real host does: a second call makes a second instance that shares state with the first.
    ///
    /// ```
    /// # use tidegate_sdk::prelude::*;
    /// # use tidegate_sdk::testing::{Host, endpoints};
    /// # struct Turns(state::Counter, i64);
    /// # impl Selector for Turns {
    /// #     type Config = NoConfig;
    /// #     fn configure(_: NoConfig) -> Result<Self, String> { Ok(Turns(state::Counter::open("n"), 1)) }
    /// #     fn update(&mut self, endpoints: Vec<Endpoint>) { self.1 = endpoints.len() as i64; }
    /// #     fn select(&mut self, _: &Excluded) -> Option<Choice> {
    /// #         Some(Choice::at((self.0.add(1) % self.1) as u32))
    /// #     }
    /// # }
    /// let host = Host::new();
    /// let mut on_one_thread = host.plugin::<Turns>("{}").unwrap();
    /// let mut on_another = host.plugin::<Turns>("{}").unwrap();
    /// on_one_thread.update(&endpoints(3));
    /// on_another.update(&endpoints(3));
    /// assert_eq!((on_one_thread.pick(), on_another.pick()), (Some(0), Some(1)));
    /// assert!(host.plugin::<Turns>(r#"{"key": 1}"#).is_err());
    /// ```
    ///
    /// # Errors
    /// What the operator would read.
    pub fn plugin<S: Selector>(&self, config: &str) -> Result<Plugin<S>, String> {
        let selector = World::during(Phase::Setup, || S::configure(S::Config::parse(config)?))?;
        Ok(Plugin::new(selector))
    }

    /// The same for a filter. Several on one host are a chain: each sees the exchange as the calls
    /// before have left it.
    ///
    /// ```
    /// # use tidegate_sdk::prelude::*;
    /// # use tidegate_sdk::testing::{Host, Request};
    /// # struct Knock;
    /// # impl Filter for Knock {
    /// #     type Config = NoConfig;
    /// #     fn configure(_: NoConfig) -> Result<Self, String> { Ok(Knock) }
    /// #     fn on_request(&mut self) -> Verdict {
    /// #         let knocks = request::attribute("knocks").unwrap_or_default();
    /// #         RequestEdits::new().attribute("knocks", knocks + "!").into()
    /// #     }
    /// # }
    /// let host = Host::new();
    /// let mut outer = host.filter::<Knock>("{}").unwrap();
    /// let mut inner = host.filter::<Knock>("{}").unwrap();
    /// host.request(Request::get("/"));
    /// outer.on_request();
    /// inner.on_request();
    /// assert_eq!(request::attribute("knocks").as_deref(), Some("!!"));
    /// ```
    ///
    /// # Errors
    /// What the operator would read.
    pub fn filter<F: Filter>(&self, config: &str) -> Result<FilterPlugin<F>, String> {
        World::during(Phase::Setup, || {
            let filter = F::configure(F::Config::parse(config)?)?;
            let interest = filter.interest();
            Ok(FilterPlugin::new(filter, interest))
        })
    }

    /// The request of the next calls: a new exchange, whose response nobody has changed yet.
    pub fn request(&self, request: Request) {
        World::with(|world| {
            world.request = request;
            world.upstream = None;
            world.response = world.given.clone();
        });
    }

    /// What an endpoint answers from now on, until a filter changes it or answers itself.
    pub fn response(&self, response: Response) {
        World::with(|world| {
            world.given = response.clone();
            world.response = response;
        });
    }

    /// The upstream that filters have sent the request to in place of the route's.
    ///
    /// ```
    /// use tidegate_sdk::prelude::*;
    /// use tidegate_sdk::testing::Host;
    ///
    /// struct Office;
    /// # impl Filter for Office {
    /// #     type Config = NoConfig;
    /// #     fn configure(_: NoConfig) -> Result<Self, String> { Ok(Office) }
    /// #     fn on_request(&mut self) -> Verdict {
    /// #         match http_client::get("office", "/open").send() {
    /// #             Ok(reply) if reply.is_success() => RequestEdits::new().upstream("counter").into(),
    /// #             _ => Reply::new(503).into(),
    /// #         }
    /// #     }
    /// # }
    ///
    /// let host = Host::new();
    /// let mut filter = host.filter::<Office>("{}").unwrap();
    /// host.answers("office", |_| Ok(Reply::new(200)));
    /// filter.on_request();
    /// assert_eq!(host.upstream().as_deref(), Some("counter"));
    /// ```
    pub fn upstream(&self) -> Option<String> {
        World::with(|world| world.upstream.clone())
    }

    /// Grants an upstream to the filters, and says what it answers to callouts.
    ///
    /// ```
    /// use tidegate_sdk::prelude::*;
    /// use tidegate_sdk::testing::Host;
    ///
    /// struct Office;
    /// # impl Filter for Office {
    /// #     type Config = NoConfig;
    /// #     fn configure(_: NoConfig) -> Result<Self, String> { Ok(Office) }
    /// #     fn on_request(&mut self) -> Verdict {
    /// #         match http_client::get("office", "/open").send() {
    /// #             Ok(reply) if reply.is_success() => RequestEdits::new().upstream("counter").into(),
    /// #             _ => Reply::new(503).into(),
    /// #         }
    /// #     }
    /// # }
    ///
    /// let host = Host::new();
    /// let mut filter = host.filter::<Office>("{}").unwrap();
    /// host.answers("office", |_| Err(http_client::Failure::TimedOut));
    /// filter.on_request();
    /// assert_eq!(response::status(), 503);
    /// ```
    pub fn answers(
        &self,
        upstream: &str,
        answer: impl FnMut(&Outgoing) -> Result<Reply, Failure> + 'static,
    ) {
        let answer = Rc::new(RefCell::new(answer));
        World::with(|world| world.answers.insert(upstream.to_owned(), answer));
    }

    /// The callouts that an upstream has got so far.
    ///
    /// ```
    /// use tidegate_sdk::prelude::*;
    /// use tidegate_sdk::testing::Host;
    ///
    /// struct Office;
    /// # impl Filter for Office {
    /// #     type Config = NoConfig;
    /// #     fn configure(_: NoConfig) -> Result<Self, String> { Ok(Office) }
    /// #     fn on_request(&mut self) -> Verdict {
    /// #         match http_client::get("office", "/open").send() {
    /// #             Ok(reply) if reply.is_success() => RequestEdits::new().upstream("counter").into(),
    /// #             _ => Reply::new(503).into(),
    /// #         }
    /// #     }
    /// # }
    ///
    /// let host = Host::new();
    /// let mut filter = host.filter::<Office>("{}").unwrap();
    /// host.answers("office", |_| Ok(Reply::new(200)));
    /// filter.on_request();
    /// assert_eq!(host.callouts()[0].path_and_query, "/open");
    /// ```
    pub fn callouts(&self) -> Vec<Outgoing> {
        World::with(|world| world.callouts.clone())
    }

    /// Requests in flight, by position. What is missing is 0.
    pub fn in_flight(&self, column: &[u32]) {
        World::with(|world| world.in_flight = column.to_vec());
    }

    /// Time to the response head in microseconds, by position. What is missing is 0: unmeasured.
    pub fn latency(&self, column: &[u32]) {
        World::with(|world| world.latency = column.to_vec());
    }

    /// Positions that the exchange must not use; replaces the ones before.
    pub fn exclude(&self, positions: &[u32]) {
        World::with(|world| world.excluded = positions.iter().copied().collect());
    }

    /// Starts the random numbers again from this seed.
    pub fn seed(&self, seed: u64) {
        World::with(|world| world.random = seed);
    }

    /// Moves both clocks forward.
    pub fn advance(&self, time: Duration) {
        World::with(|world| {
            world.now += time;
            world.wall += time;
        });
    }

    /// Sets the wall clock alone.
    pub fn set_wall(&self, since_epoch: Duration) {
        World::with(|world| world.wall = since_epoch);
    }

    /// The lines that were logged so far.
    pub fn lines(&self) -> Vec<(Level, String)> {
        World::with(|world| world.lines.clone())
    }

    /// A series, by the name that the plugin gave it.
    pub fn metric(&self, name: &str) -> Option<Metric> {
        World::with(|world| world.metrics.get(name).cloned())
    }

    /// The value of a state counter; none when nobody opened it.
    pub fn counter(&self, name: &str) -> Option<i64> {
        World::with(|world| world.counters.get(name).copied())
    }
}
