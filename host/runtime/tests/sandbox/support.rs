//! A host in a few lines: a request, endpoints, a sandbox, a use of a plugin.

use std::any::Any;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};
use tidegate_components as components;
use tidegate_runtime::{
    Ambient, Choice, Endpoint, Endpoints, Exchange, Fault, Limits, Load, LoadError, NoSeries,
    Options, Place, Sandbox, Selector, Use,
};

/// The sandbox of tests that need no options of their own.
pub static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new(Options::default()).unwrap());

/// A request as the tests need one: `attempt` tells a rude guest what to do.
pub struct Request {
    head: http::request::Parts,
    pub attempt: u32,
    pub excluded: Vec<u32>,
}

impl Request {
    pub fn new(attempt: u32, excluded: &[u32]) -> Self {
        Self {
            head: http::Request::new(()).into_parts().0,
            attempt,
            excluded: excluded.into(),
        }
    }
}

impl Exchange for Request {
    fn head(&self) -> &http::request::Parts {
        &self.head
    }
    fn scheme(&self) -> &str {
        "http"
    }
    fn authority(&self) -> &str {
        ""
    }
    fn client(&self) -> IpAddr {
        Ipv4Addr::LOCALHOST.into()
    }
    fn attribute(&self, _: &str) -> Option<&str> {
        None
    }
    fn route(&self) -> &str {
        ""
    }
    fn attempt(&self) -> u32 {
        self.attempt
    }
    fn excluded(&self) -> &[u32] {
        &self.excluded
    }
}

/// A load of nothing, which runs a function whenever a guest asks for the total.
pub struct Total<F>(pub F);

impl<F: Fn() -> u32 + Send + Sync + 'static> Load for Total<F> {
    fn in_flight(&self) -> Vec<u32> {
        Vec::new()
    }
    fn in_flight_of(&self, _: u32) -> u32 {
        0
    }
    fn total(&self) -> u32 {
        (self.0)()
    }
    fn latency(&self) -> Vec<u32> {
        Vec::new()
    }
    fn latency_of(&self, _: u32) -> u32 {
        0
    }
}

/// That many endpoints.
pub fn endpoints(count: u32) -> Arc<Endpoints> {
    endpoints_with(count, || 0)
}

/// That many endpoints, and what happens when a guest asks for the total load.
pub fn endpoints_with(
    count: u32,
    total: impl Fn() -> u32 + Send + Sync + 'static,
) -> Arc<Endpoints> {
    let list = (0..count).map(|position| Endpoint {
        id: position.into(),
        address: format!("10.0.0.{position}:80"),
        weight: 1,
        zone: None,
        labels: Vec::new(),
        draining: false,
    });
    Endpoints::new(list.collect(), Arc::new(Total(total))).unwrap()
}

/// The use of a plugin by that upstream, with the defaults of everything else.
pub fn by(upstream: &str) -> Use {
    Use {
        plugin: "test".into(),
        place: Place::Upstream(upstream.into()),
        config: "{}".into(),
        limits: Limits::default(),
        series: Box::new(NoSeries),
        warm: 1,
        ambient: Ambient::Real,
    }
}

/// Starts a hand-made selector; tests that keep state choose an upstream of their own.
pub fn start(
    made: &components::Selector,
    purpose: Use,
    endpoints: &Arc<Endpoints>,
) -> Result<Selector, LoadError> {
    let component = SANDBOX.component(&made.component())?;
    SANDBOX.selector(&component, purpose, endpoints)
}

/// Asks, and takes the request back.
///
/// # Panics
/// When what comes back is not the request that went in.
pub fn ask(
    selector: &Selector,
    endpoints: &Arc<Endpoints>,
    request: Request,
) -> Result<Option<Choice>, Fault> {
    let (attempt, excluded) = (request.attempt, request.excluded.clone());
    let (back, answer) = selector.select(endpoints, Box::new(request));
    let back: Box<dyn Any> = back;
    let back = back.downcast::<Request>().expect("the same request");
    assert_eq!((back.attempt, back.excluded), (attempt, excluded));
    answer
}

/// The position that is chosen for an ordinary request.
pub fn pick(selector: &Selector, endpoints: &Arc<Endpoints>) -> u32 {
    let choice = ask(selector, endpoints, Request::new(0, &[]));
    choice.expect("no fault").expect("an opinion").index
}
