//! From values to the page: the Prometheus text format.
//!
//! The format is written by the `prometheus` crate; this module only builds what it
//! reads. Its registry is not used: our families are known, and a registry keeps the
//! help of every name that it ever saw for the life of the process.

use super::names::Spec;
use super::value::Value;
use prometheus::proto::{LabelPair, Metric, MetricFamily};

/// Media type of the page.
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// The page while it is being written.
#[derive(Default)]
pub(super) struct Page(Vec<MetricFamily>);

impl Page {
    /// Adds what `write` puts into a family of the host. A family without values is
    /// left out, as the format wants.
    pub(super) fn family(&mut self, spec: &Spec, write: impl FnOnce(&mut Family<'_>)) {
        self.named(spec.name, spec.help, spec.labels, write);
    }

    /// The same, for a family whose name is not known beforehand.
    pub(super) fn named(
        &mut self,
        name: &str,
        help: &str,
        labels: &[&str],
        write: impl FnOnce(&mut Family<'_>),
    ) {
        let mut family = Family {
            labels,
            family: MetricFamily::default(),
            samples: Vec::new(),
        };
        family.family.set_name(name.into());
        family.family.set_help(help.into());
        write(&mut family);
        if !family.samples.is_empty() {
            family.family.set_metric(family.samples);
            self.0.push(family.family);
        }
    }

    /// The page as text.
    pub(super) fn text(&self) -> String {
        let text = prometheus::TextEncoder::new().encode_to_string(&self.0);
        // It refuses only a family without a name or without values: see `named`.
        text.unwrap_or_default()
    }
}

/// One family while it is being written.
pub(super) struct Family<'a> {
    labels: &'a [&'a str],
    family: MetricFamily,
    samples: Vec<Metric>,
}

impl Family<'_> {
    /// Adds one series. `values` stand in the order of the family's labels.
    pub(super) fn add(&mut self, values: &[&str], value: &dyn Value) {
        debug_assert_eq!(values.len(), self.labels.len());
        let pairs = self
            .labels
            .iter()
            .zip(values)
            .map(|(name, value)| pair(name, value));
        let mut sample = Metric::from_label(pairs.collect());
        value.fill(&mut sample);
        self.family.set_field_type(value.kind());
        self.samples.push(sample);
    }
}

fn pair(name: &str, value: &str) -> LabelPair {
    let mut pair = LabelPair::default();
    pair.set_name(name.into());
    pair.set_value(value.into());
    pair
}

#[cfg(test)]
mod tests {
    use super::super::value::{Counter, Gauge};
    use super::*;

    const FAMILY: Spec = Spec {
        name: "things_total",
        help: "Things.",
        labels: &["a", "b"],
    };

    #[test]
    fn a_page_is_the_text_format() {
        let counter = Counter::default();
        counter.add(3);
        let mut page = Page::default();
        page.family(&FAMILY, |family| family.add(&["x\"y\n", ""], &counter));
        page.named("level", "Level.", &[], |family| {
            family.add(&[], &Gauge::default())
        });
        assert_eq!(
            page.text(),
            "# HELP things_total Things.\n# TYPE things_total counter\n\
             things_total{a=\"x\\\"y\\n\",b=\"\"} 3\n\
             # HELP level Level.\n# TYPE level gauge\nlevel 0\n"
        );
    }

    #[test]
    fn a_family_without_values_is_left_out() {
        let mut page = Page::default();
        page.family(&FAMILY, |_| ());
        assert_eq!(page.text(), "");
    }
}
