//! Series that plugins keep themselves: `lb_plugin_<name>{plugin, upstream, route}`.
//!
//! Names, help and buckets come from guests and are hostile: they are checked, and
//! what is refused is refused with one sentence for the plugin's author. Which names
//! are free is said in `own_rules`.
//!
//! An [`OwnSeries`] keeps what was opened through it, so that a count goes on when
//! the instance that opened it is replaced. Two of the same plugin and place (the
//! running version and the next) share their series by name.

use super::exposition::Page;
use super::histogram::Numbers;
use super::names::OWN_PREFIX;
use super::own_rules::{check_name, neighbour};
use super::series::Key;
use super::value::{Counter, FloatGauge, Value};
use parking_lot::Mutex;
use prometheus::proto::MetricType;
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

/// Most series of one use of a plugin.
const MOST_SERIES: usize = 64;
/// Most bytes of a help text.
const LONGEST_HELP: usize = 256;

/// The series of one use of a plugin: they live as long as this and its like do.
pub struct OwnSeries {
    labels: Key<3>,
    book: Arc<Book>,
    held: Mutex<BTreeMap<String, Arc<dyn Value>>>,
}

impl OwnSeries {
    pub(super) fn new(book: &Arc<Book>, labels: [&str; 3]) -> Self {
        Self {
            labels: labels.map(Arc::from),
            book: Arc::clone(book),
            held: Mutex::default(),
        }
    }

    /// Opens the counter of that name.
    ///
    /// # Errors
    /// What is wrong with the name, in one sentence: malformed, taken by the host or
    /// by another kind, or one more than 64.
    pub fn counter(&self, name: &str, help: &str) -> Result<Arc<Counter>, String> {
        self.open(name, help, MetricType::COUNTER, || Ok(Counter::default()))
    }

    /// Opens the gauge of that name.
    ///
    /// # Errors
    /// As for [`OwnSeries::counter`].
    pub fn gauge(&self, name: &str, help: &str) -> Result<Arc<FloatGauge>, String> {
        self.open(name, help, MetricType::GAUGE, || Ok(FloatGauge::default()))
    }

    /// Opens the histogram of that name, with these inclusive upper bounds. One that
    /// is open already keeps the bounds that it has.
    ///
    /// # Errors
    /// As for [`OwnSeries::counter`]; or the bounds are more than 32, not finite or
    /// do not ascend.
    pub fn histogram(
        &self,
        name: &str,
        help: &str,
        bounds: &[f64],
    ) -> Result<Arc<Numbers>, String> {
        self.open(name, help, MetricType::HISTOGRAM, || Numbers::new(bounds))
    }

    fn open<T: Value>(
        &self,
        name: &str,
        help: &str,
        kind: MetricType,
        make: impl FnOnce() -> Result<T, String>,
    ) -> Result<Arc<T>, String> {
        check_name(name)?;
        let mut held = self.held.lock();
        if held.len() >= MOST_SERIES && !held.contains_key(name) {
            return Err(format!("a plugin may have {MOST_SERIES} series"));
        }
        let series = self.book.open(name, help, kind, &self.labels, make)?;
        held.insert(name.into(), Arc::clone(&series) as Arc<dyn Value>);
        Ok(series)
    }
}

/// All series of all plugins, by name.
#[derive(Default)]
pub(super) struct Book(Mutex<BTreeMap<String, OwnFamily>>);

struct OwnFamily {
    help: String,
    kind: MetricType,
    series: BTreeMap<Key<3>, Weak<dyn Value>>,
}

impl Book {
    fn open<T: Value>(
        &self,
        name: &str,
        help: &str,
        kind: MetricType,
        labels: &Key<3>,
        make: impl FnOnce() -> Result<T, String>,
    ) -> Result<Arc<T>, String> {
        let mut families = self.0.lock();
        sweep(&mut families);
        if let Some(family) = families.get_mut(name) {
            if family.kind != kind {
                return Err(format!("it exists as a {}", word(family.kind)));
            }
            let found = family.series.get(labels).and_then(Weak::upgrade);
            let found = found.map(|found| (found as Arc<dyn Any + Send + Sync>).downcast::<T>());
            if let Some(Ok(found)) = found {
                return Ok(found);
            }
        }
        let others = families
            .iter()
            .map(|(name, family)| (name.as_str(), family.kind));
        if let Some(other) = neighbour(name, kind, others) {
            return Err(format!("its lines would be those of {OWN_PREFIX}{other}"));
        }
        let made = Arc::new(make()?);
        let family = families.entry(name.into()).or_insert_with(|| OwnFamily {
            help: clip(help, LONGEST_HELP).into(),
            kind,
            series: BTreeMap::new(),
        });
        let weak: Weak<T> = Arc::downgrade(&made);
        family.series.insert(labels.clone(), weak);
        Ok(made)
    }

