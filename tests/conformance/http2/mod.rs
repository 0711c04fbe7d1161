//! Cases of HTTP/2: frames that are sent, and what must come of them.

// Tables have a line for each case; formatted, they would be five times as long.
#[rustfmt::skip]
pub mod compression;
#[rustfmt::skip]
pub mod connection;
#[rustfmt::skip]
pub mod messages;
#[rustfmt::skip]
pub mod streams;

use std::fmt::Write;
use std::time::Duration;

use tidegate_e2e::frames::{self, Event, Http2, flag, kind};
use tidegate_e2e::recorder::{Recorder, Seen};
use tidegate_e2e::strict::Request;
use tidegate_e2e::{Proxy, config};

/// How long one frame may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(10);

const LIMITS: &str =
    "limits: { head: 32KiB, fields: 100, target: 8KiB, body: 1MiB, http2: { streams: 100 } }\n";

/// What must come.
#[derive(Clone, Debug)]
pub enum Expect {
    /// A connection error: GOAWAY with one of these codes, or the end of the connection.
    Connection(&'static [u32]),
    /// A stream error: RST_STREAM with one of these codes, or a connection error with one.
    Stream(u32, &'static [u32]),
    /// A malformed request: the stream error `PROTOCOL_ERROR`, or an answer of 400 (RFC 9113
    /// section 8.1.1), and the endpoint never sees it.
    Malformed(u32),
    /// A stream error, or an answer with one of these, and the endpoint never sees it.
    Declined(u32, &'static [u16]),
    /// An answer with this status, up to its end.
    Status(u32, u16),
    /// The head of an answer.
    Head(u32),
    /// DATA of that many bytes.
    Data(u32, usize),
    /// The end of the stream, whichever.
    End(u32),
    /// An acknowledgement of settings.
    SettingsAck,
    /// An acknowledgement of a ping with this payload, before any other one.
    Pong([u8; 8]),
    /// That a new request is served; its stream.
    Alive(u32),
    /// The end of the connection, whatever comes before it: for what is no HTTP/2.
    Gone,
}

/// One thing that a case does.
#[derive(Clone, Debug)]
pub enum Step {
    /// Exchanges prefaces, with these settings.
    Open(Vec<(u16, u32)>),
    /// Writes these bytes.
    Send(Vec<u8>),
    /// Waits for this.
    Await(Expect),
}

/// One case.
pub struct Case {
    section: &'static str,
    name: String,
    steps: Vec<Step>,
}

/// A table while it is written.
#[derive(Default)]
pub struct Table(Vec<Case>);

impl Table {
    /// Opens, sends, waits.
    pub fn case(
        &mut self,
        section: &'static str,
        name: impl Into<String>,
        bytes: impl Into<Vec<u8>>,
        expect: Expect,
    ) {
        self.steps(
            section,
            name,
            [
                Step::Open(Vec::new()),
                Step::Send(bytes.into()),
                Step::Await(expect),
            ],
        );
    }

    /// Any steps.
    pub fn steps(
        &mut self,
        section: &'static str,
        name: impl Into<String>,
        steps: impl IntoIterator<Item = Step>,
    ) {
        self.0.push(Case {
            section,
            name: name.into(),
            steps: steps.into_iter().collect(),
        });
    }
}

/// Opens with no settings of its own.
pub fn open() -> Step {
    Step::Open(Vec::new())
}

/// Sends.
pub fn send(bytes: impl Into<Vec<u8>>) -> Step {
    Step::Send(bytes.into())
}

/// Waits.
pub fn expect(expect: Expect) -> Step {
    Step::Await(expect)
}

/// A proxy before one recorder.
pub async fn stage() -> (Proxy, Recorder) {
    let recorder = Recorder::start().await;
    let text = config::web_of("round-robin", &[recorder.address().to_string()]);
    let text = config::with_upstream_key(&text, "breaker: off");
    (Proxy::start(&format!("{text}{LIMITS}")).await, recorder)
}

/// Plays every case of a table, and tells of all that fail.
///
/// # Panics
/// When one does.
pub async fn play(table: Table) {
    let (proxy, recorder) = stage().await;
    let mut failures = Vec::new();
    for case in &table.0 {
        let mut log = String::new();
        let mark = recorder.len();
        let result = case.play(&proxy, &mut log).await;
        let seen = recorder.since(mark);
        let result = result.and_then(|()| case.compare(&seen));
        if let Err(why) = result {
            let log: String = log.chars().take(1_500).collect();
            failures.push(format!(
                "[RFC {}] {}: {why}\n{log}",
                case.section, case.name
            ));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} cases failed\n{}",
        failures.len(),
        table.0.len(),
        failures.join("\n")
    );
    println!("{} cases", table.0.len());
}

impl Case {
    async fn play(&self, proxy: &Proxy, log: &mut String) -> Result<(), String> {
        let mut connection = Http2::connect(proxy.address()).await;
        for step in &self.steps {
            match step {
                Step::Open(settings) => {
                    connection = Http2::open_with(proxy.address(), settings, PATIENCE).await?;
                }
                Step::Send(bytes) => {
                    let shown: String =
                        bytes.escape_ascii().to_string().chars().take(300).collect();
                    // Writing to a string cannot fail.
                    let _ = writeln!(log, "    sent     {shown}");
                    connection.write(bytes.clone());
                }
                Step::Await(Expect::Alive(stream)) => {
                    connection.write(frames::get(*stream, "/alive"));
                    wait(&mut connection, &Expect::Status(*stream, 200), log).await?;
                }
                Step::Await(Expect::Gone) => {
                    if !connection.gone(PATIENCE).await {
                        return Err("the connection goes on".into());
                    }
                }
                Step::Await(expect) => wait(&mut connection, expect, log).await?,
            }
        }
        Ok(())
    }

    /// What the endpoint saw is well-formed in any case, and nothing of a request that is
    /// malformed.
    fn compare(&self, seen: &[Seen]) -> Result<(), String> {
        let malformed = |step: &Step| {
            matches!(
                step,
                Step::Await(Expect::Malformed(_) | Expect::Declined(..))
            )
        };
        let none = self.steps.iter().any(malformed);
        for seen in seen {
            match seen {
                Seen::Request(Request { method, target, .. }) if none && target != "/alive" => {
                    return Err(format!("the endpoint saw {method} {target}"));
                }
                Seen::Wrong(why, bytes) => {
                    return Err(format!(
                        "the endpoint was sent what is no request ({why}): {}",
                        bytes.escape_ascii()
                    ));
                }
                Seen::Request(_) | Seen::Cut(_) => {}
            }
        }
        Ok(())
    }
}

/// Reads until `expect` is met or cannot be any more.
async fn wait(connection: &mut Http2, expect: &Expect, log: &mut String) -> Result<(), String> {
    let mut status = None;
    loop {
        let event = connection.event(PATIENCE).await;
        let shown: String = format!("{event:?}").chars().take(200).collect();
        let _ = writeln!(log, "    came     {shown}");
        if let Some(result) = judge(expect, &event, &mut status) {
            return result.map_err(|why| format!("{why}, expected {expect:?}"));
        }
    }
}

fn judge(expect: &Expect, event: &Event, status: &mut Option<u16>) -> Option<Result<(), String>> {
    use Expect::*;
    let ended = matches!(event, Event::Closed);
    let failed = |what: &str| Some(Err(what.to_owned()));
    if let Event::Silence = event {
        return failed("nothing came");
    }
    if let Event::Wrong(why) = event {
        return failed(why);
    }
    let frame = match event {
        Event::Frame(frame) => Some(frame),
        _ => None,
    };
    let closes = |of: u32| match event {
        Event::Headers { stream, end, .. } => *stream == of && *end,
        Event::Frame(frame) => {
            frame.stream == of && frame.kind == kind::DATA && frame.flags & flag::END_STREAM != 0
        }
        _ => false,
    };
    let head = |of: u32| matches!(event, Event::Headers { stream, .. } if *stream == of);
    let goaway = event.goaway();
    match expect {
        Connection(codes) | Stream(_, codes)
            if ended || goaway.is_some_and(|code| codes.contains(&code)) =>
        {
            Some(Ok(()))
        }
        // A more general code is as good, if the connection ends: so does h2spec judge, and
        // so does the h2 library, which knows PROTOCOL_ERROR for most of them.
        Connection(_) | Stream(..) if goaway.is_some() => None,
        Connection(_) => None,
        Stream(of, codes) => match event.reset() {
            Some((stream, code)) if stream == *of && codes.contains(&code) => Some(Ok(())),
            // A whole answer may have come first; that is for the peer to know.
            Some((stream, _)) if stream == *of && !codes.contains(&frames::code::NO_ERROR) => {
                failed("a RST_STREAM of another code")
            }
            _ => None,
        },
        Malformed(of) => match (event.reset(), event.status()) {
            (Some((stream, frames::code::PROTOCOL_ERROR)), _) if stream == *of => Some(Ok(())),
            (_, Some("400")) if head(*of) => Some(Ok(())),
            (_, Some(_)) if head(*of) => failed("an answer"),
            _ if ended || goaway == Some(frames::code::PROTOCOL_ERROR) => Some(Ok(())),
            _ if goaway.is_some() => failed("a GOAWAY of another code"),
            _ => None,
        },
        Declined(of, statuses) => match (event.reset(), event.status()) {
            (Some((stream, _)), _) if stream == *of => Some(Ok(())),
            (_, Some(text))
                if head(*of) && text.parse().is_ok_and(|status| statuses.contains(&status)) =>
            {
                Some(Ok(()))
            }
            (_, Some(_)) if head(*of) => failed("an answer"),
            _ if ended => Some(Ok(())),
            _ => None,
        },
        Status(of, wanted) => {
            if let Some(text) = event.status().filter(|_| head(*of)) {
                let came = text.parse().unwrap_or(0);
                if came >= 200 {
                    *status = Some(came);
                }
            }
            if closes(*of) {
                return if *status == Some(*wanted) {
                    Some(Ok(()))
                } else {
                    failed("another status")
                };
            }
            let reset = event.reset().is_some_and(|(stream, _)| stream == *of);
            (ended || reset || goaway.is_some()).then(|| Err("no answer".into()))
        }
        Head(of) if head(*of) => Some(Ok(())),
        End(of) if closes(*of) || event.reset().is_some_and(|(stream, _)| stream == *of) => {
            Some(Ok(()))
        }
        Data(of, length) => match frame {
            Some(frame) if frame.kind == kind::DATA && frame.stream == *of => {
                if frame.payload.len() == *length {
                    Some(Ok(()))
                } else {
                    failed("DATA of another length")
                }
            }
            _ if ended || goaway.is_some() => failed("the end"),
            _ => None,
        },
        SettingsAck
            if frame.is_some_and(|f| f.kind == kind::SETTINGS && f.flags & flag::ACK != 0) =>
        {
            Some(Ok(()))
        }
        Pong(payload) => match frame {
            Some(frame) if frame.kind == kind::PING && frame.flags & flag::ACK != 0 => {
                if frame.payload == payload {
                    Some(Ok(()))
                } else {
                    failed("an acknowledgement of another ping")
                }
            }
            _ if ended || goaway.is_some() => failed("the end"),
            _ => None,
        },
        _ if ended || goaway.is_some() => failed("the end"),
        _ => None,
    }
}
