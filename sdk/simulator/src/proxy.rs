//! One proxy: its members, what it has learnt of the upstream as a whole, its roster and its
//! instances of the selector. The roster is made when something has changed, as the proxy's
//! keeper does it, and read by every request as it is.

use crate::chooser::{Chooser, Endpoint, List, View};
use crate::columns::Columns;
use crate::line::Line;
use crate::member::Member;
use crate::workload::Rules;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tidegate_policy::levels::{self, Standing};
use tidegate_policy::{
    Breaker, BreakerRule, Budget, Crowd, Detector, FailureShare, OutlierRule, StatusSet, slow_start,
};

/// One proxy.
pub(crate) struct Proxy {
    pub(crate) rules: Rules,
    /// By position in the upstream.
    pub(crate) members: Vec<Member>,
    pub(crate) columns: Arc<Columns>,
    pub(crate) budget: Budget,
    pub(crate) line: Option<Line>,
    /// None when nobody may be chosen.
    pub(crate) list: Option<Arc<List>>,
    pub(crate) panic: bool,
    /// One for each thread.
    pub(crate) choosers: Vec<Box<dyn Chooser>>,
    pub(crate) quarantine: Breaker,
    pub(crate) keeper: Keeper,
    /// As the file says them: id, address, weight, zone, labels.
    pub(crate) rows: Arc<[Row]>,
    detector: Detector,
    /// How many there are, and how many of them could take traffic at the last look.
    crowd: (u32, u32),
}

/// When the keeper looks.
#[derive(Default)]
pub(crate) struct Keeper {
    pub(crate) looked: Option<u64>,
    /// When it will look next; later appointments are kept in the heap and disregarded.
    pub(crate) due: Option<u64>,
}

/// What the configuration says of an endpoint.
pub(crate) struct Row {
    pub(crate) endpoint: Endpoint,
    pub(crate) priority: u32,
    pub(crate) max_in_flight: Option<u32>,
}

/// Sets a selector aside that keeps failing: the rule of the proxy's quarantine.
const QUARANTINE: BreakerRule = BreakerRule {
    consecutive_failures: NonZeroU32::new(10),
    failure_share: Some(FailureShare {
        percent: 50,
        window: Duration::from_secs(10),
        minimum: NonZeroU32::new(20).expect("not zero"),
    }),
    statuses: StatusSet::range(500, 599),
    cooldown: Duration::from_secs(1),
    max_cooldown: Duration::from_secs(60),
    probes: NonZeroU32::MIN,
};

impl Proxy {
    pub(crate) fn new(rules: Rules, rows: &Arc<[Row]>) -> Self {
        let member = |row: &Row| Member::new(row.max_in_flight, rules.breaker);
        Self {
            rules,
            members: rows.iter().map(member).collect(),
            columns: Arc::new(Columns::new(rows.len())),
            budget: Budget::new(rules.budget),
            line: rules.limits.map(Line::new),
            list: None,
            panic: false,
            choosers: Vec::new(),
            quarantine: Breaker::new(QUARANTINE),
            keeper: Keeper::default(),
            rows: rows.clone(),
            detector: Detector::new(),
            crowd: (0, 0),
        }
    }

    /// Looks at every member and makes the list that follows. Answers whether it is another one,
    /// and when the next look is due even if nobody rings.
    pub(crate) fn look(&mut self, now: Instant) -> (bool, Option<Instant>) {
        let (ramp, ejects) = (self.rules.slow_start, self.rules.outlier.is_some());
        let mut next: Option<Instant> = None;
        let mut places = Vec::with_capacity(self.members.len());
        let mut standing = Vec::with_capacity(self.members.len());
        let mut tenths = Vec::with_capacity(self.members.len());
        for (position, member) in self.members.iter_mut().enumerate() {
            if !member.present {
                continue;
            }
            let ejected = ejects.then(|| self.detector.ejected(now, position as u64));
            let found = member.look(now, ejected.flatten(), ramp);
            next = [next, found.next].into_iter().flatten().min();
            let row = &self.rows[position];
            places.push(position as u32);
            tenths.push(found.tenths);
            standing.push(levels::Member {
                priority: row.priority,
                weight: row.endpoint.weight,
                standing: found.standing,
                draining: member.draining,
            });
        }
        let eligible = standing
            .iter()
            .filter(|it| it.standing == Standing::Eligible && !it.draining);
        self.crowd = (standing.len() as u32, eligible.count() as u32);
        let roster = levels::roster(&standing, self.rules.panic_percent);
        self.panic = roster.panic;
        let chosen = || roster.members.iter().map(|it| *it as usize);
        let weights: Vec<_> = chosen()
            .map(|it| (standing[it].weight, tenths[it]))
            .collect();
        let weights = slow_start::weights(&weights, ramp);
        let members: Vec<u32> = chosen().map(|it| places[it]).collect();
        (self.publish(&members, &weights), next)
    }

    fn publish(&mut self, members: &[u32], weights: &[u32]) -> bool {
        let same = self.list.as_ref().map_or(members.is_empty(), |list| {
            list.endpoints.len() == members.len()
                && list.endpoints.iter().zip(members).zip(weights).all(
                    |((endpoint, position), weight)| {
                        let row = &self.rows[*position as usize].endpoint;
                        endpoint.id == row.id
                            && endpoint.weight == *weight
                            && endpoint.draining == self.members[*position as usize].draining
                    },
                )
        });
        if same {
            return false;
        }
        let endpoints: Vec<_> = members
            .iter()
            .zip(weights)
            .map(|(position, weight)| Endpoint {
                weight: *weight,
                draining: self.members[*position as usize].draining,
                ..self.rows[*position as usize].endpoint.clone()
            })
            .collect();
        let view = View {
            columns: self.columns.clone(),
            members: members.into(),
        };
        self.list = (!endpoints.is_empty()).then(|| Arc::new(List { endpoints, view }));
        true
    }

    /// The instances hear of the new list.
    pub(crate) fn tell(&mut self, now: u64) {
        if let Some(list) = &self.list {
            for chooser in &mut self.choosers {
                chooser.update(list, now);
            }
        }
    }

    /// An endpoint stands out: ejects it, if the others can do without it.
    pub(crate) fn suspect(&mut self, now: Instant, rule: &OutlierRule, position: u32) -> bool {
        let crowd = Crowd {
            members: self.crowd.0,
            others_eligible: self.crowd.1.saturating_sub(1),
        };
        let out = self.detector.suspect(now, rule, u64::from(position), crowd);
        if out.is_some() {
            self.crowd.1 = self.crowd.1.saturating_sub(1);
        }
        out.is_some()
    }

    /// Compares the endpoints, once an interval. Answers whether somebody was ejected.
    pub(crate) fn sweep(&mut self, now: Instant, rule: &OutlierRule) -> bool {
        let present = self
            .members
            .iter_mut()
            .enumerate()
            .filter(|(_, it)| it.present);
        let seen: Vec<_> = present
            .map(|(position, member)| (position as u64, member.tally.take()))
            .collect();
        self.detector.decay(now, rule);
        let mut rings = false;
        for position in Detector::stand_out(rule, &seen) {
            rings |= self.suspect(now, rule, position as u32);
        }
        rings
    }
}