    /// Writes every family that lives.
    pub(super) fn write(&self, page: &mut Page) {
        let mut families = self.0.lock();
        sweep(&mut families);
        for (name, family) in families.iter() {
            let name = format!("{OWN_PREFIX}{name}");
            page.named(
                &name,
                &family.help,
                &["plugin", "upstream", "route"],
                |page| {
                    for ([plugin, upstream, route], series) in &family.series {
                        if let Some(series) = series.upgrade() {
                            page.add(&[plugin, upstream, route], &*series);
                        }
                    }
                },
            );
        }
    }
}

/// Forgets what nobody holds; a name is free again when its last series went.
fn sweep(families: &mut BTreeMap<String, OwnFamily>) {
    families.retain(|_, family| {
        family.series.retain(|_, series| series.strong_count() > 0);
        !family.series.is_empty()
    });
}

fn word(kind: MetricType) -> &'static str {
    match kind {
        MetricType::COUNTER => "counter",
        MetricType::GAUGE => "gauge",
        _ => "histogram",
    }
}

fn clip(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

#[cfg(test)]
mod tests {
    use super::super::{Metrics, OwnSeries};
    use tidegate_runtime::Place;

    fn opened(metrics: &Metrics, plugin: &str, upstream: &str) -> OwnSeries {
        metrics.own(plugin, &Place::Upstream(upstream.into()))
    }

    fn own_lines(metrics: &Metrics) -> Vec<String> {
        let page = metrics.render();
        let lines = page.lines().filter(|line| line.starts_with("lb_plugin_"));
        lines.map(str::to_owned).collect()
    }

    #[test]
    fn a_series_outlives_the_instance_that_opened_it_and_ends_with_its_use() {
        let metrics = Metrics::new("1");
        let running = opened(&metrics, "canary", "web");
        running.counter("hits", "Hits.").unwrap().add(2);
        running.counter("hits", "Other help.").unwrap().add(1);
        running.gauge("share", "Share.").unwrap().set(0.5);
        assert_eq!(
            own_lines(&metrics),
            [
                r#"lb_plugin_hits{plugin="canary",upstream="web",route=""} 3"#,
                r#"lb_plugin_share{plugin="canary",upstream="web",route=""} 0.5"#,
            ]
        );
        assert!(metrics.render().contains("# HELP lb_plugin_hits Hits.\n"));

        let next = opened(&metrics, "canary", "web");
        next.counter("hits", "Hits.").unwrap().inc();
        drop(running);
        assert_eq!(
            own_lines(&metrics),
            [r#"lb_plugin_hits{plugin="canary",upstream="web",route=""} 4"#]
        );
        drop(next);
        assert_eq!(own_lines(&metrics), [""; 0]);
    }

    #[test]
    fn a_name_has_one_kind_while_it_lives() {
        let metrics = Metrics::new("1");
        let (one, other) = (opened(&metrics, "a", "web"), opened(&metrics, "b", "web"));
        let counter = one.counter("x", "").unwrap();
        assert_eq!(other.gauge("x", "").unwrap_err(), "it exists as a counter");
        assert!(one.histogram("x", "", &[1.0]).is_err());
        other
            .counter("x", "")
            .expect("the same kind under other labels");
        drop((one, counter, other));
        opened(&metrics, "b", "web")
            .gauge("x", "")
            .expect("the name is free again");
    }

    #[test]
    fn hostile_names_and_numbers_are_refused() {
        let metrics = Metrics::new("1");
        let own = opened(&metrics, "a", "web");
        assert!(own.counter("not a name", "").is_err());
        assert!(
            own.counter("calls_total", "")
                .unwrap_err()
                .contains("lb_plugin_calls_total")
        );
        assert!(own.histogram("h", "", &[f64::NAN]).is_err());
        own.gauge(&"x".repeat(64), &"ä".repeat(1000))
            .expect("long help is cut, not refused");
        for n in 1..64 {
            own.counter(&format!("c{n}"), "").unwrap();
        }
        assert!(own.counter("one_more", "").unwrap_err().contains("64"));
        own.counter("c1", "").expect("what is open stays open");
        opened(&metrics, "a", "other")
            .counter("one_more", "")
            .expect("the bound is per use");
        assert_eq!(own_lines(&metrics).len(), 65 - 1);
    }
}
