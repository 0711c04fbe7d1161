//! Steps of a filter: each is one exchange through it.

use tidegate_runtime::Exchange as _;
use tidegate_testkit::{
    BodyMode, BodyVerdict, Component, Fault, FilterPlugin, Host, LoadError, Outgoing, Reply,
    Verdict,
};

use super::callouts;
use super::timing::Timing;
use super::{StepOutcome, check, request};
use crate::scenario::written::{self, Expect, Message, Onward, Scenario, Step, config};

/// A filter at work.
pub(super) struct Stage<'a> {
    component: &'a Component,
    filter: FilterPlugin,
    /// Lines that were logged before this step; none before the first, so that it has those of
    /// the start.
    heard: usize,
}

/// One exchange, as it comes out of the filter.
#[derive(Default)]
struct Passed {
    verdict: Option<written::Verdict>,
    answer: Option<Reply>,
    upstream: Option<String>,
    body: Vec<u8>,
    response_body: Vec<u8>,
    fault: Option<Fault>,
}

impl<'a> Stage<'a> {
    pub(super) fn start(
        host: &Host,
        component: &'a Component,
        scenario: &Scenario,
    ) -> Result<Self, LoadError> {
        callouts::grant(host, scenario.upstreams.as_ref());
        let filter = host.filter(component, &scenario.config())?;
        Ok(Self {
            component,
            filter,
            heard: 0,
        })
    }

    pub(super) fn step(&mut self, host: &Host, step: &Step, outcome: &mut StepOutcome) {
        if let Some(section) = &step.config {
            match host.filter(self.component, &config(Some(section))) {
                Ok(filter) => self.filter = filter,
                Err(error) => {
                    outcome.failures.push(format!("config: {error}"));
                    return;
                }
            }
        }
        let mut timing = Timing::default();
        for n in 0..step.repeat.unwrap_or(1) {
            let calls = host.callouts().len();
            let passed = match self.exchange(host, step, n, &mut timing) {
                Ok(passed) => passed,
                Err(problem) => {
                    outcome.failures.push(problem);
                    return;
                }
            };
            let made = host.callouts().split_off(calls);
            let mut failures = Vec::new();
            judge(host, &step.expect, &passed, &made, n, &mut failures);
            if !failures.is_empty() {
                if n > 0 {
                    failures.push(format!("this was repetition {}", n + 1));
                }
                outcome.failures.append(&mut failures);
                break;
            }
        }
        self.heard = check::common(
            host,
            &step.expect,
            self.heard,
            &self.filter,
            timing,
            outcome,
        );
    }

    /// As the proxy does it: head, body, head, body, and an answer ends it.
    fn exchange(
        &mut self,
        host: &Host,
        step: &Step,
        n: u32,
        timing: &mut Timing,
    ) -> Result<Passed, String> {
        let request = request::request(step.request.as_ref(), n);
        host.request(request.map_err(|problem| format!("request: {problem}"))?);
        self.filter.next();
        let interest = self.filter.interest();
        let mut passed = Passed::default();
        if interest.request {
            match timing.of(|| self.filter.on_request()) {
                Ok(verdict) => passed.heard(verdict),
                Err(fault) => passed.fault = Some(fault),
            }
        }
        if passed.ended() {
            return Ok(passed);
        }
        let chunks = request::body(step.request.as_ref(), n);
        let filter = &mut self.filter;
        let call = |chunk: &[u8], last| timing.of(|| filter.on_request_body(chunk, last));
        passed.body = passed.through(interest.request_body, &chunks, call);
        if passed.ended() {
            return Ok(passed);
        }
        let answered = request::answered(host.exchange(), step.response.as_ref());
        host.request(answered.map_err(|problem| format!("response: {problem}"))?);
        if interest.response {
            let edits = timing.of(|| self.filter.on_response());
            passed.fault = edits.err();
        }
        let body = step
            .response
            .as_ref()
            .and_then(|answer| answer.body.as_ref());
        let chunks = body.map_or(&[][..], |body| &body.0);
        let chunks: Vec<Vec<u8>> = chunks
            .iter()
            .map(|chunk| chunk.clone().into_bytes())
            .collect();
        if passed.ended() {
            return Ok(passed);
        }
        let filter = &mut self.filter;
        let call = |chunk: &[u8], last| timing.of(|| filter.on_response_body(chunk, last));
        passed.response_body = passed.through(interest.response_body, &chunks, call);
        Ok(passed)
    }
}

impl Passed {
    fn heard(&mut self, verdict: Verdict) {
        self.verdict = Some(match verdict {
            Verdict::Pass => written::Verdict::Pass,
            Verdict::Edit(edits) => {
                self.upstream = edits.upstream;
                written::Verdict::Edit
            }
            Verdict::Answer(reply) => {
                self.answer = Some(reply);
                written::Verdict::Answer
            }
        });
    }

    fn ended(&self) -> bool {
        self.answer.is_some() || self.fault.is_some()
    }

