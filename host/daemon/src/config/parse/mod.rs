//! From the file as written to the configuration as it runs: names, duplicates, rules between
//! fields, defaults. What a single value may be has been decided by its type already.

mod admin;
mod bounds;
mod breaker;
mod endpoint;
mod fault;
mod files;
mod filter;
mod grant;
mod health;
mod limits;
mod listener;
mod outlier;
mod plugin;
mod reference;
mod resolver;
mod retry;
mod route;
mod tcp;
mod tls;
mod upstream;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tidegate_policy::StatusSet;

use super::Outside;
use super::problem::{Report, Spot, quote};
use super::read::checked::{Checked, OffOr};
use super::scalar::duration::Time;
use super::scalar::size::Size;
use super::scalar::status::Statuses;
use super::scalar::whole::Whole;
use super::value::{AccessLog, Config, KeepAlive, LogFormat, Shutdown, Sink};
use super::written;
use files::Files;

/// Examines every part, even if an earlier one is wrong. What is wrong is missing from the
/// result and is in the report: with a problem there, the result may only be dropped.
pub(super) fn parse(
    file: &Path,
    written: written::File,
    outside: &Outside<'_>,
    report: &Report,
) -> Config {
    let directory = file.parent().unwrap_or(Path::new(""));
    let bounds = bounds::parse(written.limits, report);
    let reading = bounds::reading(
        written.trusted_proxies,
        written.client_address_from,
        written.paths,
        report,
    );
    let names = written.upstreams.value.as_ref();
    let plugins = plugin::parse(written.plugins, names, directory, report);
    let mut files = Files::new(directory, outside);
    let front = written.listeners.spot.clone();
    let upstreams = upstream::parse(written.upstreams, plugins.as_ref(), &mut files, report);
    let listeners = listener::parse(
        written.listeners,
        written.admin.as_ref(),
        !reading.trusted.is_empty(),
        upstreams.as_ref(),
        directory,
        report,
    );
    let (named, known) = (upstreams.as_ref(), plugins.as_ref());
    let routes = match written.routes {
        Some(routes) => route::parse(routes, named, known, bounds.body, report),
        None => {
            if listeners.is_empty() || listeners.iter().any(|listener| listener.tcp.is_none()) {
                let path = "routes".to_owned();
                let spot = Spot { path, ..front };
                report.refuse(&spot, "this key is required", "add `routes:`");
            }
            Vec::new()
        }
    };
    let keep_alive = optional(written.keep_alive);
    Config {
        file: file.to_owned(),
        endpoint_files: files.into_paths(),
        listeners,
        admin: admin::parse(written.admin, directory, report),
        run_as: admin::run_as(written.run_as, report),
        plugins: sound(plugins),
        upstreams: sound(upstreams),
        routes,
        access_log: access_log(optional(written.access_log), directory, report),
        shutdown: Shutdown {
            drain: optional(written.shutdown)
                .and_then(|shutdown| time(shutdown.drain))
                .unwrap_or(Duration::from_secs(30)),
        },
        threads: threads(written.threads),
        watch: time_or_off(written.watch, Duration::from_secs(1)),
        cache: path(written.cache, directory, report),
        keep_alive: match keep_alive {
            Some(written) => KeepAlive {
                downstream: time(written.downstream).unwrap_or(DOWNSTREAM),
                pool: number(written.pool).map_or(POOL, |pool| pool as usize),
            },
            None => KeepAlive {
                downstream: DOWNSTREAM,
                pool: POOL,
            },
        },
        resolver: resolver::parse(optional(written.resolver), report),
        bounds,
        reading,
    }
}

const DOWNSTREAM: Duration = Duration::from_secs(60);
const POOL: usize = 1024;

/// A name becomes a label of metrics and a word of log lines.
fn check_name(name: &str, what: &str, spot: &Spot, report: &Report) {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > 64 || !name.chars().all(allowed) {
        report.refuse(
            spot,
            format!("{} cannot be the name of {what}", quote(name)),
            "a name is 1 to 64 letters, digits, `-`, `_` or `.`",
        );
    }
}

/// Finds things that occur twice.
struct Unique<K>(HashMap<K, u32>);

impl<K: Hash + Eq> Unique<K> {
    fn new() -> Self {
        Self(HashMap::new())
    }

    /// The line of the first one, if this is not the first.
    fn earlier(&mut self, key: K, spot: &Spot) -> Option<u32> {
        match self.0.entry(key) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(vacant) => {
                vacant.insert(spot.line);
                None
            }
        }
    }
}

/// A list or mapping that may not be empty.
fn check_any(count: Option<usize>, what: &str, spot: &Spot, report: &Report) {
    if count == Some(0) {
        report.refuse(
            spot,
            format!("there is no {what} here"),
            "write at least one",
        );
    }
}

