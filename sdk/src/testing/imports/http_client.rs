//! Callouts to what the test has granted.

use std::rc::Rc;

use crate::config::Target;
use crate::http_client::{Failure, Outgoing};
use crate::testing::duties;
use crate::testing::world::{Answer, Phase, World};
use crate::{Reply, fields};

/// In one call of a filter.
const MAX_CALLOUTS: u32 = 8;

pub fn send(request: &Outgoing) -> Result<Reply, Failure> {
    let answer = World::with(|world| permit(world, request))?;
    // The answer may use the fakes itself: nothing of them is borrowed here.
    let reply = answer.borrow_mut()(request)?;
    match reply.body.len() {
        ..=duties::MAX_BODY => Ok(reply),
        _ => Err(Failure::TooLarge),
    }
}

fn permit(world: &mut World, request: &Outgoing) -> Result<Answer, Failure> {
    let phase = matches!(world.phase, Phase::Request | Phase::RequestBody);
    let granted = world.answers.get(&request.upstream).map(Rc::clone);
    let answer = granted
        .filter(|_| phase && world.callouts_of_call < MAX_CALLOUTS)
        .ok_or(Failure::Denied)?;
    world.callouts_of_call += 1;
    let valid = fields::is_token(&request.method)
        && Target::parse(&request.path_and_query).is_ok()
        && duties::outgoing_fields(&request.headers).is_ok()
        && request.timeout > 0;
    if !valid {
        return Err(Failure::Invalid);
    }
    if request.body.len() > duties::MAX_BODY {
        return Err(Failure::TooLarge);
    }
    world.callouts.push(request.clone());
    Ok(answer)
}
