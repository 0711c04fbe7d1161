//! Timing of something short: how long one of many repetitions takes.

use std::time::{Duration, Instant};

use serde::Serialize;

/// Samples of one measurement.
const SAMPLES: usize = 41;
/// Each is at least this long: far above the clock's resolution, and short enough that most
/// samples are not interrupted.
const LENGTH: Duration = Duration::from_millis(3);

/// Nanoseconds of one repetition.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Spread {
    /// The sample in the middle.
    pub median: f64,
    /// A tenth of the samples is below.
    pub p10: f64,
    /// A tenth of the samples is above.
    pub p90: f64,
}

impl Spread {
    /// Finds how many repetitions make a sample, which also warms up, and takes the samples.
    /// Ends at the first fault.
    ///
    /// # Errors
    /// The first one of `step`.
    pub fn take<E>(mut step: impl FnMut() -> Result<(), E>) -> Result<Self, E> {
        let mut run = |steps: u32| {
            let began = Instant::now();
            for _ in 0..steps {
                step()?;
            }
            Ok(began.elapsed())
        };
        let mut steps = 1_u32;
        while run(steps)? < LENGTH {
            steps *= 2;
        }
        let mut samples = Vec::with_capacity(SAMPLES);
        for _ in 0..SAMPLES {
            samples.push(run(steps)?.as_secs_f64() * 1e9 / f64::from(steps));
        }
        samples.sort_by(f64::total_cmp);
        let at = |tenths: usize| samples[(SAMPLES - 1) * tenths / 10];
        Ok(Self {
            median: at(5),
            p10: at(1),
            p90: at(9),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_in_its_spread_and_a_fault_ends_it() {
        let spread = Spread::take(|| {
            std::hint::black_box(Instant::now());
            Ok::<(), ()>(())
        });
        let spread = spread.unwrap();
        assert!(spread.p10 > 0.0 && spread.p10 <= spread.median && spread.median <= spread.p90);
        assert!(Spread::take(|| Err("broken")).is_err());
    }
}