fn access_log(
    written: Option<OffOr<written::AccessLog>>,
    directory: &Path,
    report: &Report,
) -> AccessLog {
    let (format, sink) = match written {
        None => (None, Sink::Stdout),
        Some(OffOr::Off) => (None, Sink::Off),
        Some(OffOr::On(log)) => {
            let stdout =
                matches!(&log.path, Some(path) if path.value.as_deref() == Some(Path::new("-")));
            let file = if stdout {
                None
            } else {
                path(log.path, directory, report)
            };
            (optional(log.format), file.map_or(Sink::Stdout, Sink::File))
        }
    };
    let format = match format {
        Some(written::LogFormat::Json) => LogFormat::Json,
        Some(written::LogFormat::Text) | None => LogFormat::Text,
    };
    AccessLog { format, sink }
}

fn threads(written: Option<Checked<Whole<1, 1024>>>) -> NonZeroUsize {
    number(written)
        .and_then(|threads| NonZeroUsize::new(threads as usize))
        .or_else(|| std::thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN)
}

/// What was made of a mapping's entries. If any is missing, a problem says so.
fn sound<T>(parsed: Option<BTreeMap<String, Option<T>>>) -> BTreeMap<String, T> {
    let parsed = parsed.into_iter().flatten();
    parsed
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

fn optional<T>(written: Option<Checked<T>>) -> Option<T> {
    written?.value
}

fn number<const MIN: u32, const MAX: u32>(
    written: Option<Checked<Whole<MIN, MAX>>>,
) -> Option<u32> {
    optional(written).map(|number| number.0)
}

fn time<const MIN: u64, const MAX: u64>(
    written: Option<Checked<Time<MIN, MAX>>>,
) -> Option<Duration> {
    optional(written).map(|time| time.0)
}

fn size<const MIN: u64, const MAX: u64>(written: Option<Checked<Size<MIN, MAX>>>) -> Option<u64> {
    optional(written).map(|size| size.0)
}

/// A time, or none for `off` and for nothing.
fn time_or_off_none<const MIN: u64, const MAX: u64>(
    written: Option<Checked<OffOr<Time<MIN, MAX>>>>,
) -> Option<Duration> {
    match optional(written) {
        Some(OffOr::On(time)) => Some(time.0),
        Some(OffOr::Off) | None => None,
    }
}

fn time_or_off<const MIN: u64, const MAX: u64>(
    written: Option<Checked<OffOr<Time<MIN, MAX>>>>,
    default: Duration,
) -> Option<Duration> {
    match optional(written) {
        Some(OffOr::Off) => None,
        Some(OffOr::On(time)) => Some(time.0),
        None => Some(default),
    }
}

fn count_or_off<const MIN: u32, const MAX: u32>(
    written: Option<Checked<OffOr<Whole<MIN, MAX>>>>,
    default: Option<NonZeroU32>,
) -> Option<NonZeroU32> {
    match optional(written) {
        Some(OffOr::Off) => None,
        Some(OffOr::On(count)) => NonZeroU32::new(count.0),
        None => default,
    }
}

/// Exactly the statuses of a list.
fn statuses<const MIN: u16, const MAX: u16>(items: &[Checked<Statuses<MIN, MAX>>]) -> StatusSet {
    let items = items.iter().filter_map(|item| item.value);
    items.fold(StatusSet::empty(), |set, statuses| {
        set.union(statuses.set())
    })
}

/// A shorter and a longer time. Of one that is given alone, the other follows.
fn span<const A: u64, const B: u64, const C: u64, const D: u64>(
    names: [&str; 2],
    shorter: Option<Checked<Time<A, B>>>,
    longer: Option<Checked<Time<C, D>>>,
    default: [Duration; 2],
    report: &Report,
) -> [Duration; 2] {
    let [short, long] = default;
    let spot = shorter.as_ref().map(|written| written.spot.clone());
    let (shorter, longer) = (time(shorter), time(longer));
    if let (Some(shorter), Some(longer), Some(spot)) = (shorter, longer, spot)
        && shorter > longer
    {
        let [short, long] = names;
        report.refuse(
            &spot,
            format!("`{short}` ({shorter:?}) is longer than `{long}` ({longer:?})"),
            format!("make `{short}` the shorter one"),
        );
    }
    [
        shorter.unwrap_or(longer.map_or(short, |longer| short.min(longer))),
        longer.unwrap_or(shorter.map_or(long, |shorter| long.max(shorter))),
    ]
}

/// A path, resolved against the directory of the configuration file.
fn path(written: Option<Checked<PathBuf>>, directory: &Path, report: &Report) -> Option<PathBuf> {
    let Checked { value, spot } = written?;
    let value = value?;
    if value.as_os_str().is_empty() || value.as_os_str().as_encoded_bytes().contains(&0) {
        report.refuse(&spot, "this is not a path", "write the path of a file");
        return None;
    }
    Some(directory.join(value))
}
