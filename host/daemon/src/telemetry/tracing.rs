//! The log of the process: events of this program and of the libraries under it, to
//! stderr.
//!
//! Libraries log through the `log` crate and are heard too, from warnings upwards, but
//! for Pingora, which is not: what it warns of is what clients and endpoints do. Whoever
//! wants to hear more names them in the level: `info,pingora_core=debug`.
//!
//! An event that cannot be written is lost, in silence: a log that panics because
//! its reader left would take the proxy with it.

use super::Format;
use std::fmt::Display;
use std::io::{self, IsTerminal};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// Beginnings of the names of libraries that are not heard unless they are named: what
/// Pingora warns of is what clients and endpoints do, and any client could fill the log
/// with it. The access log and the metrics tell of it in their own words.
const MUTE: &[&str] = &["pingora", "hickory"];

/// Beginnings of the names of libraries that are kept quiet.
const QUIET: &[&str] = &["wasmtime", "cranelift", "regalloc2", "h2", "mio", "hyper"];

/// Starts logging, once in a process, before anything logs.
///
/// `level` is `off`, `error`, `warn`, `info`, `debug` or `trace`, or a list as
/// `tracing_subscriber::EnvFilter` reads it: `info,tidegate::proxy=debug`.
///
/// # Errors
/// The level is not understood, or logging has been started before; the text says
/// which.
pub fn init(format: Format, level: &str) -> Result<(), String> {
    let filter = filter(level)?;
    // https://no-color.org
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let colours = wanted && io::stderr().is_terminal();
    subscriber(format, filter, colours, io::stderr)
        .try_init()
        .map_err(|error| error.to_string())
}

fn filter(level: &str) -> Result<EnvFilter, String> {
    let refused = |why: &dyn Display| format!("the log level `{level}` is not understood: {why}");
    // A filter would take `verbose` for the name of a library, and log nothing else.
    // Nothing at all, on the other hand, is read as `error`.
    let is_level = |part: &str| !part.is_empty() && part.parse::<LevelFilter>().is_ok();
    let is_known = |part: &str| part.contains('=') || is_level(part);
    if !level.split(',').all(is_known) {
        return Err(refused(
            &"it is none of off, error, warn, info, debug, trace",
        ));
    }
    // An operator who asks for errors only gets no warnings of libraries either.
    let plain = level.parse().unwrap_or(LevelFilter::WARN);
    let quiet = plain.min(LevelFilter::WARN);
    let mut directives: Vec<_> = QUIET
        .iter()
        .map(|library| format!("{library}={quiet}"))
        .chain(MUTE.iter().map(|library| format!("{library}=off")))
        .collect();
    // Last, because the last word on a library holds.
    directives.push(level.to_owned());
    EnvFilter::try_new(directives.join(",")).map_err(|error| refused(&error))
}

