//! A request from its arrival to its end, attempt by attempt, as the proxy leads it.

use super::World;
use super::event::Event;
use super::{Attempt, Request};
use crate::chooser::Asked;
use crate::measure::Why;
use crate::member::Denied;
use crate::random::of_attempt;
use crate::site::{Gone, Job, Started};
use rand::Rng;
use tidegate_policy::{BreakerState, Cause, Decision, Entry, Facts, Outcome, decide};

impl World {
    /// Through the line, if there is one, and to the first attempt.
    pub(super) fn enter(&mut self, slot: u32) {
        let now = self.instant();
        let request = &self.requests[slot as usize];
        let Some(line) = &mut self.proxies[request.proxy as usize].line else {
            self.start(slot);
            return;
        };
        let entry = line.enter(now, None);
        if self.admit(slot, entry) {
            self.start(slot);
        }
    }

    /// Whether the request may go on now.
    fn admit(&mut self, slot: u32, entry: Entry) -> bool {
        let request = &mut self.requests[slot as usize];
        match entry {
            Entry::Go(place) => {
                request.place = Some(place);
                true
            }
            Entry::Wait(turn) => {
                request.turn = Some(turn);
                let (proxy, job) = (request.proxy, request.job(slot));
                let line = self.proxies[proxy as usize].line.as_mut();
                if let Some(until) = line.and_then(|line| line.stand(turn, slot)) {
                    let at = self.nanos(until);
                    self.agenda.add(at, Event::Expire(job));
                }
                false
            }
            Entry::Refused => {
                self.fail(slot, Why::Full);
                false
            }
        }
    }

    /// Lets those in who may go, until one of them finds every endpoint full.
    pub(super) fn wake(&mut self, proxy: u32) {
        let now = self.instant();
        while let Some(line) = &mut self.proxies[proxy as usize].line
            && let Some((slot, place)) = line.next(now)
        {
            let request = &mut self.requests[slot as usize];
            (request.turn, request.place) = (None, Some(place));
            // The appointment for the end of its wait is void.
            request.generation = request.generation.wrapping_add(1);
            if !self.start(slot) {
                break;
            }
        }
    }

    pub(super) fn expire(&mut self, job: Job) {
        let (now, request) = (self.instant(), &self.requests[job.slot as usize]);
        if request.generation != job.generation {
            return;
        }
        let line = self.proxies[request.proxy as usize].line.as_mut();
        if let (Some(turn), Some(line)) = (request.turn, line)
            && line.expire(now, turn)
        {
            self.fail(job.slot, Why::Full);
        }
    }

    pub(super) fn again(&mut self, job: Job) {
        if self.requests[job.slot as usize].generation == job.generation {
            self.start(job.slot);
        }
    }

    /// Begins an attempt, waits or fails. `false` when every endpoint is full.
    fn start(&mut self, slot: u32) -> bool {
        let now = self.instant();
        let request = &self.requests[slot as usize];
        if self.remaining(request) == Some(0) {
            self.fail(slot, Why::Deadline);
            return true;
        }
        let (proxy, thread) = (request.proxy as usize, request.thread as usize);
        let began = self.at(request.began);
        let person = self.sources.people_known.get(request.client as usize);
        let asked = Asked {
            now: self.now,
            client: request.client,
            address: request.address,
            path: &request.path,
            key: &request.key,
            cookies: person.map_or(&[], |person| &person.cookies),
            idempotent: request.idempotent,
            attempt: request.attempts,
            excluded: &[],
        };
        let proxy = &mut self.proxies[proxy];
        let (picked, trace) = proxy.pick(now, thread, asked, &request.tried, &mut self.host);
        if request.counts {
            self.measure.asked(trace);
        }
        let picked = match picked {
            Ok(picked) => picked,
            Err(Denied::Barred) => {
                self.fail(slot, Why::Unavailable);
                return true;
            }
            Err(Denied::Full) => {
                self.blocked(slot);
                return false;
            }
        };
        if request.attempts == 0 {
            proxy.budget.request(began);
            self.returned(slot, picked.position);
        }
        let request = &mut self.requests[slot as usize];
        request.attempts += 1;
        self.measure.enter(
            self.now,
            picked.position,
            request.attempts > 1,
            request.counts,
        );
        self.proxies[request.proxy as usize]
            .columns
            .enter(picked.position as usize);
        request.attempt = Some(Attempt {
            position: picked.position,
            permit: picked.permit,
            cookies: picked.cookies,
            began: self.now,
        });
        self.send(slot, picked.position);
        true
    }

    /// Every endpoint is full: waits for one where there is a line, else fails.
    fn blocked(&mut self, slot: u32) {
        let now = self.instant();
        let request = &mut self.requests[slot as usize];
        let since = self.epoch + std::time::Duration::from_nanos(request.waits_since);
        let line = self.proxies[request.proxy as usize].line.as_mut();
        match (line, request.place.take()) {
            (Some(line), Some(place)) => {
                let entry = line.enter(now, Some((place, since)));
                self.admit(slot, entry);
            }
            _ => self.fail(slot, Why::Full),
        }
    }

