//! An endpoint as it is, whatever any proxy knows of it: servers, a line before them, work, and
//! what befalls it.
//!
//! Work goes on when the proxy has given up: the endpoint does not learn of it. What still waits
//! in line is dropped when its turn comes, as a server does that finds the connection closed.

use crate::workload::{Failing, Group, Service, Slow, Time};
use rand::RngExt;
use rand_distr::{Distribution, Exp1, Gamma, LogNormal};
use rand_pcg::Pcg64Mcg;
use std::collections::VecDeque;

/// One endpoint.
pub(crate) struct Site {
    servers: u32,
    sampler: Sampler,
    slow: Vec<Slow>,
    fails: Vec<Failing>,
    /// What it works on.
    busy: Vec<Job>,
    line: VecDeque<Waiting>,
    down: Option<Gone>,
    /// What began in another epoch broke off.
    pub(crate) epoch: u32,
}

/// A request's attempt, wherever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

struct Waiting {
    job: Job,
    since: u64,
    chance: Pcg64Mcg,
}

/// How it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gone {
    /// Connections are refused.
    Refuses,
    /// Nobody answers.
    Silent,
}

/// Work that has begun.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Started {
    pub(crate) job: Job,
    pub(crate) ends: u64,
    /// The status, when it is not 200.
    pub(crate) status: Option<u16>,
    pub(crate) waited: u64,
}

impl Site {
    /// The one of that position in its group.
    pub(crate) fn new(group: &Group, member: u32) -> Self {
        let concerned = |endpoints: Option<std::num::NonZeroU32>| {
            endpoints.is_none_or(|endpoints| member < endpoints.get())
        };
        Self {
            servers: group.concurrency.get(),
            sampler: Sampler::new(group.service),
            slow: group
                .slow
                .iter()
                .copied()
                .filter(|it| concerned(it.endpoints))
                .collect(),
            fails: group
                .fails
                .iter()
                .copied()
                .filter(|it| concerned(it.endpoints))
                .collect(),
            busy: Vec::new(),
            line: VecDeque::new(),
            down: None,
            epoch: 0,
        }
    }

    /// How it is gone, if it is.
    pub(crate) fn gone(&self) -> Option<Gone> {
        self.down
    }

    /// Servers at work.
    pub(crate) fn working(&self) -> u32 {
        self.busy.len() as u32
    }

    /// A request has come. It is begun at once, or stands in line.
    pub(crate) fn take(&mut self, now: u64, job: Job, chance: Pcg64Mcg) -> Option<Started> {
        if self.working() < self.servers {
            return Some(self.start(now, job, chance, 0));
        }
        self.line.push_back(Waiting {
            job,
            since: now,
            chance,
        });
        None
    }

    /// A server is free: it begins with the next in line that somebody still waits for.
    pub(crate) fn finish(
        &mut self,
        now: u64,
        job: Job,
        wanted: impl Fn(Job) -> bool,
    ) -> Option<Started> {
        self.busy.retain(|busy| *busy != job);
        while let Some(next) = self.line.pop_front() {
            if wanted(next.job) {
                return Some(self.start(now, next.job, next.chance, now - next.since));
            }
        }
        None
    }

    /// It goes, and all that it had breaks off; or it is back, with nothing to do.
    pub(crate) fn set_gone(&mut self, gone: Option<Gone>) -> Vec<Job> {
        self.down = gone;
        if gone.is_none() {
            return Vec::new();
        }
        self.epoch += 1;
        let waiting = self.line.drain(..).map(|waiting| waiting.job);
        self.busy.drain(..).chain(waiting).collect()
    }

    /// Whether a probe passes now.
    pub(crate) fn passes(&self, now: u64, chance: &mut Pcg64Mcg) -> bool {
        let drawn: f64 = chance.random();
        self.down.is_none() && self.failing(now).is_none_or(|it| drawn >= it.share.0)
    }

