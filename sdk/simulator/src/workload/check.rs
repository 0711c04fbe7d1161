//! What only several values together can be wrong about.

use super::arrivals::Arrivals;
use super::clients::MOST_SKEW;
use super::endpoints::{Group, Service};
use super::{Time, Workload};

/// As many endpoints as one upstream may have in the proxy.
const MOST_ENDPOINTS: u64 = 65_536;
/// Instances of the selector over all proxies: the sandbox has room for a thousand.
const MOST_SEATS: u64 = 256;
/// Nobody waits for more.
const MOST_REQUESTS: f64 = 1e9;

impl Workload {
    /// What is wrong, each with the key that it is about and what to do.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut refuse = |problem: String| problems.push(problem);
        let recorded = matches!(self.arrivals, Arrivals::Recorded(_));
        match (self.requests, self.duration) {
            (None, None) if !recorded => {
                refuse("requests: this never ends: write `requests`, `duration` or both".into());
            }
            (_, Some(Time(duration))) if duration <= self.warmup.0 => {
                refuse("duration: it is over before `warmup` is: write a longer one".into());
            }
            (None, Some(Time(duration)))
                if self.arrivals.rate().unwrap_or(0.0) * duration.as_secs_f64() > MOST_REQUESTS =>
            {
                refuse("duration: these are more than 1,000,000,000 requests".into());
            }
            _ => {}
        }
        if let (Some(requests), Some(rate)) = (self.requests, self.arrivals.rate())
            && requests.get() as f64 / rate <= self.warmup.0.as_secs_f64()
        {
            refuse(format!(
                "requests: all have come before `warmup` is over: write more than {}",
                (rate * self.warmup.0.as_secs_f64()).ceil()
            ));
        }
        if let Arrivals::Bursts(bursts) = self.arrivals
            && bursts.lasts >= bursts.every
        {
            refuse("arrivals.bursts.lasts: a burst ends before the next one begins: shorten it, or raise `every`".into());
        }
        for (name, skew) in self.clients.skews() {
            if !(0.0..=MOST_SKEW).contains(&skew) {
                refuse(format!(
                    "clients.{name}: write a number from 0 to {MOST_SKEW}"
                ));
            }
        }
        let endpoints: u64 = self
            .endpoints
            .iter()
            .map(|group| u64::from(group.count.get()))
            .sum();
        if endpoints == 0 {
            refuse("endpoints: there is nobody to choose: add a group".into());
        }
        if endpoints > MOST_ENDPOINTS {
            refuse(format!(
                "endpoints: {endpoints} are too many for one upstream: at most {MOST_ENDPOINTS}"
            ));
        }
        let seats = u64::from(self.proxy.number.get()) * u64::from(self.proxy.threads.get());
        if seats > MOST_SEATS {
            refuse(format!(
                "proxy: {seats} threads in all are too many: at most {MOST_SEATS}"
            ));
        }
        for (number, group) in self.endpoints.iter().enumerate() {
            group.problems(&format!("endpoints[{number}]"), &mut refuse);
        }
        if self.endpoints.iter().all(|group| group.joins.is_some()) && endpoints > 0 {
            refuse("endpoints: nobody is there at the start: remove `joins` from one group".into());
        }
        problems
    }
}

impl Group {
    fn problems(&self, at: &str, refuse: &mut impl FnMut(String)) {
        if self.weight.get() > 1_000_000 {
            refuse(format!("{at}.weight: at most 1000000"));
        }
        let mean = self.service.mean();
        if !mean.is_finite() || mean <= 0.0 {
            refuse(format!(
                "{at}.service: work takes time: write durations above 0"
            ));
        }
        if let Service::Pareto { min, max, .. } = self.service
            && (min >= max || min.nanos() == 0)
        {
            refuse(format!(
                "{at}.service.pareto: `min` is above 0 and below `max`"
            ));
        }
        if let (joins, Some(leaves)) = (self.joins.unwrap_or_default(), self.leaves)
            && leaves <= joins
        {
            refuse(format!(
                "{at}.leaves: they leave before they come: write a later time"
            ));
        }
        let spans = self
            .slow
            .iter()
            .map(|it| ("slow", it.endpoints, it.from, it.until));
        let spans = spans.chain(
            self.fails
                .iter()
                .map(|it| ("fails", it.endpoints, it.from, it.until)),
        );
        let spans = spans.chain(
            self.down
                .iter()
                .map(|it| ("down", it.endpoints, it.from, it.until)),
        );
        for (key, endpoints, from, until) in spans {
            if endpoints.is_some_and(|endpoints| endpoints > self.count) {
                refuse(format!("{at}.{key}: `endpoints` is more than `count`"));
            }
            if until.is_some_and(|until| until <= from) {
                refuse(format!(
                    "{at}.{key}: it ends before it begins: write a later `until`"
                ));
            }
        }
        if let Some(failing) = self
            .fails
            .iter()
            .find(|it| !(500..=599).contains(&it.status))
        {
            refuse(format!(
                "{at}.fails: {} is no error: write a status from 500 to 599",
                failing.status
            ));
        }
    }
}
