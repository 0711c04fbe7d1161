//! Two histograms: of durations, for the host's own hot paths, and of any numbers,
//! for plugins.
//!
//! A [`Durations`] observation is two relaxed additions and a binary search. The
//! count is the sum of the buckets as they were read, so count and buckets always
//! agree; the sum of the durations may run ahead of or behind them by the
//! observations that a scrape interrupts.

use super::value::Value;
use prometheus::proto::{self, Metric, MetricType};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Most buckets that a plugin's histogram may have.
pub(super) const MOST_BUCKETS: usize = 32;

/// How long something took, by buckets; kept in nanoseconds, shown in seconds.
#[derive(Debug)]
pub struct Durations {
    bounds: &'static [u64],
    /// One more than bounds: the last is for what is above all of them.
    buckets: Box<[AtomicU64]>,
    /// Wraps after 584 years of added-up time; a scraper takes that for a restart.
    sum: AtomicU64,
}

impl Durations {
    /// `bounds` are ascending upper bounds (inclusive) in nanoseconds.
    pub(super) fn new(bounds: &'static [u64]) -> Self {
        let buckets = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self {
            bounds,
            buckets,
            sum: AtomicU64::new(0),
        }
    }

    /// Adds one observation.
    pub fn observe(&self, took: Duration) {
        self.observe_nanos(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Adds one observation, in nanoseconds.
    pub fn observe_nanos(&self, nanos: u64) {
        let bucket = self.bounds.partition_point(|&bound| bound < nanos);
        self.buckets[bucket].fetch_add(1, Relaxed);
        self.sum.fetch_add(nanos, Relaxed);
    }

    /// Observations so far.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.load(Relaxed)).sum()
    }
}

impl Value for Durations {
    fn kind(&self) -> MetricType {
        MetricType::HISTOGRAM
    }

    fn fill(&self, sample: &mut Metric) {
        // A correctly rounded division: `100 / 1e9` prints as 0.0000001.
        let seconds = |nanos: u64| nanos as f64 / 1e9;
        let bounds = self.bounds.iter().map(|&bound| seconds(bound));
        sample.set_histogram(histogram(
            bounds,
            &self.buckets,
            seconds(self.sum.load(Relaxed)),
        ));
    }
}

/// Any numbers, by buckets that a plugin chose.
#[derive(Debug)]
pub struct Numbers {
    bounds: Box<[f64]>,
    buckets: Box<[AtomicU64]>,
    /// Bits of an `f64`.
    sum: AtomicU64,
}

impl Numbers {
    /// `bounds` are upper bounds (inclusive).
    ///
    /// # Errors
    /// More than [`MOST_BUCKETS`], not ascending, or not numbers.
    pub(super) fn new(bounds: &[f64]) -> Result<Self, String> {
        if bounds.len() > MOST_BUCKETS {
            return Err(format!(
                "{} buckets are more than {MOST_BUCKETS}",
                bounds.len()
            ));
        }
        if !bounds.iter().all(|bound| bound.is_finite()) {
            return Err("a bucket's bound is not a finite number".into());
        }
        if !bounds.is_sorted_by(|a, b| a < b) {
            return Err("the bounds of the buckets do not ascend".into());
        }
        let buckets = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Ok(Self {
            bounds: bounds.into(),
            buckets,
            sum: AtomicU64::new(0),
        })
    }

    /// Adds one observation. What is not finite is not counted, and the sum stays
    /// finite: one NaN would make it NaN for ever.
    pub fn observe(&self, value: f64) {
        if !value.is_finite() {
            return;
        }
        let bucket = self.bounds.partition_point(|&bound| bound < value);
        self.buckets[bucket].fetch_add(1, Relaxed);
        let add = |bits| {
            let sum = f64::from_bits(bits) + value;
            Some(sum.clamp(f64::MIN, f64::MAX).to_bits())
        };
        // The closure always answers, so the update cannot be refused.
        let _ = self.sum.fetch_update(Relaxed, Relaxed, add);
    }
}

impl Value for Numbers {
    fn kind(&self) -> MetricType {
        MetricType::HISTOGRAM
    }

