//! The Prometheus text format, as far as tests read it: samples with name, labels, value.

use std::collections::BTreeMap;

/// One scrape.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    samples: Vec<Sample>,
    types: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Metrics {
    /// Reads a scrape.
    ///
    /// # Errors
    /// The line that is not in the format.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut metrics = Self::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(comment) = line.strip_prefix('#') {
                if let ["TYPE", name, kind] = comment.split_whitespace().collect::<Vec<_>>()[..] {
                    metrics.types.insert(name.to_owned(), kind.to_owned());
                }
                continue;
            }
            metrics
                .samples
                .push(sample(line).ok_or_else(|| format!("not a sample: {line}"))?);
        }
        Ok(metrics)
    }

    /// The sum over all samples of that name that carry these labels; 0 without any.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.matching(name, labels).map(|sample| sample.value).sum()
    }

    /// Whether there is such a sample.
    pub fn has(&self, name: &str, labels: &[(&str, &str)]) -> bool {
        self.matching(name, labels).next().is_some()
    }

    /// The kind of a family: counter, gauge, histogram.
    pub fn kind(&self, family: &str) -> Option<&str> {
        self.types.get(family).map(String::as_str)
    }

    /// Every value that a label has anywhere, once each.
    pub fn values_of(&self, label: &str) -> Vec<&str> {
        let mut values: Vec<_> = self
            .samples
            .iter()
            .filter_map(|s| s.labels.get(label))
            .map(String::as_str)
            .collect();
        values.sort_unstable();
        values.dedup();
        values
    }

    /// The names of the labels of a sample's name, without `le`.
    pub fn labels_of(&self, name: &str) -> Vec<&str> {
        let labels = self
            .samples
            .iter()
            .find(|sample| sample.name == name)
            .map(|s| &s.labels);
        let names = labels
            .into_iter()
            .flat_map(BTreeMap::keys)
            .map(String::as_str);
        names.filter(|name| *name != "le").collect()
    }

    fn matching<'a>(
        &'a self,
        name: &'a str,
        labels: &'a [(&'a str, &'a str)],
    ) -> impl Iterator<Item = &'a Sample> {
        self.samples.iter().filter(move |sample| {
            sample.name == name
                && labels
                    .iter()
                    .all(|(k, v)| sample.labels.get(*k).is_some_and(|has| has == v))
        })
    }
}

/// `name{label="value",…} 1.5`; the optional time stamp is not expected.
fn sample(line: &str) -> Option<Sample> {
    let (series, value) = line.rsplit_once(' ')?;
    let value = value.parse().ok()?;
    let Some((name, rest)) = series.split_once('{') else {
        return Some(Sample {
            name: series.to_owned(),
            labels: BTreeMap::new(),
            value,
        });
    };
    let mut rest = rest.strip_suffix('}')?;
    let mut labels = BTreeMap::new();
    while !rest.is_empty() {
        let (label, after) = rest.split_once("=\"")?;
        let (text, end) = quoted(after)?;
        labels.insert(label.to_owned(), text);
        rest = &after[end..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
    Some(Sample {
        name: name.to_owned(),
        labels,
        value,
    })
}

/// The text up to the closing quote, unescaped, and the position after the quote.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, at + 1)),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrape_is_read() {
        let text = "# HELP x Words.\n# TYPE x counter\nx{a=\"1\",b=\"q\\\"}, \\\\\"} 2\nx{a=\"2\"} 3\ny 1.5\n";
        let metrics = Metrics::parse(text).expect("the format");
        assert_eq!(metrics.kind("x"), Some("counter"));
        assert_eq!(metrics.sum("x", &[]), 5.0);
        assert_eq!(metrics.sum("x", &[("b", "q\"}, \\")]), 2.0);
        assert_eq!(metrics.sum("y", &[]), 1.5);
        assert!(!metrics.has("x", &[("a", "3")]));
        assert_eq!(metrics.values_of("a"), ["1", "2"]);
        assert_eq!(metrics.labels_of("x"), ["a", "b"]);
        assert!(Metrics::parse("x{a=\"1} 2").is_err());
    }
}
