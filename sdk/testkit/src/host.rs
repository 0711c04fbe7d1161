//! The host as a test sets and reads it: one upstream of a proxy.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use parking_lot::Mutex;
use tidegate_runtime::{
    Ambient, Endpoints, Exchange, Limits, LoadError, Options, Place, Sandbox, Selector, Simulated,
    Use,
};
use tidegate_sdk::Endpoint;
use tidegate_sdk::log::Level;
use tidegate_sdk::testing::Metric;
use tracing::Dispatch;

use crate::cache;
use crate::callouts::Fakes;
use crate::lines::Lines;
use crate::load::{Columns, View};
use crate::series::Series;
use crate::{Component, Failure, FilterPlugin, Outgoing, Plugin, Reply, Request, translate};

/// One engine for the process, as in the proxy. What it compiles it keeps for the next process.
pub(crate) static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| {
    let options = Options {
        cache: cache::directory(),
        ..Options::default()
    };
    Sandbox::new(options).expect("this machine can run the sandbox")
});

/// The sandbox in which all hosts of this process run what they are given.
pub fn sandbox() -> &'static Sandbox {
    &SANDBOX
}

/// While there is one subscriber only, tracing decides by the thread that meets a line first
/// whether anybody wants it; that may be a thread of the sandbox's own, which has none.
static ANOTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Lines::default()));

/// The host of one upstream. Plugins made by one host share state, load, lines and metrics;
/// two hosts share nothing, so tests do not meet.
pub struct Host(pub(crate) Arc<World>);

/// All that one host knows.
pub(crate) struct World {
    upstream: String,
    limits: Mutex<Limits>,
    pub(crate) request: Mutex<Request>,
    columns: Arc<Columns>,
    lines: Lines,
    dispatch: Dispatch,
    series: Series,
    simulated: Option<Arc<Simulated>>,
    pub(crate) callouts: Arc<Fakes>,
}

impl Host {
    /// A host that knows nothing: no load, no state, no lines, the proxy's own limits, and a
    /// first request for `/`.
    #[expect(clippy::new_without_default, reason = "each is a world of its own")]
    pub fn new() -> Self {
        Host::with(None)
    }

    /// The same with a clock that stands until [`advance`](Self::advance) moves it, and with
    /// random numbers that follow from the seed. On the wall the clock begins that long after
    /// the Unix epoch.
    pub fn simulated(wall: Duration, seed: u64) -> Self {
        Host::with(Some(Simulated::new(wall, seed)))
    }

