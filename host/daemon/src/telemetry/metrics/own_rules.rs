//! Which names a plugin may give to its own series.
//!
//! A name is a Prometheus name without capitals. It may be neither that of a family of
//! the host nor one under which another family writes lines: a histogram `x` writes
//! `x_bucket`, `x_sum` and `x_count`, so nothing else may be called that.

use super::names::{self, OWN_PREFIX};
use prometheus::proto::MetricType;

/// Most letters of a name.
const LONGEST_NAME: usize = 64;

/// Checks the form of a name.
///
/// # Errors
/// What is wrong with it, in one sentence.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let is_letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if name.len() > LONGEST_NAME {
        Err(format!("a name may have {LONGEST_NAME} letters"))
    } else if !name.starts_with(|first: char| first.is_ascii_lowercase())
        || !name.bytes().all(is_letter)
    {
        Err("a name is a lower-case letter, then lower-case letters, digits and `_`".into())
    } else {
        Ok(())
    }
}

/// The family, of the host or among `others`, that would write lines of the same name.
/// One of `others` that has the very name is no neighbour.
pub(super) fn neighbour<'a>(
    name: &str,
    kind: MetricType,
    mut others: impl Iterator<Item = (&'a str, MetricType)>,
) -> Option<&'a str> {
    let mut host = names::ALL
        .iter()
        .filter_map(|spec| spec.name.strip_prefix(OWN_PREFIX));
    // Which of the host's are histograms is not known here; to take all for one is safe.
    let by_host = |other| name == other || shadow((name, kind), (other, MetricType::HISTOGRAM));
    let by_other = |other: (&'a str, MetricType)| shadow((name, kind), other).then_some(other.0);
    host.find(|other| by_host(other))
        .or_else(|| others.find_map(by_other))
}

/// Whether one of two families of different names is a histogram with lines of the
/// other's name.
fn shadow(one: (&str, MetricType), other: (&str, MetricType)) -> bool {
    let within = |line: &str, (name, kind): (&str, MetricType)| {
        let rest = line
            .strip_prefix(name)
            .filter(|_| kind == MetricType::HISTOGRAM);
        rest.is_some_and(|rest| matches!(rest, "_bucket" | "_sum" | "_count"))
    };
    within(one.0, other) || within(other.0, one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use MetricType::{COUNTER, GAUGE, HISTOGRAM};

    #[test]
    fn a_name_has_one_form() {
        for name in ["a", "a1_b", &"x".repeat(LONGEST_NAME)] {
            check_name(name).expect(name);
        }
        for name in [
            "",
            "X",
            "1x",
            "_x",
            "a-b",
            "a b",
            "a\n",
            "ä",
            "xä",
            &"x".repeat(LONGEST_NAME + 1),
        ] {
            check_name(name).expect_err(name);
        }
    }

    #[test]
    fn families_of_the_host_are_out_of_reach() {
        let none = || std::iter::empty();
        for name in [
            "calls_total",
            "call_seconds",
            "call_seconds_count",
            "generation",
        ] {
            assert!(neighbour(name, COUNTER, none()).is_some(), "{name}");
        }
        assert_eq!(
            neighbour("call", HISTOGRAM, none()),
            None,
            "shares a beginning only"
        );
    }

    #[test]
    fn lines_of_a_histogram_are_its_own() {
        let others = || [("size", HISTOGRAM), ("rate_count", COUNTER)].into_iter();
        assert_eq!(neighbour("size_sum", COUNTER, others()), Some("size"));
        assert_eq!(neighbour("rate", HISTOGRAM, others()), Some("rate_count"));
        for (name, kind) in [("rate", GAUGE), ("size_max", GAUGE), ("size", HISTOGRAM)] {
            assert_eq!(neighbour(name, kind, others()), None, "{name}");
        }
    }
}
