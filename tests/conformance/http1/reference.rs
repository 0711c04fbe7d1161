//! What may come of any bytes at all: the endpoint sees only requests that the strict reader
//! finds in them, in their order, and the client gets only whole answers.

use tidegate_e2e::recorder::{Recorder, Seen};
use tidegate_e2e::strict::{self, From, Request, Step};
use tidegate_e2e::wire::{Outcome, Wire};

use std::net::SocketAddr;

use super::{PATIENCE, said, saw_what, shown};

/// What the strict reader finds.
struct Plan {
    requests: Vec<Request>,
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// The last one is whole, and the connection may go on.
    Whole,
    /// The last one is whole and the last of its connection.
    Closing,
    /// Something began that did not end.
    Part,
    /// Something is wrong.
    Wrong,
}

fn read(bytes: &[u8]) -> Plan {
    let (mut rest, mut requests) = (bytes, Vec::new());
    let end = loop {
        if rest.is_empty() {
            break End::Whole;
        }
        match strict::request(rest, From::Client) {
            Step::Whole(request, length) => {
                rest = &rest[length..];
                let keeps = request.keeps_alive();
                requests.push(request);
                if !keeps {
                    break End::Closing;
                }
            }
            Step::Part => break End::Part,
            Step::Wrong(_) => break End::Wrong,
        }
    };
    Plan { requests, end }
}

/// Sends these bytes on a connection of their own and judges what comes of them.
pub async fn try_bytes(
    address: SocketAddr,
    recorder: &Recorder,
    bytes: &[u8],
) -> Result<(), String> {
    let plan = read(bytes);
    let mark = recorder.len();
    let mut wire = Wire::open(address).await;
    wire.write(bytes);
    let mut came = Vec::new();
    let judged = converse(&mut wire, &plan, &mut came).await;
    let seen = recorder.since(mark);
    judged
        .and_then(|()| compare(&plan, &seen))
        .map_err(|why| {
            let came: Vec<_> = came.iter().map(said).collect();
        let seen: Vec<_> = seen.iter().map(saw_what).collect();
            let found: Vec<_> = plan
                .requests
                .iter()
                .map(|request| format!("{} {}", request.method, request.target))
                .collect();
            format!(
                "{why}\n    sent      {}\n    came      {came:?}\n    endpoint  {seen:?}\n    reference {found:?}",
                shown(bytes)
            )
        })
}

async fn converse(wire: &mut Wire, plan: &Plan, came: &mut Vec<Outcome>) -> Result<(), String> {
    let mut answered = 0;
    let mut finished = false;
    loop {
        if answered == plan.requests.len() {
            match plan.end {
                End::Whole => return Ok(()),
                End::Part if !finished => {
                    finished = true;
                    wire.finish();
                }
                _ => {}
            }
        }
        let head = plan
            .requests
            .get(answered)
            .is_some_and(|request| request.method == "HEAD");
        let outcome = wire.reply(head, PATIENCE).await;
        came.push(outcome.clone());
        match outcome {
            Outcome::Reply(reply) if reply.status == 101 => return Err("a tunnel".into()),
            Outcome::Reply(reply) if reply.status < 200 => {}
            Outcome::Reply(reply) => {
                answered += 1;
                if answered > plan.requests.len() && reply.status < 400 {
                    return Err("an answer to no request".into());
                }
                if answered > plan.requests.len() + 1 {
                    return Err("more answers than requests".into());
                }
            }
            Outcome::Closed => return Ok(()),
            Outcome::Cut(_) => return Err("an answer that is cut off".into()),
            Outcome::Wrong(why, _) => return Err(format!("a malformed answer: {why}")),
            Outcome::Silence(_) => return Err("neither an answer nor an end".into()),
        }
    }
}

/// The endpoint saw some of the requests, in their order.
fn compare(plan: &Plan, seen: &[Seen]) -> Result<(), String> {
    let mut may = plan.requests.iter();
    for seen in seen {
        match seen {
            Seen::Request(request) => {
                let same = |may: &Request| {
                    (&may.method, &may.target, &may.body)
                        == (&request.method, &request.target, &request.body)
                        && (may.host.is_empty() || may.host.eq_ignore_ascii_case(&request.host))
                };
                if !may.any(same) {
                    return Err(format!(
                        "the endpoint saw {} {} with {} bytes, which was not sent",
                        request.method,
                        request.target,
                        request.body.len()
                    ));
                }
            }
            Seen::Wrong(why, bytes) => {
                return Err(format!("the endpoint was sent {}: {why}", shown(bytes)));
            }
            Seen::Cut(_) => {}
        }
    }
    Ok(())
}
