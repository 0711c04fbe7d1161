//! What signals mean: SIGTERM and SIGINT end, SIGHUP reloads, SIGQUIT hands over,
//! SIGUSR1 opens the access log anew.

use super::run::Serving;
use crate::server::handover;
use anyhow::Result;
use std::path::Path;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals, listened to from the moment that this exists: a process that says that
/// it is ready must not die of the first one.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    quit: Signal,
    user: Signal,
}

impl Signals {
    /// Listens.
    pub fn listen() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            quit: signal(SignalKind::quit())?,
            user: signal(SignalKind::user_defined1())?,
        })
    }
}

/// Returns when the process is to end: it was told to, or another serves instead.
pub async fn wait(signals: Signals, serving: &Serving, upgrade: &Path) {
    let Signals {
        mut terminate,
        mut interrupt,
        mut hang_up,
        mut quit,
        mut user,
    } = signals;
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hang_up.recv() => {
                let reloader = serving.reloader.clone();
                // Its outcome is logged; a long compilation must not hold up SIGTERM.
                tokio::spawn(async move { reloader.reload("SIGHUP").await });
            }
            _ = quit.recv() => match hand_over(serving, upgrade) {
                Ok(()) => {
                    tracing::info!("the new process accepts; this one drains");
                    break;
                }
                Err(error) => tracing::error!(%error, path = %upgrade.display(), "nothing was handed over; serving on"),
            },
            _ = user.recv() => {
                if let Some(log) = serving.reloader.access_log().await && let Err(error) = log.reopen() {
                    tracing::error!(%error, "the access log cannot be opened again");
                }
            }
        }
    }
    tokio::spawn(async move {
        // Whoever asks twice does not want to wait.
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::warn!("stopped at once, on a second signal");
        std::process::exit(1);
    });
}

fn hand_over(serving: &Serving, path: &Path) -> std::io::Result<()> {
    let mut sockets = serving.listeners.sockets();
    if let Some(admin) = &serving.admin {
        sockets.push((serving.admin_name.clone(), admin.clone()));
    }
    tokio::task::block_in_place(|| handover::give(path, &handover::borrowed(&sockets)))
}