    /// A body on its way through the filter, in the pieces that it has asked for.
    fn through(
        &mut self,
        mode: BodyMode,
        chunks: &[Vec<u8>],
        mut call: impl FnMut(&[u8], bool) -> Result<BodyVerdict, Fault>,
    ) -> Vec<u8> {
        let whole = chunks.concat();
        let pieces: &[Vec<u8>] = match mode {
            _ if chunks.is_empty() => return whole,
            BodyMode::Skip => return whole,
            BodyMode::Streamed => chunks,
            BodyMode::Buffered => std::slice::from_ref(&whole),
        };
        let mut onward = Vec::new();
        for (position, piece) in pieces.iter().enumerate() {
            match call(piece, position + 1 == pieces.len()) {
                Ok(BodyVerdict::Pass) => onward.extend_from_slice(piece),
                Ok(BodyVerdict::Replace(bytes)) => onward.extend(bytes),
                Ok(BodyVerdict::Abort(reply)) => self.answer = Some(reply),
                Err(fault) => self.fault = Some(fault),
            }
            if self.ended() {
                break;
            }
        }
        onward
    }
}

fn judge(
    host: &Host,
    expect: &Expect,
    passed: &Passed,
    made: &[Outgoing],
    n: u32,
    failures: &mut Vec<String>,
) {
    check::fault(expect.fault.as_deref(), passed.fault.as_ref(), n, failures);
    if let Some(verdict) = expect.verdict {
        let found = passed.verdict.map_or("not asked", written::Verdict::name);
        check::exact("verdict", verdict.name(), found, failures);
    }
    if let Some(callouts) = &expect.callouts {
        callouts::check(callouts, made, failures);
    }
    if let Some(expected) = &expect.answer {
        match &passed.answer {
            Some(reply) => answer(expected, reply, failures),
            None => failures.push("answer: there was none; the request went on".to_owned()),
        }
    }
    let exchange = host.exchange();
    if let Some(expected) = &expect.request {
        match &passed.answer {
            None => onward(expected, passed, &exchange, failures),
            Some(reply) => {
                let status = reply.status;
                failures.push(format!(
                    "request: it did not go on: it was answered {status}"
                ));
            }
        }
    }
    if let Some(expected) = &expect.response {
        match exchange.response().filter(|_| passed.answer.is_none()) {
            Some(head) => {
                let field = |name: &str| {
                    let value = head.headers.get(name)?;
                    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
                };
                message(
                    "response",
                    expected,
                    head.status.as_u16(),
                    field,
                    &passed.response_body,
                    failures,
                );
            }
            None => failures.push("response: there was none from an endpoint".to_owned()),
        }
    }
}

fn answer(expected: &Message, reply: &Reply, failures: &mut Vec<String>) {
    let field = |name: &str| {
        let found = reply
            .headers
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name));
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    };
    message(
        "answer",
        expected,
        reply.status,
        field,
        &reply.body,
        failures,
    );
}

fn message(
    what: &str,
    expected: &Message,
    status: u16,
    field: impl Fn(&str) -> Option<String>,
    body: &[u8],
    failures: &mut Vec<String>,
) {
    if let Some(expected) = expected.status
        && expected != status
    {
        failures.push(format!("{what}: expected status {expected}, got {status}"));
    }
    for (name, part) in &expected.headers {
        let found = field(name);
        check::within(
            &format!("{what}: {name}"),
            part.as_ref(),
            found.as_deref(),
            failures,
        );
    }
    if let Some(text) = &expected.body {
        let body = String::from_utf8_lossy(body);
        check::contains(&format!("{what}: body"), text, &body, failures);
    }
}

fn onward(
    expected: &Onward,
    passed: &Passed,
    exchange: &tidegate_testkit::Request,
    failures: &mut Vec<String>,
) {
    let head = exchange.head();
    if let Some(path) = &expected.path {
        check::exact("request: path", path, &head.uri.to_string(), failures);
    }
    if let Some(upstream) = &expected.upstream {
        let upstream = upstream.clone().map(crate::scenario::scalar::Text);
        let found = passed.upstream.as_deref();
        check::same("request: upstream", upstream.as_ref(), found, failures);
    }
    for (name, value) in &expected.headers {
        let found = head.headers.get(name.as_str());
        let found = found.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        check::same(
            &format!("request: {name}"),
            value.as_ref(),
            found.as_deref(),
            failures,
        );
    }
    for (name, value) in &expected.attributes {
        let found = tidegate_runtime::Exchange::attribute(exchange, name);
        check::same(
            &format!("request: attribute {name}"),
            value.as_ref(),
            found,
            failures,
        );
    }
    if let Some(body) = &expected.body {
        let found = String::from_utf8_lossy(&passed.body);
        check::exact("request: body", body, &found, failures);
    }
}

impl check::Kept for FilterPlugin {
    fn counter(&self, name: &str) -> Option<i64> {
        self.counter(name)
    }

    fn value(&self, key: &str) -> Option<Vec<u8>> {
        self.value(key)
    }
}