fn subscriber<W>(
    format: Format,
    filter: EnvFilter,
    colours: bool,
    writer: W,
) -> Box<dyn tracing::Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        // Would report to stderr, which has just failed, with a macro that panics.
        .log_internal_errors(false);
    match format {
        Format::Text => Box::new(builder.with_ansi(colours).finish()),
        Format::Json => Box::new(
            builder
                .json()
                .flatten_event(false)
                .with_current_span(false)
                .with_span_list(false)
                .finish(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use serde_json::Value;
    use std::sync::Arc;

    /// Keeps what is logged.
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: Format, level: &str, say: impl FnOnce()) -> Vec<String> {
        let page = Page::default();
        let writer = page.clone();
        let subscriber = subscriber(format, filter(level).unwrap(), false, move || {
            writer.clone()
        });
        tracing::subscriber::with_default(subscriber, say);
        let text = String::from_utf8(page.0.lock().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_json_event_has_its_fields_in_one_place() {
        let lines = logged(Format::Json, "info", || {
            tracing::info!(
                listener = "0.0.0.0:0",
                address = "127.0.0.1:4321",
                "listening"
            );
        });
        let line: Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["fields"]["message"], "listening");
        assert_eq!(line["fields"]["address"], "127.0.0.1:4321");
        assert!(line["timestamp"].is_string() && line["target"].is_string());
    }

    #[test]
    fn a_text_event_is_plain_without_a_terminal() {
        let lines = logged(Format::Text, "info", || tracing::warn!(n = 3, "something"));
        assert!(
            lines[0].contains(" WARN ") && lines[0].ends_with("something n=3"),
            "{lines:?}"
        );
        assert!(!lines[0].contains('\u{1b}'));
    }

    #[test]
    fn libraries_are_quiet_unless_they_are_named() {
        let say = || {
            tracing::info!(target: "pingora_proxy", "chatter");
            tracing::error!(target: "pingora_core::server", "clients");
            tracing::info!(target: "h2::proto", "chatter");
            tracing::warn!(target: "wasmtime::engine", "warning");
            tracing::info!("own");
        };
        let messages = |level| -> Vec<String> {
            let lines = logged(Format::Text, level, say);
            lines
                .iter()
                .filter_map(|line| line.split(' ').next_back())
                .map(str::to_owned)
                .collect()
        };
        assert_eq!(messages("debug"), ["warning", "own"]);
        assert_eq!(messages("info"), ["warning", "own"]);
        assert_eq!(messages("error"), [""; 0]);
        assert_eq!(
            messages("info,pingora=info"),
            ["chatter", "clients", "warning", "own"]
        );
    }

    #[test]
    fn a_level_that_is_not_understood_is_refused() {
        for level in ["verbose", "", "tidegate=loud", "info,tidegate"] {
            let refusal = filter(level).expect_err("must be refused");
            assert!(refusal.contains(&format!("`{level}`")), "{refusal}");
        }
        for level in ["off", "trace", "info,tidegate::proxy=debug"] {
            filter(level).expect("must be understood");
        }
    }

    fn this_test_again() -> std::process::Command {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        // The test harness names the thread of a test after it.
        let thread = std::thread::current();
        command.args(["--exact", "--nocapture", thread.name().unwrap()]);
        command
    }

    /// Runs itself once more in a process whose stderr takes nothing: full(4).
    #[test]
    #[cfg(target_os = "linux")]
    fn a_log_that_cannot_be_written_does_no_harm() {
        const CHILD: &str = "TIDEGATE_TEST_STDERR_IS_FULL";
        if std::env::var_os(CHILD).is_some() {
            init(Format::Text, "info").unwrap();
            tracing::error!("nobody reads this");
            log_of_a_library("nor this");
            return;
        }
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let child = this_test_again()
            .env(CHILD, "1")
            .stderr(full)
            .output()
            .unwrap();
        assert!(
            child.status.success(),
            "{}",
            String::from_utf8_lossy(&child.stdout)
        );
        assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
    }

    /// What libraries call: the `log` crate, as `tracing-log` re-exports it.
    fn log_of_a_library(text: &str) {
        tracing_log::log::error!("{text}");
    }

    /// Runs itself once more in a process, since logging starts once in each.
    #[test]
    fn what_libraries_log_is_heard() {
        const CHILD: &str = "TIDEGATE_TEST_BRIDGE";
        if std::env::var_os(CHILD).is_some() {
            init(Format::Json, "info").unwrap();
            log_of_a_library("a library speaks");
            assert!(init(Format::Json, "info").is_err(), "once is enough");
            return;
        }
        let child = this_test_again().env(CHILD, "1").output().unwrap();
        assert!(child.status.success());
        let stderr = String::from_utf8(child.stderr).unwrap();
        let line = stderr
            .lines()
            .find(|line| line.contains("a library speaks"))
            .unwrap();
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["level"], "ERROR");
        assert_eq!(line["target"], module_path!());
    }
}
