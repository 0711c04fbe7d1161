//! How the tools speak: to a person, in colours if it is a terminal, or to a machine, in JSON.

use std::fmt::Display;
use std::io::{IsTerminal, stdout};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget};

/// What the reader of the output is.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// One JSON value on standard output, and nothing else there.
    pub json: bool,
    colours: bool,
}

impl Output {
    /// Colours are for terminals whose user has not said `NO_COLOR` (no-color.org).
    pub fn new(json: bool) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            json,
            colours: !json && !refused && stdout().is_terminal(),
        }
    }

    /// Good news.
    pub fn good(self, text: impl Display) -> String {
        self.paint("32", text)
    }

    /// Bad news.
    pub fn bad(self, text: impl Display) -> String {
        self.paint("31", text)
    }

    /// What is worth a second look.
    pub fn doubtful(self, text: impl Display) -> String {
        self.paint("33", text)
    }

    /// What matters less.
    pub fn faint(self, text: impl Display) -> String {
        self.paint("2", text)
    }

    /// A heading.
    pub fn strong(self, text: impl Display) -> String {
        self.paint("1", text)
    }

    fn paint(self, code: &str, text: impl Display) -> String {
        if self.colours {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_string()
        }
    }
}

/// Something that may take more than a second: shown on a terminal, and to nobody else.
pub fn progress(text: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    // On no terminal it draws nothing.
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.set_message(text.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A size as people read it.
pub fn bytes(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let unit = units.into_iter().find(|(shift, _)| bytes >> shift > 0);
    match unit {
        #[expect(clippy::cast_precision_loss, reason = "to be read, with one decimal")]
        Some((shift, unit)) => format!("{:.1} {unit}", bytes as f64 / f64::from(1 << shift)),
        None => format!("{bytes} B"),
    }
}