    fn start(&mut self, now: u64, job: Job, mut chance: Pcg64Mcg, waited: u64) -> Started {
        self.busy.push(job);
        let drawn: f64 = chance.random();
        let failing = self.failing(now).filter(|it| drawn < it.share.0);
        let work = match failing.and_then(|it| it.after) {
            Some(after) => after.0.as_secs_f64(),
            None => self.sampler.sample(&mut chance) * self.factor(now),
        };
        Started {
            job,
            // A float to integer cast saturates.
            ends: now.saturating_add((work * 1e9).round().max(1.0) as u64),
            status: failing.map(|it| it.status),
            waited,
        }
    }

    fn failing(&self, now: u64) -> Option<&Failing> {
        self.fails.iter().find(|it| holds(now, it.from, it.until))
    }

    fn factor(&self, now: u64) -> f64 {
        let slow = self.slow.iter().filter(|it| holds(now, it.from, it.until));
        slow.map(|it| it.factor.0).product()
    }
}

fn holds(now: u64, from: Time, until: Option<Time>) -> bool {
    from.nanos() <= now && until.is_none_or(|until| now < until.nanos())
}

/// Draws how long an endpoint works, in seconds.
enum Sampler {
    Constant(f64),
    Exponential(f64),
    Lognormal(LogNormal<f64>),
    Gamma(Gamma<f64>),
    Pareto { low: f64, high: f64, shape: f64 },
}

impl Sampler {
    /// A service whose numbers are out of range was refused before; it counts as constant.
    fn new(service: Service) -> Self {
        let mean = service.mean();
        match service {
            Service::Constant { .. } => Self::Constant(mean),
            Service::Exponential { .. } => Self::Exponential(mean),
            Service::Lognormal { sigma, .. } => {
                LogNormal::new(mean.ln() - sigma.0 * sigma.0 / 2.0, sigma.0)
                    .map_or(Self::Constant(mean), Self::Lognormal)
            }
            Service::Gamma { shape, .. } => {
                Gamma::new(shape.0, mean / shape.0).map_or(Self::Constant(mean), Self::Gamma)
            }
            Service::Pareto { min, max, shape } => Self::Pareto {
                low: min.0.as_secs_f64(),
                high: max.0.as_secs_f64(),
                shape: shape.0,
            },
        }
    }

    fn sample(&self, chance: &mut Pcg64Mcg) -> f64 {
        match self {
            Self::Constant(mean) => *mean,
            Self::Exponential(mean) => {
                let unit: f64 = Exp1.sample(chance);
                unit * mean
            }
            Self::Lognormal(distribution) => distribution.sample(chance),
            Self::Gamma(distribution) => distribution.sample(chance),
            // The inverse of the distribution function.
            Self::Pareto { low, high, shape } => {
                let drawn: f64 = chance.random();
                let cut = 1.0 - (low / high).powf(*shape);
                low / (1.0 - drawn * cut).powf(1.0 / shape)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::of_attempt;
    use crate::workload::Positive;

    #[test]
    fn the_mean_of_each_distribution_is_what_it_says() {
        let mean = Time::ms(10);
        let services = [
            Service::Constant { mean },
            Service::Exponential { mean },
            Service::Lognormal {
                mean,
                sigma: Positive(0.5),
            },
            Service::Gamma {
                mean,
                shape: Positive(4.0),
            },
            Service::Pareto {
                min: Time::ms(1),
                max: Time::ms(100),
                shape: Positive(1.5),
            },
        ];
        for service in services {
            let sampler = Sampler::new(service);
            let count = 400_000;
            let sum: f64 = (0..count)
                .map(|n| sampler.sample(&mut of_attempt(1, n, 0)))
                .sum();
            let (found, told) = (sum / count as f64, service.mean());
            // The widest has a standard deviation of 2.4 means: six of its errors are 2.3 %.
            assert!(
                (found / told - 1.0).abs() < 0.023,
                "{service:?}: {found} and not {told}"
            );
        }
    }
}
