//! Which endpoints a selector may see: levels of priority, spill-over, and panic.
//!
//! **Levels.** Members of priority 0 come first. A level may lose some of its members before
//! the next one is called in: it suffices while 1.4 times the weight of its eligible members
//! covers the weight of all, that is down to 71 %. The factor is Envoy's
//! `overprovisioning_factor`. Levels are taken in order until what they contribute adds up to
//! one whole level. Envoy then hands each level its percentage of the traffic; here the
//! members of all levels taken stand in one list, and the selector weighs them.
//!
//! **Panic.** When all levels together do not add up to one, and fewer members are eligible
//! than the panic threshold asks for, then the doubted ones are let in again. Health and
//! ejection are opinions, formed by probes or by comparison; when they speak against nearly
//! all members at once, then what is broken is more likely the probe, the network it runs
//! over, or the whole service, and the few that are left would break down under the traffic
//! of all (Envoy, "panic threshold"). A barred member stays out even then. An open breaker is
//! first-hand: this very proxy sent requests there and they failed, it lets probes through by
//! itself, and traffic would only prolong what it waits for. And nobody can be sent to a
//! member without an address.
//!
//! **Draining.** A draining member takes nothing new, so it counts neither for capacity nor
//! for the share of panic. But its sessions must find it: it is listed whatever its level.
//!
//! Refuses to select, to weigh, and to know why a member is doubted.

/// What is held against a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Nothing.
    Eligible,
    /// Health says it is down, or it has been ejected: it is used in panic only.
    Doubted,
    /// Its breaker is open, or it has no address: it is never used.
    Barred,
}

/// One endpoint, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its level; 0 is the best.
    pub priority: u32,
    /// Its share of its level's capacity.
    pub weight: u32,
    /// What is held against it.
    pub standing: Standing,
    /// Whether it only serves the sessions that it has.
    pub draining: bool,
}

/// Who may be selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    /// Positions in the list of members, ascending. Empty when nobody qualifies.
    pub members: Vec<u32>,
    /// Whether doubt is disregarded.
    pub panic: bool,
    /// Whether members beyond the best level are listed for new traffic.
    pub spilled: bool,
}

/// What a level contributes when it suffices alone. Shares are rounded down to a millionth,
/// which errs towards one level more.
const ENOUGH: u64 = 1_000_000;

/// The eligible weight counts for this much, in tenths.
const OVERPROVISIONED: u128 = 14;

/// Draws up the list. `panic_percent` is the share of eligible members below which doubt is
/// disregarded, in `0..=100`, where 0 is never; a number above counts as 100.
pub fn roster(members: &[Member], panic_percent: u32) -> Roster {
    let best = next_level(members, None);
    let (last, enough) = levels_taken(members);
    let panic = !enough && too_few(members, panic_percent);
    let listed = |member: &Member| match member.standing {
        Standing::Eligible => panic || member.draining || Some(member.priority) <= last,
        Standing::Doubted => panic,
        Standing::Barred => false,
    };
    Roster {
        members: (0u32..)
            .zip(members)
            .filter(|(_, member)| listed(member))
            .map(|(position, _)| position)
            .collect(),
        panic,
        spilled: members
            .iter()
            .any(|member| listed(member) && !member.draining && Some(member.priority) > best),
    }
}

/// The last level that is taken, `None` without members, and whether those up to it suffice.
fn levels_taken(members: &[Member]) -> (Option<u32>, bool) {
    let (mut last, mut sum) = (None, 0);
    while let Some(level) = next_level(members, last) {
        last = Some(level);
        sum += contribution(members, level);
        if sum >= ENOUGH {
            return (last, true);
        }
    }
    (last, false)
}

/// The best level after this one; `None` comes before all.
fn next_level(members: &[Member], after: Option<u32>) -> Option<u32> {
    members
        .iter()
        .map(|member| member.priority)
        .filter(|priority| Some(*priority) > after)
        .min()
}

/// What the level contributes, in `0..=ENOUGH`. Nothing when it has no weight.
fn contribution(members: &[Member], level: u32) -> u64 {
    let (mut eligible, mut total) = (0u128, 0u128);
    for member in members.iter().filter(|member| member.priority == level) {
        if !member.draining {
            let weight = u128::from(member.weight);
            total += weight;
            if member.standing == Standing::Eligible {
                eligible += weight;
            }
        }
    }
    // Fits: at most 2^64 members of a weight below 2^32, times less than 2^24.
    let share = (eligible * OVERPROVISIONED * u128::from(ENOUGH))
        .checked_div(total * 10)
        .unwrap_or(0);
    share.min(u128::from(ENOUGH)) as u64
}

fn too_few(members: &[Member], percent: u32) -> bool {
    let staying = members.iter().filter(|member| !member.draining);
    let eligible = staying
        .clone()
        .filter(|member| member.standing == Standing::Eligible);
    let (eligible, all) = (eligible.count() as u128, staying.count() as u128);
    eligible * 100 < all * u128::from(percent.min(100))
}

#[cfg(test)]
#[path = "levels_tests.rs"]
mod tests;
