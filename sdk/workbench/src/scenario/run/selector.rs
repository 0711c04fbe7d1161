//! Steps of a selector.

use std::collections::BTreeMap;

use tidegate_testkit::{Choice, Component, Endpoint, HeaderEdit, Host, LoadError, Plugin};

use super::timing::Timing;
use super::{StepOutcome, check, request};
use crate::scenario::shape::Column;
use crate::scenario::written::{Endpoints, Expect, Pick, Scenario, Step, config};

/// A selector at work.
pub(super) struct Stage<'a> {
    component: &'a Component,
    plugin: Plugin,
    list: Vec<Endpoint>,
    /// What the last call chose; nothing before the first.
    last: Option<Option<u32>>,
    /// Lines that were logged before this step; none before the first, so that it has those of
    /// the start.
    heard: usize,
}

impl<'a> Stage<'a> {
    pub(super) fn start(
        host: &Host,
        component: &'a Component,
        scenario: &Scenario,
    ) -> Result<Self, LoadError> {
        let list = scenario
            .endpoints
            .clone()
            .unwrap_or_else(|| Endpoints::alike(3))
            .list();
        let plugin = host.plugin(component, &scenario.config(), &list)?;
        Ok(Self {
            component,
            plugin,
            list,
            last: None,
            heard: 0,
        })
    }

    pub(super) fn step(&mut self, host: &Host, step: &Step, outcome: &mut StepOutcome) {
        if let Err(problem) = self.prepare(host, step) {
            outcome.failures.push(problem);
            return;
        }
        let mut timing = Timing::default();
        let mut counts = BTreeMap::<Option<u32>, u32>::new();
        let repeat = step.repeat.unwrap_or(1);
        for n in 0..repeat {
            let request = match request::request(step.request.as_ref(), n) {
                Ok(request) => request.excluding(step.excluded.iter().copied()),
                Err(problem) => {
                    outcome.failures.push(format!("request: {problem}"));
                    return;
                }
            };
            let answer = timing.of(|| self.plugin.select_for(request));
            let before = outcome.failures.len();
            let expected = step.expect.fault.as_deref();
            check::fault(expected, answer.as_ref().err(), n, &mut outcome.failures);
            if let Ok(choice) = answer {
                *counts
                    .entry(choice.as_ref().map(|choice| choice.index))
                    .or_default() += 1;
                self.judge(&step.expect, choice.as_ref(), n, &mut outcome.failures);
            }
            if outcome.failures.len() > before {
                break;
            }
        }
        self.distribution(&step.expect, &counts, repeat, &mut outcome.failures);
        self.heard = check::common(
            host,
            &step.expect,
            self.heard,
            &self.plugin,
            timing,
            outcome,
        );
    }

    fn prepare(&mut self, host: &Host, step: &Step) -> Result<(), String> {
        if let Some(section) = &step.config {
            let replaced = self.plugin.replace(self.component, &config(Some(section)));
            replaced.map_err(|error| format!("config: {error}"))?;
        }
        if let Some(endpoints) = &step.endpoints {
            let list = endpoints.list();
            let updated = self.plugin.update(&list);
            updated.map_err(|error| format!("endpoints: {error}"))?;
            self.list = list;
        }
        if let Some(column) = &step.in_flight {
            host.in_flight(&self.column(column, |value| *value)?);
        }
        if let Some(column) = &step.latency {
            let micros = |time: &crate::scenario::scalar::Time| {
                u32::try_from(time.0.as_micros()).unwrap_or(u32::MAX)
            };
            host.latency(&self.column(column, micros)?);
        }
        Ok(())
    }

    fn column<T>(&self, column: &Column<T>, value: impl Fn(&T) -> u32) -> Result<Vec<u32>, String> {
        match column {
            Column::List(list) => Ok(list.iter().map(value).collect()),
            Column::Map(map) => {
                let mut values = vec![0; self.list.len()];
                for (address, of) in map {
                    values[self.position(address)?] = value(of);
                }
                Ok(values)
            }
        }
    }

    fn position(&self, address: &str) -> Result<usize, String> {
        let found = self
            .list
            .iter()
            .position(|endpoint| endpoint.address == address);
        found.ok_or_else(|| format!("`{address}` is no endpoint of the list"))
    }

