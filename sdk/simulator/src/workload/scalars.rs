//! Values as they are written in a workload: durations, shares, rates. Each refuses what cannot
//! be meant when it is read, so that the place is known.

use serde::{Deserialize, Deserializer, de::Error};
use std::time::Duration;

/// A duration: a number and a unit (`250us`, `1.5ms`, `5s`, `1m`, `1h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Time(pub Duration);

impl Time {
    /// That many milliseconds.
    pub const fn ms(milliseconds: u64) -> Self {
        Self(Duration::from_millis(milliseconds))
    }

    /// That many seconds.
    pub const fn s(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// Whole nanoseconds; 584 years at most.
    pub fn nanos(self) -> u64 {
        u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// A share of a whole, from `0%` to `100%`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Default)]
pub struct Percent(pub f64);

/// A number above zero.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Positive(pub f64);

/// Something, or the word `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffOr<T> {
    /// `off`.
    Off,
    /// What was written.
    On(T),
}

/// The longest duration that may be written: nobody simulates more than a year.
const LONGEST: f64 = 366.0 * 86_400.0;

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        time(&text).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` is no duration: write a number and a unit, such as 250us, 1.5ms, 5s or 1m"
            ))
        })
    }
}

fn time(text: &str) -> Option<Time> {
    let unit = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit);
    let scale = match unit {
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let seconds = plain(number)? * scale;
    (seconds <= LONGEST).then(|| Time(Duration::from_nanos((seconds * 1e9).round() as u64)))
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let number = text.strip_suffix('%').and_then(plain);
        number
            .filter(|number| *number <= 100.0)
            .map(|number| Self(number / 100.0))
            .ok_or_else(|| {
                D::Error::custom(format!(
                    "`{text}` is no share: write a percentage from 0% to 100%"
                ))
            })
    }
}

impl<'de> Deserialize<'de> for Positive {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(from)?;
        if number.is_finite() && number > 0.0 {
            Ok(Self(number))
        } else {
            Err(D::Error::custom(format!(
                "{number} is out of range: write a number above 0"
            )))
        }
    }
}

/// Digits with at most one point: neither signs nor exponents nor infinity.
fn plain(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    digits.then(|| text.parse().ok()).flatten()
}

/// Reads `off` or what `T` reads. A word is looked at first: whatever else there is, is `T`'s
/// to refuse.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for OffOr<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for Either<T> {
            type Value = OffOr<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("`off`, or a value")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                if text == "off" {
                    return Ok(OffOr::Off);
                }
                T::deserialize(serde::de::value::StrDeserializer::new(text)).map(OffOr::On)
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                map: A,
            ) -> Result<Self::Value, A::Error> {
                T::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(OffOr::On)
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
                match value {
                    false => Ok(OffOr::Off),
                    true => Err(E::custom("write `off`, or the values")),
                }
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
                T::deserialize(serde::de::value::U64Deserializer::new(value)).map(OffOr::On)
            }
        }
        from.deserialize_any(Either(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        let read = |text: &str| time(text).map(|time| time.0);
        assert_eq!(read("250us"), Some(Duration::from_micros(250)));
        assert_eq!(read("1.5ms"), Some(Duration::from_micros(1_500)));
        assert_eq!(read("1m"), Some(Duration::from_secs(60)));
        for wrong in [
            "", "5", "ms", "-1s", "1e9s", "5 weeks", "inf s", "9999h0", "1.2.3s",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn off_is_a_word_and_everything_else_is_the_values() {
        let read = |json: &str| serde_json::from_str::<OffOr<Percent>>(json).ok();
        assert_eq!(read("\"off\""), Some(OffOr::Off));
        assert_eq!(read("\"50%\""), Some(OffOr::On(Percent(0.5))));
        assert_eq!(read("\"101%\""), None);
    }
}
