//! One instance of a component in the proxy's sandbox, as the simulation asks it.
//!
//! Time and chance are the simulation's: one clock for all instances, moved before each call,
//! and numbers that follow from the seed and from the moment at which an instance was made. So
//! that no two are made at the same moment, the clock goes on by a nanosecond for each. After a
//! fault the instance is made anew here, not by the sandbox's housekeeper, which works in its
//! own time.

use super::exchange::Shown;
use super::subject::Subject;
use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tidegate_runtime::{
    Ambient, Component, Endpoints, Exchange, HeaderEdit, Limits, Load, LoadError, NoSeries,
    Options, Place, Sandbox, Selector, Simulated, Use,
};
use tidegate_simulator::{Answer, Asked, Choice, Chooser, List, Seat, View};

/// The clocks begin here: 2026-01-01, in seconds after the Unix epoch.
const WALL: Duration = Duration::from_secs(1_767_225_600);

/// Everything that the instances of one simulation share.
pub(super) struct Stage {
    sandbox: Rc<Sandbox>,
    component: Component,
    name: String,
    config: String,
    limits: Limits,
    clock: Arc<Simulated>,
    /// Faults by kind and message, and how often.
    faults: RefCell<BTreeMap<String, u64>>,
}

/// A sandbox for simulations: all happens on one thread.
pub(super) fn sandbox() -> Result<Rc<Sandbox>, LoadError> {
    let options = Options {
        threads: 1,
        ..Options::default()
    };
    Sandbox::new(options).map(Rc::new)
}

/// Bounds of a plugin in a simulation. Deadlines are real time, which must not decide what a
/// simulation finds: they only end what would never end. `bench` tells what a call takes.
pub(super) fn limits(memory: u64) -> Limits {
    Limits {
        deadline: Duration::from_secs(2),
        setup_deadline: Duration::from_secs(30),
        memory,
        ..Limits::default()
    }
}

impl Stage {
    pub(super) fn new(
        sandbox: &Rc<Sandbox>,
        subject: &Subject,
        limits: Limits,
        seed: u64,
    ) -> Result<Rc<Self>, LoadError> {
        Ok(Rc::new(Self {
            sandbox: sandbox.clone(),
            component: sandbox.component(&subject.bytes)?,
            name: subject.name.clone(),
            config: subject.config.clone(),
            limits,
            clock: Simulated::new(WALL, seed),
            faults: RefCell::default(),
        }))
    }

    /// The chooser for that seat, which knows the list.
    pub(super) fn chooser(
        self: &Rc<Self>,
        seat: Seat,
        list: &Arc<List>,
    ) -> Result<Box<dyn Chooser>, LoadError> {
        let endpoints = endpoints(list);
        let selector = self.selector(seat, &endpoints)?;
        Ok(Box::new(Instance {
            stage: self.clone(),
            seat,
            selector: Some(selector),
            endpoints,
            shown: Some(Shown::new()),
        }))
    }

    /// What failed, and how often.
    pub(super) fn faults(&self) -> Vec<(String, u64)> {
        self.faults.borrow().clone().into_iter().collect()
    }

    fn selector(&self, seat: Seat, endpoints: &Arc<Endpoints>) -> Result<Selector, LoadError> {
        let purpose = Use {
            plugin: self.name.clone(),
            // Threads of one proxy share what is kept in `state`; proxies do not.
            place: Place::Upstream(format!("simulated-{}", seat.proxy)),
            config: self.config.clone(),
            limits: self.limits.clone(),
            series: Box::new(NoSeries),
            warm: 1,
            ambient: Ambient::Set(self.clock.clone()),
        };
        self.tick();
        self.sandbox.selector(&self.component, purpose, endpoints)
    }

    /// The next instance is made at another moment than the one before.
    fn tick(&self) {
        let next = self.clock.elapsed() + Duration::from_nanos(1);
        self.clock.move_to(next);
    }

    fn failed(&self, what: String) {
        *self.faults.borrow_mut().entry(what).or_default() += 1;
    }
}

struct Instance {
    stage: Rc<Stage>,
    seat: Seat,
    /// None when it could not be made again after a fault.
    selector: Option<Selector>,
    endpoints: Arc<Endpoints>,
    /// Out only for the length of a call.
    shown: Option<Box<Shown>>,
}

impl Chooser for Instance {
    fn update(&mut self, list: &Arc<List>, now: u64) {
        self.stage.clock.move_to(Duration::from_nanos(now));
        self.endpoints = endpoints(list);
        let Some(selector) = &self.selector else {
            return;
        };
        self.stage.tick();
        if let Err(error) = selector.stage(&self.endpoints) {
            self.stage.failed(error.to_string());
        }
    }

    fn select(&mut self, asked: &Asked<'_>) -> Answer {
        self.stage.clock.move_to(Duration::from_nanos(asked.now));
        if self.selector.is_none() {
            self.make_again();
        }
        let Some(selector) = &self.selector else {
            return Answer::Fault;
        };
        let mut shown = self.shown.take().unwrap_or_else(Shown::new);
        shown.fill(asked);
        let (shown, answer) = selector.select(&self.endpoints, shown as Box<dyn Exchange>);
        let shown: Box<dyn Any> = shown;
        self.shown = shown.downcast().ok();
        match answer {
            Ok(None) => Answer::NoOpinion,
            Ok(Some(choice)) => Answer::Chose(Choice {
                index: choice.index,
                cookies: choice
                    .response_edits
                    .into_iter()
                    .filter_map(cookie)
                    .collect(),
            }),
            Err(fault) => {
                let kind = fault.kind.as_str();
                self.stage
                    .failed(format!("{kind} in `{}`: {}", fault.call, fault.message));
                self.selector = None;
                Answer::Fault
            }
        }
    }
}

impl Instance {
    fn make_again(&mut self) {
        match self.stage.selector(self.seat, &self.endpoints) {
            Ok(selector) => self.selector = Some(selector),
            Err(error) => self.stage.failed(error.to_string()),
        }
    }
}

/// The value of a `set-cookie` field.
fn cookie(edit: HeaderEdit) -> Option<String> {
    match edit {
        HeaderEdit::Set(name, value) | HeaderEdit::Append(name, value)
            if name == http::header::SET_COOKIE =>
        {
            value.to_str().ok().map(str::to_owned)
        }
        _ => None,
    }
}

fn endpoints(list: &Arc<List>) -> Arc<Endpoints> {
    let rows = list
        .endpoints
        .iter()
        .map(|endpoint| tidegate_runtime::Endpoint {
            id: endpoint.id,
            address: endpoint.address.clone(),
            weight: endpoint.weight,
            zone: endpoint.zone.clone(),
            labels: endpoint.labels.clone(),
            draining: endpoint.draining,
        });
    Endpoints::new(rows.collect(), Arc::new(Numbers(list.view.clone())))
        .expect("a list of the simulation is not empty")
}

/// The load, as the sandbox asks for it.
struct Numbers(View);

impl Load for Numbers {
    fn in_flight(&self) -> Vec<u32> {
        self.0.in_flight()
    }

    fn in_flight_of(&self, index: u32) -> u32 {
        self.0.in_flight_of(index)
    }

    fn total(&self) -> u32 {
        self.0.total()
    }

    fn latency(&self) -> Vec<u32> {
        self.0.latency()
    }

    fn latency_of(&self, index: u32) -> u32 {
        self.0.latency_of(index)
    }
}
