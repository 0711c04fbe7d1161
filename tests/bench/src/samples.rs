//! Timing of something short: how long one of many repetitions takes.

use std::fmt;
use std::time::{Duration, Instant};

/// Samples of one measurement.
pub const SAMPLES: usize = 41;
/// Each is at least this long: far above the clock's resolution, and short enough that
/// most samples are not interrupted.
const LENGTH: Duration = Duration::from_millis(3);

/// Sorted values of one measurement.
#[derive(Clone, Debug)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Nanoseconds of one `step`: as many samples of equal numbers of steps. A number
    /// of steps is found first, which also warms up.
    pub fn take(count: usize, mut step: impl FnMut()) -> Self {
        let mut steps = 64_u32;
        let mut run = |steps: u32| {
            let began = Instant::now();
            (0..steps).for_each(|_| step());
            began.elapsed()
        };
        while run(steps) < LENGTH {
            steps *= 2;
        }
        Self::of((0..count).map(|_| run(steps).as_nanos() as f64 / f64::from(steps)))
    }

    /// Of values in any order.
    ///
    /// # Panics
    /// Without a single one.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        assert!(!values.is_empty(), "a measurement has samples");
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// All samples of several measurements.
    pub fn join(several: impl IntoIterator<Item = Self>) -> Self {
        Self::of(several.into_iter().flat_map(|samples| samples.0))
    }

    /// The value below which this part of the samples lies.
    pub fn quantile(&self, part: f64) -> f64 {
        let last = self.0.len() - 1;
        self.0[((last as f64 * part).round() as usize).min(last)]
    }

    /// The value in the middle.
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }
}

/// `median (p10–p90)`, with as many decimals as the precision says.
impl fmt::Display for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = f.precision().unwrap_or(0);
        let (low, high) = (self.quantile(0.1), self.quantile(0.9));
        write!(
            f,
            "**{:.decimals$}** ({low:.decimals$}–{high:.decimals$})",
            self.median()
        )
    }
}
