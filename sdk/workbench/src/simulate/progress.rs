//! A bar on standard error, for a simulation of more than a second that a person waits for.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::{Duration, Instant};
use tidegate_simulator::Progress;

/// Nobody needs a bar for less.
const PATIENCE: Duration = Duration::from_secs(1);

/// The bar of one simulation.
pub(super) struct Bar {
    name: String,
    began: Instant,
    bar: Option<ProgressBar>,
}

impl Bar {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            began: Instant::now(),
            bar: None,
        }
    }

    pub(super) fn show(&mut self, progress: Progress) {
        if self.bar.is_none() && self.began.elapsed() >= PATIENCE {
            // Hidden when standard error is no terminal.
            let target = ProgressDrawTarget::stderr();
            let bar = ProgressBar::with_draw_target(Some(progress.expected), target);
            let style = ProgressStyle::with_template("{msg} {wide_bar} {percent}% {eta}");
            if let Ok(style) = style {
                bar.set_style(style);
            }
            bar.set_message(self.name.clone());
            self.bar = Some(bar);
        }
        if let Some(bar) = &self.bar {
            bar.set_position(progress.arrived.min(progress.expected));
        }
    }

    /// It leaves no trace. Answers how long it took.
    pub(super) fn end(self) -> Duration {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.began.elapsed()
    }
}
