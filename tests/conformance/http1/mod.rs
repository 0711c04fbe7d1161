//! Tables of requests: what is sent, and what must come of it.

// Tables have a line for each case; formatted, they would be five times as long.
#[rustfmt::skip]
pub mod chunks;
#[rustfmt::skip]
pub mod fields;
#[rustfmt::skip]
pub mod host;
#[rustfmt::skip]
pub mod length;
#[rustfmt::skip]
pub mod line;
#[rustfmt::skip]
pub mod paths;
pub mod reference;

use std::fmt::Write;
use std::time::Duration;

use tidegate_e2e::recorder::{Recorder, Seen};
use tidegate_e2e::strict::{self, From, Reply, Request, Step};
use tidegate_e2e::wire::{Outcome, Wire};
use tidegate_e2e::{Proxy, config};

/// How long one answer may take on a busy machine: a case that waits in vain fails alone, and
/// the others are still judged.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The limits that the suites count with.
pub const LIMITS: &str = "limits: { head: 32KiB, fields: 100, target: 8KiB, body: 1MiB, head_timeout: 10s, \
     requests_per_connection: 10000, http2: { streams: 100 } }\n";

/// Bad Request.
pub const BAD: &[u16] = &[400];

/// What must come of a request.
#[derive(Clone, Debug)]
pub enum Expect {
    /// It is answered with 200, and the endpoint saw this.
    Passes(Saw),
    /// It is answered with one of these, the connection is closed, and the endpoint never saw
    /// it.
    Refused(&'static [u16]),
    /// The same, but that the connection may stay open: its end is known.
    Declined(&'static [u16]),
    /// Either of both is allowed.
    Either(Saw, &'static [u16]),
    /// The client gives up in its middle: the endpoint sees no request, and the connection
    /// is closed.
    Unfinished,
}

/// What the endpoint saw.
#[derive(Clone, Debug, Default)]
pub struct Saw {
    method: String,
    target: String,
    host: Option<String>,
    body: Vec<u8>,
    fields: Vec<(&'static str, Option<String>)>,
    trailers: Vec<(&'static str, &'static str)>,
}

/// A method and a target, and no body.
pub fn saw(line: &str) -> Saw {
    let (method, target) = line.split_once(' ').expect("a method and a target");
    Saw {
        method: method.to_owned(),
        target: target.to_owned(),
        ..Saw::default()
    }
}

impl Saw {
    /// With this body.
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// For this host.
    pub fn host(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    /// With this field, once.
    pub fn field(mut self, name: &'static str, value: &str) -> Self {
        self.fields.push((name, Some(value.to_owned())));
        self
    }

    /// Without this field.
    pub fn without(mut self, name: &'static str) -> Self {
        self.fields.push((name, None));
        self
    }

    /// With this trailer or without any: a proxy may discard them (RFC 9110 section 6.5.1).
    pub fn trailer(mut self, name: &'static str, value: &'static str) -> Self {
        self.trailers.push((name, value));
        self
    }

    /// What differs but for what a proxy changes.
    fn differs_in_aim(&self, request: &Request) -> Option<String> {
        let aim = Self {
            fields: Vec::new(),
            ..self.clone()
        };
        aim.differs(request)
    }

    /// What differs in the request that came.
    fn differs(&self, request: &Request) -> Option<String> {
        let line = (&self.method, &self.target);
        if (&request.method, &request.target) != line {
            return Some(format!("not {} {}", self.method, self.target));
        }
        if request.body != self.body {
            return Some(format!("not the body {}", shown(&self.body)));
        }
        // Letter case makes no other host (RFC 3986 section 6.2.2.1).
        let same = |host: &String| host.eq_ignore_ascii_case(&request.host);
        if !self.host.as_ref().is_none_or(same) {
            return Some(format!("not the host {:?}", self.host));
        }
        let trailers: Vec<(&str, &str)> = request
            .trailers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        if !trailers.is_empty() && trailers != self.trailers {
            return Some(format!("not the trailers {:?}", self.trailers));
        }
        self.fields.iter().find_map(|(name, value)| {
            let values = request.values(name);
            let wanted: Vec<&str> = value.iter().map(String::as_str).collect();
            (values != wanted).then(|| format!("not {name}: {wanted:?}"))
        })
    }
}

/// One request.
#[derive(Clone, Debug)]
pub struct Case {
    section: &'static str,
    name: String,
    bytes: Vec<u8>,
    expect: Expect,
}

/// A table while it is written.
#[derive(Default)]
pub struct Table(pub Vec<Case>);

impl Table {
    /// One more case.
    pub fn case(
        &mut self,
        section: &'static str,
        name: impl Into<String>,
        bytes: impl AsRef<[u8]>,
        expect: Expect,
    ) {
        self.0.push(Case {
            section,
            name: name.into(),
            bytes: bytes.as_ref().to_vec(),
            expect,
        });
    }

    /// One that passes.
    pub fn passes(
        &mut self,
        section: &'static str,
        name: impl Into<String>,
        bytes: impl AsRef<[u8]>,
        saw: Saw,
    ) {
        self.case(section, name, bytes, Expect::Passes(saw));
    }

    /// One that is refused with 400.
    pub fn bad(&mut self, section: &'static str, name: impl Into<String>, bytes: impl AsRef<[u8]>) {
        self.case(section, name, bytes, Expect::Refused(BAD));
    }

    /// One that is refused with one of these.
    pub fn refused(
        &mut self,
        section: &'static str,
        name: impl Into<String>,
        bytes: impl AsRef<[u8]>,
        statuses: &'static [u16],
    ) {
        self.case(section, name, bytes, Expect::Refused(statuses));
    }
}

/// A GET with these field lines.
pub fn get(fields: impl AsRef<[u8]>) -> Vec<u8> {
    [b"GET / HTTP/1.1\r\nHost: a\r\n", fields.as_ref(), b"\r\n"].concat()
}

/// A POST with these field lines and this body as it is.
pub fn post(fields: impl AsRef<[u8]>, body: impl AsRef<[u8]>) -> Vec<u8> {
    [
        b"POST / HTTP/1.1\r\nHost: a\r\n",
        fields.as_ref(),
        b"\r\n",
        body.as_ref(),
    ]
    .concat()
}

/// A proxy before one recorder.
pub async fn stage() -> (Proxy, Recorder) {
    stage_with(LIMITS).await
}

/// The same with further keys at the top level.
pub async fn stage_with(keys: &str) -> (Proxy, Recorder) {
    let recorder = Recorder::start().await;
    let text = config::web_of("round-robin", &[recorder.address().to_string()]);
    let text = config::with_upstream_key(&text, "breaker: off");
    let proxy = Proxy::start(&format!("{text}{keys}")).await;
    (proxy, recorder)
}

/// Plays every case of a table, and tells of all that fail.
///
/// # Panics
/// When one does.
pub async fn play(table: Table) {
    let (proxy, recorder) = stage().await;
    let mut failures = Vec::new();
    let mut passed = 0;
    for case in &table.0 {
        let mark = recorder.len();
        let mut wire = Wire::open(proxy.address()).await;
        wire.write(case.bytes.clone());
        if matches!(case.expect, Expect::Unfinished) {
            wire.finish();
        }
        let came = listen(&mut wire, case).await;
        let seen = recorder.since(mark);
        passed += requests(&seen).len();
        if let Err(why) = case.judge(&came, &seen) {
            failures.push(case.report(&why, &came, &seen));
        }
    }
    let all = recorder.since(0);
    let late = requests(&all).len() - passed;
    assert!(
        failures.is_empty() && late == 0,
        "{} of {} cases failed, {late} requests came late\n{}",
        failures.len(),
        table.0.len(),
        failures.join("\n")
    );
    println!("{} cases", table.0.len());
}

/// The final answer and what came behind it, where that matters.
async fn listen(wire: &mut Wire, case: &Case) -> Vec<Outcome> {
    let head = case.bytes.starts_with(b"HEAD ");
    let mut came = Vec::new();
    loop {
        let outcome = wire.reply(head, PATIENCE).await;
        let interim = matches!(&outcome, Outcome::Reply(reply) if reply.status < 200);
        came.push(outcome);
        if !interim {
            break;
        }
    }
    let refused = matches!(case.expect, Expect::Refused(_) | Expect::Unfinished)
        || matches!((&case.expect, came.last()), (Expect::Either(..), Some(Outcome::Reply(reply))) if reply.status >= 400);
    if refused && matches!(came.last(), Some(Outcome::Reply(_))) {
        came.push(wire.reply(head, PATIENCE).await);
    }
    came
}

fn requests(seen: &[Seen]) -> Vec<&Request> {
    seen.iter()
        .filter_map(|seen| match seen {
            Seen::Request(request) => Some(request),
            _ => None,
        })
        .collect()
}

fn final_reply(came: &[Outcome]) -> Option<&Reply> {
    came.iter().find_map(|outcome| match outcome {
        Outcome::Reply(reply) if reply.status >= 200 => Some(reply),
        _ => None,
    })
}

impl Case {
    /// Where the strict reader is of another opinion than the table: one of both is wrong.
    pub fn differs_from_reference(&self) -> Option<String> {
        let step = strict::request(&self.bytes, From::Client);
        let why = match (&self.expect, &step) {
            (Expect::Passes(saw), Step::Whole(request, _)) => saw.differs_in_aim(request)?,
            (Expect::Passes(_), other) => format!("{other:?}"),
            // What is refused for its size, or by a policy, is well-formed.
            (Expect::Refused(statuses), Step::Whole(..))
                if statuses
                    .iter()
                    .all(|status| [400, 501, 505].contains(status)) =>
            {
                "it is a request".to_owned()
            }
            (Expect::Unfinished, Step::Whole(..)) => "it is whole".to_owned(),
            _ => return None,
        };
        Some(format!(
            "[{}] {}: {}: {why}",
            self.section,
            self.name,
            shown(&self.bytes)
        ))
    }

    fn judge(&self, came: &[Outcome], seen: &[Seen]) -> Result<(), String> {
        if let Some(Seen::Wrong(why, bytes)) =
            seen.iter().find(|seen| matches!(seen, Seen::Wrong(..)))
        {
            return Err(format!(
                "the endpoint was sent what is no request ({why}): {}",
                shown(bytes)
            ));
        }
        if let Some(Outcome::Wrong(why, _)) = came
            .iter()
            .find(|outcome| matches!(outcome, Outcome::Wrong(..)))
        {
            return Err(format!("the answer is malformed: {why}"));
        }
        let requests = requests(seen);
        match &self.expect {
            Expect::Passes(saw) => passes(saw, came, &requests),
            Expect::Refused(statuses) => refused(statuses, came, &requests, true),
            Expect::Declined(statuses) => refused(statuses, came, &requests, false),
            Expect::Either(saw, statuses) => {
                if requests.is_empty() {
                    refused(statuses, came, &requests, false)
                } else {
                    passes(saw, came, &requests)
                }
            }
            Expect::Unfinished if !requests.is_empty() => Err("the endpoint saw it".into()),
            Expect::Unfinished => match came.last() {
                Some(Outcome::Closed) => Ok(()),
                _ => Err("the connection was not closed".into()),
            },
        }
    }

    fn report(&self, why: &str, came: &[Outcome], seen: &[Seen]) -> String {
        let mut text = format!(
            "[{}] {}: {why}\n    sent     {}\n    expected {:?}\n",
            self.section,
            self.name,
            shown(&self.bytes),
            self.expect
        );
        for outcome in came {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "    came     {}", said(outcome));
        }
        for seen in seen {
            let _ = writeln!(text, "    endpoint {}", saw_what(seen));
        }
        text
    }
}

fn passes(saw: &Saw, came: &[Outcome], requests: &[&Request]) -> Result<(), String> {
    match final_reply(came) {
        Some(reply) if reply.status == 200 => {}
        Some(reply) => return Err(format!("it was answered with {}", reply.status)),
        None => return Err("no answer".into()),
    }
    match requests {
        [request] => saw.differs(request).map_or(Ok(()), Err),
        _ => Err(format!("the endpoint saw {} requests", requests.len())),
    }
}

fn refused(
    statuses: &[u16],
    came: &[Outcome],
    requests: &[&Request],
    closed: bool,
) -> Result<(), String> {
    if !requests.is_empty() {
        return Err("the endpoint saw it".into());
    }
    match final_reply(came) {
        Some(reply) if statuses.contains(&reply.status) => {}
        Some(reply) => return Err(format!("it was answered with {}", reply.status)),
        None => return Err("no answer".into()),
    }
    if closed && came.last() != Some(&Outcome::Closed) {
        return Err("the connection was not closed".into());
    }
    Ok(())
}

/// Bytes as a Rust literal, the middle of long ones left out.
pub fn shown(bytes: &[u8]) -> String {
    cut(&bytes.escape_ascii().to_string())
}

fn cut(text: &str) -> String {
    if text.len() <= 600 {
        return text.to_owned();
    }
    let text: Vec<char> = text.chars().collect();
    let (start, end) = (&text[..300], &text[text.len() - 200..]);
    format!(
        "{}[… {} characters …]{}",
        String::from_iter(start),
        text.len(),
        String::from_iter(end)
    )
}

/// What the endpoint saw, in one line.
pub fn saw_what(seen: &Seen) -> String {
    match seen {
        Seen::Request(request) => cut(&format!("{request:?}")),
        Seen::Wrong(why, bytes) => format!("what is no request ({why}): {}", shown(bytes)),
        Seen::Cut(bytes) => format!("the beginning of a request: {}", shown(bytes)),
    }
}

/// An outcome in one line.
pub fn said(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Reply(reply) => cut(&format!("{} {:?}", reply.status, reply.text())),
        Outcome::Closed => "the end of the connection".into(),
        Outcome::Cut(bytes) => format!("the end of the connection within {}", shown(bytes)),
        Outcome::Wrong(why, bytes) => format!("{why}: {}", shown(bytes)),
        Outcome::Silence(bytes) => format!("nothing more than {}", shown(bytes)),
    }
}