    /// Whether the client stays where it was.
    fn returned(&mut self, slot: u32, position: u32) {
        let request = &self.requests[slot as usize];
        let last = self.sources.people_known.get(request.client as usize);
        let Some(last) = last.and_then(|person| person.last.checked_sub(1)) else {
            return;
        };
        let proxy = &self.proxies[request.proxy as usize];
        let moved = last != position;
        let freely = moved && {
            let member = &proxy.members[last as usize];
            let list = proxy.list.as_ref();
            let listed = list.is_some_and(|it| it.view.members.binary_search(&last).is_ok());
            listed && member.admits(self.instant())
        };
        if request.counts {
            self.measure.returned(moved, freely);
        }
    }

    /// The attempt is on its way.
    fn send(&mut self, slot: u32, position: u32) {
        let request = &self.requests[slot as usize];
        let (now, job) = (self.now, request.job(slot));
        let per_attempt = self.rules.retry.per_attempt;
        let gone = self.sites[position as usize].gone();
        let bound = match gone {
            Some(_) => self.rules.connect,
            None => self.rules.response_header,
        };
        let bound = per_attempt.map_or(bound, |most| most.min(bound));
        let bound = nanos(bound).min(self.remaining(request).unwrap_or(u64::MAX));
        match gone {
            Some(Gone::Refuses) => self.agenda.add(now, Event::Refused(job)),
            Some(Gone::Silent) => self.agenda.add_late(now.saturating_add(bound), job),
            None => {
                self.agenda.add_late(now.saturating_add(bound), job);
                let chance = of_attempt(self.seed, request.number, request.attempts);
                let site = &mut self.sites[position as usize];
                if let Some(started) = site.take(now, job, chance) {
                    self.started(position, started);
                }
            }
        }
    }

    fn started(&mut self, site: u32, started: Started) {
        let Started {
            job,
            ends,
            status,
            waited,
        } = started;
        let epoch = self.sites[site as usize].epoch;
        self.measure.waited(self.now, waited);
        self.busy(site);
        self.agenda.add(
            ends,
            Event::Worked {
                site,
                epoch,
                job,
                status,
            },
        );
    }

    pub(super) fn busy(&mut self, site: u32) {
        let working = self.sites[site as usize].working();
        self.measure.working(self.now, site, working);
    }

    /// A server is free again, and if anybody still waits for the answer, it is there.
    pub(super) fn worked(&mut self, site: u32, epoch: u32, job: Job, status: Option<u16>) {
        if self.sites[site as usize].epoch != epoch {
            return;
        }
        let requests = &self.requests;
        let wanted = |job: Job| requests[job.slot as usize].generation == job.generation;
        let answers = wanted(job);
        let next = self.sites[site as usize].finish(self.now, job, wanted);
        match next {
            Some(started) => self.started(site, started),
            None => self.busy(site),
        }
        if answers {
            self.answered(job.slot, status);
        }
    }

    fn answered(&mut self, slot: u32, status: Option<u16>) {
        let now = self.instant();
        let request = &self.requests[slot as usize];
        let Some(attempt) = &request.attempt else {
            return;
        };
        let proxy = &mut self.proxies[request.proxy as usize];
        let (position, permit) = (attempt.position, attempt.permit);
        let average = proxy.members[position as usize].answered(now, &permit);
        proxy.columns.observed(position as usize, average);
        let Some(status) = status else {
            self.settle(slot, Outcome::Success);
            return self.complete(slot, position);
        };
        let cause = Cause::Status(status);
        let named = self.rules.retry.on.statuses.contains(status);
        let wanted = named && self.proxies[request.proxy as usize].possible(now);
        self.conclude(slot, cause, wanted, Why::Status);
    }

    pub(super) fn refused(&mut self, job: Job) {
        if self.requests[job.slot as usize].generation == job.generation {
            self.conclude(job.slot, Cause::ConnectFailure, true, Why::Connect);
        }
    }

    /// The connection broke while it was under way.
    pub(super) fn broke(&mut self, job: Job) {
        if self.requests[job.slot as usize].generation == job.generation {
            self.conclude(job.slot, Cause::Reset, true, Why::Reset);
        }
    }

