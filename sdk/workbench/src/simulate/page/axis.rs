//! Axes: what is shown where, and the marks with their texts.

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use std::ops::Range;

/// One axis.
pub(super) struct Axis {
    pub(super) label: &'static str,
    pub(super) scale: Scale,
    /// From value to text.
    pub(super) show: fn(f64) -> String,
}

/// How values lie on an axis.
#[derive(Clone, Copy)]
pub(super) enum Scale {
    /// Evenly, from 0.
    Even,
    /// Evenly, from the least to the greatest.
    Between,
    /// By their logarithm.
    Log,
    /// Percentiles by the logarithm of what is left: 90, 99, 99.9. Values are percentiles.
    Nines,
}

/// An axis with its ends and marks, in places.
pub(super) struct Laid {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) marks: Vec<f64>,
}

/// For the library that draws: it knows places alone.
impl Ranged for Laid {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, place: &f64, (from, to): (i32, i32)) -> i32 {
        let part = (place - self.from) / (self.to - self.from);
        // A float to integer cast saturates.
        from + (part * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        match hint.weight().allow_light_points() {
            true => Vec::new(),
            false => self.marks.clone(),
        }
    }

    fn range(&self) -> Range<f64> {
        self.from..self.to
    }
}

/// The least that is an axis of logarithms.
const LEAST: f64 = 1e-9;

impl Scale {
    /// Where a value lies.
    pub(super) fn place(self, value: f64) -> f64 {
        match self {
            Self::Even | Self::Between => value,
            Self::Log => value.max(LEAST).log10(),
            Self::Nines => -(1.0 - value / 100.0).max(LEAST).log10(),
        }
    }

    /// The value at a place.
    pub(super) fn value(self, place: f64) -> f64 {
        match self {
            Self::Even | Self::Between => place,
            Self::Log => 10f64.powf(place),
            Self::Nines => 100.0 * (1.0 - 10f64.powf(-place)),
        }
    }

    /// The axis that shows all of these values.
    pub(super) fn lay(self, values: impl Iterator<Item = f64> + Clone) -> Laid {
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let most = values.fold(f64::NEG_INFINITY, f64::max);
        let (least, most) = if least <= most {
            (least, most)
        } else {
            (0.0, 1.0)
        };
        match self {
            Self::Nines => Laid {
                from: self.place(least),
                to: self.place(most),
                marks: [50.0, 90.0, 99.0, 99.9, 99.99]
                    .map(|it| self.place(it))
                    .to_vec(),
            },
            Self::Log => {
                let (from, to) = (self.place(least) - 0.05, self.place(most) + 0.05);
                Laid {
                    from,
                    to,
                    marks: decades(from, to),
                }
            }
            Self::Even | Self::Between => {
                let least = if matches!(self, Self::Even) {
                    0.0
                } else {
                    least
                };
                let most = if most > least { most } else { least + 1.0 };
                let step = step(most - least);
                let first = (least / step).ceil() as i64;
                // What is nearly a mark has one.
                let last = (most / step + 0.01).floor() as i64;
                let marks = (first..=last).map(|n| n as f64 * step).collect();
                Laid {
                    from: least,
                    to: most + (most - least) * 0.03,
                    marks,
                }
            }
        }
    }
}

/// 1, 2 and 5 of each decade; of many decades only the ones, and within one round numbers.
fn decades(from: f64, to: f64) -> Vec<f64> {
    let (least, most) = (10f64.powf(from), 10f64.powf(to));
    if most < 6.0 * least {
        let step = step(most - least);
        let all = (least / step).ceil() as i64..=(most / step).floor() as i64;
        return all.map(|n| (n as f64 * step).log10()).collect();
    }
    let digits: &[f64] = match to - from > 3.0 {
        true => &[1.0],
        false => &[1.0, 2.0, 5.0],
    };
    let exponents = from.floor() as i32..=to.ceil() as i32;
    let all = exponents.flat_map(|exponent| {
        let digits = digits.iter();
        digits.map(move |digit| f64::from(exponent) + digit.log10())
    });
    all.filter(|place| (from..=to).contains(place)).collect()
}

/// 1, 2 or 5 times a power of ten, so that there are five steps or so.
fn step(length: f64) -> f64 {
    let rough = (length / 5.0).max(LEAST);
    let power = 10f64.powf(rough.log10().floor());
    let digit = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|digit| digit * power >= rough);
    digit.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_numbers() {
        assert_eq!(step(9.3), 2.0);
        assert_eq!(step(0.7), 0.2);
        let laid = Scale::Even.lay([3.0, 41.0].into_iter());
        assert_eq!(laid.marks, [0.0, 10.0, 20.0, 30.0, 40.0]);
        let laid = Scale::Log.lay([9.0, 120.0].into_iter());
        let values: Vec<_> = laid
            .marks
            .iter()
            .map(|it| Scale::Log.value(*it).round())
            .collect();
        assert_eq!(values, [10.0, 20.0, 50.0, 100.0]);
        assert!((Scale::Nines.value(Scale::Nines.place(99.9)) - 99.9).abs() < 1e-9);
    }
}