    fn with(simulated: Option<Arc<Simulated>>) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        LazyLock::force(&ANOTHER);
        let lines = Lines::default();
        Host(Arc::new(World {
            upstream: format!("test-{}", NUMBER.fetch_add(1, Ordering::Relaxed)),
            limits: Mutex::default(),
            request: Mutex::new(Request::get("/")),
            columns: Arc::default(),
            dispatch: Dispatch::new(lines.clone()),
            lines,
            series: Series::default(),
            simulated,
            callouts: Arc::default(),
        }))
    }

    /// Loads, configures and starts a plugin with that list, as at the start of a proxy.
    /// `config` is its `config` section as JSON.
    ///
    /// # Errors
    /// What the operator would read.
    ///
    /// # Panics
    /// When the list is empty: a selector is never asked to choose from nothing.
    pub fn plugin(
        &self,
        component: &Component,
        config: &str,
        endpoints: &[Endpoint],
    ) -> Result<Plugin, LoadError> {
        let endpoints = self.0.endpoints(endpoints);
        let selector = self.0.selector(component, config, &endpoints)?;
        Ok(Plugin::new(self.0.clone(), selector, endpoints))
    }

    /// The list as the sandbox has it, with the load of this host: for who speaks to the sandbox
    /// without a [`Plugin`].
    ///
    /// # Panics
    /// When the list is empty.
    pub fn list(&self, endpoints: &[Endpoint]) -> Arc<Endpoints> {
        self.0.endpoints(endpoints)
    }

    /// Loads, configures and starts a filter, as at the start of a proxy. It is granted the
    /// upstreams that [`answers`](Self::answers) has named.
    ///
    /// # Errors
    /// What the operator would read.
    pub fn filter(&self, component: &Component, config: &str) -> Result<FilterPlugin, LoadError> {
        let world = &self.0;
        let component = component.compiled()?;
        let mut limits = world.limits.lock().clone();
        limits.http.extend(world.callouts.upstreams());
        let purpose = Use {
            plugin: "plugin".to_owned(),
            place: Place::Route(world.upstream.clone(), 0),
            config: config.to_owned(),
            limits,
            series: Box::new(world.series.clone()),
            warm: 1,
            ambient: world.ambient(),
        };
        let filter = world.heard(|| SANDBOX.filter(&component, purpose))?;
        Ok(FilterPlugin::new(world.clone(), filter))
    }

    /// The exchange as a filter of this host gets it, calls out included: for who speaks to the
    /// sandbox without a [`FilterPlugin`].
    pub fn view(&self) -> Box<dyn Exchange> {
        Box::new(self.exchange().calling(self.0.callouts.clone()))
    }

    /// Grants an upstream to the filters that are made from now on, and says what it answers
    /// to their calls out.
    pub fn answers(
        &self,
        upstream: &str,
        answer: impl FnMut(&Outgoing) -> Result<Reply, Failure> + Send + 'static,
    ) {
        self.0.callouts.answer(upstream, Box::new(answer));
    }

    /// The calls out that upstreams have got so far.
    pub fn callouts(&self) -> Vec<Outgoing> {
        self.0.callouts.calls()
    }

    /// The exchange as the filters left it.
    pub fn exchange(&self) -> Request {
        self.0.request.lock().clone()
    }

    /// The bounds of the plugins that are made from now on, as the operator may set them.
    pub fn limits(&self, limits: Limits) {
        *self.0.limits.lock() = limits;
    }

    /// The request of the next calls.
    pub fn request(&self, request: Request) {
        *self.0.request.lock() = request;
    }

    /// Positions that the exchange must not use; replaces the ones before, and those of
    /// [`Request::excluding`].
    pub fn exclude(&self, positions: &[u32]) {
        let mut request = self.0.request.lock();
        *request = request.clone().excluding(positions.iter().copied());
    }

    /// Moves both clocks forward.
    ///
    /// # Panics
    /// When this host has real clocks: [`simulated`](Self::simulated) makes one that has not.
    pub fn advance(&self, time: Duration) {
        let simulated = self.0.simulated.as_ref();
        let simulated = simulated.expect("only a simulated host has clocks that can be moved");
        simulated.move_to(simulated.elapsed() + time);
    }

    /// Requests in flight, by position. What is missing is 0.
    pub fn in_flight(&self, column: &[u32]) {
        *self.0.columns.in_flight.write() = column.to_vec();
    }

    /// Time to the response head in microseconds, by position. What is missing is 0: unmeasured.
    pub fn latency(&self, column: &[u32]) {
        *self.0.columns.latency.write() = column.to_vec();
    }

    /// The lines that were logged or printed so far, in calls that this test made. The
    /// sandbox's line about a fault is not among them: the [`Fault`](crate::Fault) is returned.
    pub fn lines(&self) -> Vec<(Level, String)> {
        self.0.lines.so_far()
    }

    /// A series, by the name that the plugin gave it.
    pub fn metric(&self, name: &str) -> Option<Metric> {
        self.0.series.metric(name)
    }
}

impl World {
    pub(crate) fn endpoints(&self, list: &[Endpoint]) -> Arc<Endpoints> {
        let load = Arc::new(View {
            columns: self.columns.clone(),
            endpoints: list.len(),
        });
        Endpoints::new(list.iter().map(translate::endpoint).collect(), load)
            .expect("a list of endpoints is not empty")
    }

    pub(crate) fn selector(
        &self,
        component: &Component,
        config: &str,
        endpoints: &Arc<Endpoints>,
    ) -> Result<Selector, LoadError> {
        let component = component.compiled()?;
        let purpose = Use {
            plugin: "plugin".to_owned(),
            place: Place::Upstream(self.upstream.clone()),
            config: config.to_owned(),
            limits: self.limits.lock().clone(),
            series: Box::new(self.series.clone()),
            warm: 1,
            ambient: self.ambient(),
        };
        self.heard(|| SANDBOX.selector(&component, purpose, endpoints))
    }

    fn ambient(&self) -> Ambient {
        self.simulated.clone().map_or(Ambient::Real, Ambient::Set)
    }

    /// Runs `f` with its lines heard.
    pub(crate) fn heard<T>(&self, f: impl FnOnce() -> T) -> T {
        tracing::dispatcher::with_default(&self.dispatch, f)
    }
}
