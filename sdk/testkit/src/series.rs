//! The plugin's own metrics, recorded, within the bounds of the contract.

use std::collections::BTreeMap;
use std::mem::discriminant;
use std::sync::Arc;

use parking_lot::Mutex;
use tidegate_runtime::{CounterSink, GaugeSink, HistogramSink, SeriesSink};
use tidegate_sdk::testing::Metric;

/// `wit/host.wit`, interface `metrics`.
const MAX_SERIES: usize = 64;
const MAX_NAME: usize = 64;
const MAX_BUCKETS: usize = 32;

/// Series so far; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series(Arc<Mutex<BTreeMap<String, Metric>>>);

impl Series {
    pub(crate) fn metric(&self, name: &str) -> Option<Metric> {
        self.0.lock().get(name).cloned()
    }

    fn open(&self, name: &str, new: Metric) -> Result<Handle, String> {
        let mut letters = name.chars();
        let begins = letters.next().is_some_and(|it| it.is_ascii_lowercase());
        let goes_on = letters.all(|it| matches!(it, 'a'..='z' | '0'..='9' | '_'));
        if !begins || !goes_on || name.len() > MAX_NAME {
            return Err(format!(
                "a name is [a-z][a-z0-9_]*, at most {MAX_NAME} letters"
            ));
        }
        let mut all = self.0.lock();
        match all.get(name) {
            Some(known) if discriminant(known) != discriminant(&new) => {
                return Err("the name exists as another kind".to_owned());
            }
            Some(_) => {}
            None if all.len() >= MAX_SERIES => {
                return Err(format!("more than {MAX_SERIES} series"));
            }
            None => {
                all.insert(name.to_owned(), new);
            }
        }
        Ok(Handle {
            series: self.clone(),
            name: name.to_owned(),
        })
    }
}

impl SeriesSink for Series {
    fn counter(&self, name: &str, _: &str) -> Result<Box<dyn CounterSink>, String> {
        Ok(Box::new(self.open(name, Metric::Counter(0))?))
    }

    fn gauge(&self, name: &str, _: &str) -> Result<Box<dyn GaugeSink>, String> {
        Ok(Box::new(self.open(name, Metric::Gauge(0.0))?))
    }

    fn histogram(
        &self,
        name: &str,
        _: &str,
        buckets: &[f64],
    ) -> Result<Box<dyn HistogramSink>, String> {
        if buckets.len() > MAX_BUCKETS || !buckets.is_sorted_by(|low, high| low < high) {
            return Err(format!("buckets are ascending and at most {MAX_BUCKETS}"));
        }
        Ok(Box::new(self.open(name, Metric::Histogram(Vec::new()))?))
    }
}

/// One series. Its kind was checked when it was opened and does not change.
struct Handle {
    series: Series,
    name: String,
}

impl Handle {
    fn with(&self, change: impl FnOnce(&mut Metric)) {
        if let Some(metric) = self.series.0.lock().get_mut(&self.name) {
            change(metric);
        }
    }
}

impl CounterSink for Handle {
    fn add(&self, n: u64) {
        self.with(|metric| {
            if let Metric::Counter(sum) = metric {
                *sum = sum.wrapping_add(n);
            }
        });
    }
}

impl GaugeSink for Handle {
    fn set(&self, value: f64) {
        self.with(|metric| *metric = Metric::Gauge(value));
    }
}

impl HistogramSink for Handle {
    fn observe(&self, value: f64) {
        self.with(|metric| {
            if let Metric::Histogram(values) = metric {
                values.push(value);
            }
        });
    }
}