    fn judge(
        &mut self,
        expect: &Expect,
        choice: Option<&Choice>,
        n: u32,
        failures: &mut Vec<String>,
    ) {
        let chosen = choice.map(|choice| choice.index);
        let again = if n > 0 {
            format!(" (repetition {})", n + 1)
        } else {
            String::new()
        };
        if let Some(fine) = &expect.choice {
            let is = |pick: &Pick| match pick {
                Pick::None => Ok(chosen.is_none()),
                Pick::Position(position) => Ok(chosen == Some(*position)),
                Pick::Address(address) => {
                    let position = self.position(address)?;
                    Ok(chosen.is_some_and(|chosen| chosen as usize == position))
                }
            };
            let found: Result<Vec<bool>, String> = fine.0.iter().map(is).collect();
            match found {
                Err(problem) => failures.push(format!("choice: {problem}")),
                Ok(found) if found.contains(&true) => {}
                Ok(_) => {
                    let fine: Vec<String> = fine.0.iter().map(|pick| self.show(pick)).collect();
                    let got = self.name(chosen);
                    failures.push(format!(
                        "choice: expected {}, got {got}{again}",
                        fine.join(" or ")
                    ));
                }
            }
        }
        if let (Some(same), Some(last)) = (expect.same, self.last)
            && (last == chosen) != same
        {
            let (last, chosen) = (self.name(last), self.name(chosen));
            let word = if same {
                "the same as before"
            } else {
                "another than before"
            };
            failures.push(format!(
                "same: expected {word}, {last}, got {chosen}{again}"
            ));
        }
        self.last = Some(chosen);
        let edits = choice.map_or(&[][..], |choice| &choice.response_edits);
        for (name, part) in expect.edits.iter().flatten() {
            let value = edits.iter().find_map(|edit| match edit {
                HeaderEdit::Set((field, value)) | HeaderEdit::Append((field, value)) => field
                    .eq_ignore_ascii_case(name)
                    .then(|| String::from_utf8_lossy(value).into_owned()),
                HeaderEdit::Remove(_) => None,
            });
            let what = format!("edits: {name}");
            check::within(&what, part.as_ref(), value.as_deref(), failures);
        }
    }

    fn distribution(
        &self,
        expect: &Expect,
        counts: &BTreeMap<Option<u32>, u32>,
        repeat: u32,
        failures: &mut Vec<String>,
    ) {
        let Some(shares) = &expect.distribution else {
            return;
        };
        let share = |share: &crate::scenario::scalar::Share| share.0;
        let shares: Vec<f64> = match shares {
            Column::List(list) => list.iter().map(share).collect(),
            Column::Map(map) => {
                let mut shares = vec![0.0; self.list.len()];
                for (address, of) in map {
                    match self.position(address) {
                        Ok(position) => shares[position] = share(of),
                        Err(problem) => {
                            failures.push(format!("distribution: {problem}"));
                            return;
                        }
                    }
                }
                shares
            }
        };
        let tolerance = expect.tolerance.map_or(0.01, |share| share.0);
        for position in 0..self.list.len() {
            let expected = shares.get(position).copied().unwrap_or(0.0);
            let chosen = u32::try_from(position).unwrap_or(u32::MAX);
            let count = counts.get(&Some(chosen)).copied().unwrap_or(0);
            let found = f64::from(count) / f64::from(repeat.max(1));
            if (found - expected).abs() > tolerance + 1e-9 {
                failures.push(format!(
                    "distribution: {}: expected {:.1}% ± {:.1}%, got {:.1}% ({count} of {repeat})",
                    self.name(Some(chosen)),
                    expected * 100.0,
                    tolerance * 100.0,
                    found * 100.0,
                ));
            }
        }
    }

    fn show(&self, pick: &Pick) -> String {
        match pick {
            Pick::Position(position) => self.name(Some(*position)),
            Pick::Address(address) => address.clone(),
            Pick::None => "none".to_owned(),
        }
    }

    fn name(&self, chosen: Option<u32>) -> String {
        let Some(position) = chosen else {
            return "none".to_owned();
        };
        match self.list.get(position as usize) {
            Some(endpoint) => format!("{position} ({})", endpoint.address),
            None => position.to_string(),
        }
    }
}

impl check::Kept for Plugin {
    fn counter(&self, name: &str) -> Option<i64> {
        self.counter(name)
    }

    fn value(&self, key: &str) -> Option<Vec<u8>> {
        self.value(key)
    }
}