    pub(super) fn late(&mut self, job: Job) {
        let request = &self.requests[job.slot as usize];
        let Some(attempt) = request.attempt.as_ref() else {
            return;
        };
        if request.generation != job.generation {
            return;
        }
        let silent = self.sites[attempt.position as usize].gone() == Some(Gone::Silent);
        if self.remaining(request) == Some(0) {
            // What came late, after others had used the time up, is not to blame.
            let whole = self.rules.timeout.map_or(u64::MAX, nanos);
            let had_its_time = (self.now - attempt.began).saturating_mul(2) >= whole;
            let outcome = match had_its_time {
                true => Outcome::Failure(Cause::ResponseTimeout),
                false => Outcome::Unknown,
            };
            self.settle(job.slot, outcome);
            return self.fail(job.slot, Why::Deadline);
        }
        let cause = match silent {
            true => Cause::ConnectTimeout,
            false => Cause::ResponseTimeout,
        };
        self.conclude(job.slot, cause, true, Why::Timeout);
    }

    /// Decides whether the failed attempt is repeated, and settles it.
    fn conclude(&mut self, slot: u32, cause: Cause, wanted: bool, why: Why) {
        let now = self.instant();
        self.settle(slot, Outcome::Failure(cause));
        let request = &self.requests[slot as usize];
        let facts = Facts {
            attempt: request.attempts,
            cause,
            sent: !cause.is_connect(),
            idempotent: request.idempotent,
            replayable: true,
            response_started: false,
            stale_reuse: false,
            remaining: self.remaining(request).map(std::time::Duration::from_nanos),
        };
        let Decision::Retry { after, .. } = decide(&self.rules.retry, &facts, self.host.next_u64())
        else {
            return self.fail(slot, why);
        };
        if !wanted {
            return self.fail(slot, why);
        }
        if !self.proxies[request.proxy as usize].budget.withdraw(now) {
            self.measure.attempts.unaffordable += u64::from(request.counts);
            return self.fail(slot, why);
        }
        let at = self.now.saturating_add(nanos(after));
        let request = &mut self.requests[slot as usize];
        request.waits_since = at;
        let job = request.job(slot);
        self.agenda.add(at, Event::Again(job));
    }

    /// The attempt is over. Whatever is still said of it is of another generation.
    fn settle(&mut self, slot: u32, outcome: Outcome) {
        let now = self.instant();
        let request = &mut self.requests[slot as usize];
        request.generation = request.generation.wrapping_add(1);
        let Some(attempt) = request.attempt.take() else {
            return;
        };
        let (number, position) = (request.proxy, attempt.position);
        let failed = !matches!(outcome, Outcome::Success);
        if failed && !request.tried.contains(&position) {
            request.tried.push(position);
        }
        if !failed && !attempt.cookies.is_empty() {
            let client = request.client;
            for cookie in &attempt.cookies {
                self.set_cookie(client, cookie);
            }
        }
        let proxy = &mut self.proxies[number as usize];
        let rule = self.rules.outlier;
        let member = &mut proxy.members[position as usize];
        let news = member.settle(now, attempt.permit, outcome, rule.as_ref());
        proxy.columns.leave(position as usize);
        self.measure.leave(self.now, position);
        let mut rings = matches!(
            news.turned,
            Some(BreakerState::Open | BreakerState::Closed | BreakerState::HalfOpen)
        );
        if let (Some(_), Some(rule)) = (news.suspicion, rule) {
            rings |= proxy.suspect(now, &rule, position);
        }
        if rings {
            self.ring(number);
        }
        self.wake(number);
    }

    fn set_cookie(&mut self, client: u32, field: &str) {
        let pair = field.split(';').next().unwrap_or_default();
        let Some((name, value)) = pair.split_once('=') else {
            return;
        };
        let (name, value) = (name.trim(), value.trim());
        let cookies = &mut self.sources.person(client).cookies;
        match cookies.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => cookies.push((name.to_owned(), value.to_owned())),
        }
    }

    fn complete(&mut self, slot: u32, position: u32) {
        let request = &self.requests[slot as usize];
        let (client, took) = (request.client, self.now - request.began);
        self.measure.completed(position, took, request.counts);
        self.sources.person(client).last = position + 1;
        self.over(slot);
    }

    fn fail(&mut self, slot: u32, why: Why) {
        let counts = self.requests[slot as usize].counts;
        self.measure.failed(why, counts);
        self.over(slot);
    }

    fn over(&mut self, slot: u32) {
        let request = &mut self.requests[slot as usize];
        request.generation = request.generation.wrapping_add(1);
        let proxy = request.proxy;
        let place = request.place.take();
        self.free.push(slot);
        self.open -= 1;
        if let (Some(place), Some(line)) = (place, &mut self.proxies[proxy as usize].line) {
            line.queue.settle(place);
            self.wake(proxy);
        }
    }

    /// Nanoseconds left for the whole request; none without a bound.
    fn remaining(&self, request: &Request) -> Option<u64> {
        let whole = nanos(self.rules.timeout?);
        Some(request.began.saturating_add(whole).saturating_sub(self.now))
    }
}

impl Request {
    fn job(&self, slot: u32) -> Job {
        Job {
            slot,
            generation: self.generation,
        }
    }
}

fn nanos(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