    fn fill(&self, sample: &mut Metric) {
        let sum = f64::from_bits(self.sum.load(Relaxed));
        sample.set_histogram(histogram(self.bounds.iter().copied(), &self.buckets, sum));
    }
}

/// The page wants cumulative buckets, without the last: the encoder adds `+Inf`.
fn histogram(
    bounds: impl Iterator<Item = f64>,
    buckets: &[AtomicU64],
    sum: f64,
) -> proto::Histogram {
    let mut below = 0;
    let counts: Vec<u64> = buckets.iter().map(|bucket| bucket.load(Relaxed)).collect();
    let cumulative = bounds.zip(&counts).map(|(bound, count)| {
        below += count;
        let mut bucket = proto::Bucket::default();
        bucket.set_upper_bound(bound);
        bucket.set_cumulative_count(below);
        bucket
    });
    let mut histogram = proto::Histogram::default();
    histogram.set_bucket(cumulative.collect());
    histogram.set_sample_count(counts.iter().sum());
    histogram.set_sample_sum(sum);
    histogram
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOUNDS: &[u64] = &[100, 200, 400];

    fn shown(value: &dyn Value) -> (Vec<(f64, u64)>, u64, f64) {
        let mut sample = Metric::default();
        value.fill(&mut sample);
        let histogram = sample.get_histogram();
        let buckets = histogram.get_bucket().iter();
        let buckets = buckets
            .map(|b| (b.upper_bound(), b.cumulative_count()))
            .collect();
        (
            buckets,
            histogram.get_sample_count(),
            histogram.get_sample_sum(),
        )
    }

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let durations = Durations::new(BOUNDS);
        for nanos in [0, 100, 101, 400, 401] {
            durations.observe(Duration::from_nanos(nanos));
        }
        let (buckets, count, sum) = shown(&durations);
        assert_eq!(buckets, [(1e-7, 2), (2e-7, 3), (4e-7, 4)]);
        assert_eq!((count, durations.count()), (5, 5));
        assert!((sum - 1.002e-6).abs() < 1e-15);
    }

    proptest! {
        #[test]
        fn buckets_are_cumulative_and_lose_nothing(values in prop::collection::vec(0u64..600, 0..64)) {
            let durations = Durations::new(BOUNDS);
            values.iter().for_each(|&nanos| durations.observe_nanos(nanos));
            let (buckets, count, _) = shown(&durations);
            for (bound, (_, below)) in BOUNDS.iter().zip(&buckets) {
                prop_assert_eq!(*below, values.iter().filter(|v| *v <= bound).count() as u64);
            }
            prop_assert_eq!(count, values.len() as u64);
        }

        #[test]
        fn no_number_of_a_guest_spoils_the_sum(values in prop::collection::vec(any::<f64>(), 0..32)) {
            let numbers = Numbers::new(&[-1.0, 0.0, 1e3]).unwrap();
            for value in values.iter().chain(&[f64::NAN, f64::INFINITY]) {
                numbers.observe(*value);
            }
            let (_, count, sum) = shown(&numbers);
            prop_assert_eq!(count, values.iter().filter(|v| v.is_finite()).count() as u64);
            prop_assert!(sum.is_finite());
        }
    }

    #[test]
    fn impossible_buckets_are_refused_with_the_reason() {
        let many: Vec<f64> = (0..33).map(f64::from).collect();
        for (bounds, reason) in [
            (many.as_slice(), "more than 32"),
            (&[1.0, 1.0], "ascend"),
            (&[2.0, 1.0], "ascend"),
            (&[f64::NAN], "finite"),
            (&[1.0, f64::INFINITY], "finite"),
        ] {
            let refusal = Numbers::new(bounds).expect_err("must be refused");
            assert!(refusal.contains(reason), "{refusal}");
        }
        Numbers::new(&[]).expect("no bounds make one bucket");
    }
}
