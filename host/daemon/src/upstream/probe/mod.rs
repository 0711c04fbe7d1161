//! Active health checks: asks endpoints whether they answer as they should.
//!
//! What makes a verdict is [`tidegate_policy::Health`]'s; this is the shell around it:
//! sockets, time, and who is told. An endpoint that several upstreams share is probed
//! once for each distinct check, not once for each upstream, and what was found out
//! stays as long as anybody holds the [`Target`]: a reload that names it again goes on
//! where it was.
//!
//! Each probe is a connection of its own. One that is kept open says nothing of a
//! listener whose queue is full, nor of a firewall that has begun to drop new ones.
//!
//! TCP probes are a plain `connect` of tokio. Pingora's `TcpHealthCheck` makes the same
//! system calls for about the same price (29 µs against 27, `tests/measured.rs`). But it
//! drops the stream before anybody can see that it is connected to itself, does not tell
//! a failure of ours from one of the endpoint's (`connect.rs`), and HTTP and gRPC need a
//! stream to go on with. Its HTTP check neither looks into bodies nor bounds how much it
//! reads, and there is none for gRPC.
//!
//! What a probe costs is mostly the kernel's: ten thousand endpoints each five seconds
//! take a fifteenth of a core over TCP and a tenth over HTTP, of which hyper has at most a
//! fifth. Hence no parser of our own.
//!
//! Refuses to choose endpoints, to know what a verdict means for traffic, and to follow
//! names: it is given addresses.

mod answer;
mod bounded;
mod checker;
mod connect;
mod drive;
mod grpc;
mod http1;
mod schedule;
mod shared;
mod target;
mod tls;

pub use checker::Checker;
pub use target::{Last, Listener, Target};

use crate::config::value::Health;
use parking_lot::Mutex;
use schedule::Schedule;
use sha2::{Digest, Sha256};
use shared::Shared;
use std::net::SocketAddr;
use std::sync::Arc;
use tidegate_policy::Verdict;
use tokio::task::JoinHandle;

/// Probes under way at a time, whatever the number of targets.
const AT_ONCE: usize = 256;

/// Probes endpoints for as long as they are followed. Dropping it ends that.
pub struct Prober {
    checkers: Mutex<Shared<Asked, Checker>>,
    targets: Mutex<Shared<Probed, Target>>,
    system: tls::System,
    schedule: Arc<Schedule>,
    running: Mutex<Option<JoinHandle<()>>>,
}

/// What makes checks the same: how they are configured, and the digest of the certificates
/// that they trust.
type Asked = (Arc<Health>, Option<[u8; 32]>);

/// What makes targets the same: the endpoint, and the place in memory of the checker, which
/// is its own as long as there is such a target.
type Probed = (SocketAddr, usize);

impl Prober {
    /// One that probes nothing yet.
    pub fn new() -> Arc<Self> {
        Self::with_places(AT_ONCE)
    }

    fn with_places(at_once: usize) -> Arc<Self> {
        Arc::new(Self {
            checkers: Mutex::default(),
            targets: Mutex::default(),
            system: tls::System::default(),
            schedule: Arc::new(Schedule::new(at_once)),
            running: Mutex::default(),
        })
    }

    /// What asks: the same for equal checks, as long as anybody holds it. A file of
    /// certificates whose content has changed makes another one.
    ///
    /// # Errors
    /// A sentence for the operator: certificates that cannot be loaded, or a name that
    /// cannot be asked for.
    pub fn checker(&self, health: &Arc<Health>) -> Result<Arc<Checker>, String> {
        let ca = match health.check.tls().and_then(|tls| tls.ca.as_ref()) {
            Some(file) => Some(
                std::fs::read(file)
                    .map_err(|error| format!("cannot read {}: {error}", file.display()))?,
            ),
            None => None,
        };
        let digest = ca.as_ref().map(|bytes| Sha256::digest(bytes).into());
        self.checkers
            .lock()
            .get_or_try((health.clone(), digest), || {
                Checker::new(health, ca.as_deref(), &self.system)
            })
    }

    /// What is known of an endpoint by that check: the same for all who ask, as long as
    /// anybody holds it. A fresh one starts with `inherit`, what another check of the
    /// endpoint had found out, so that a changed check does not take it out of service;
    /// otherwise as the rule says. It is not probed before [`follow`](Self::follow)
    /// names it.
    pub fn target(
        &self,
        endpoint: SocketAddr,
        checker: &Arc<Checker>,
        inherit: Option<Verdict>,
    ) -> Arc<Target> {
        let key = (endpoint, Arc::as_ptr(checker) as usize);
        self.targets
            .lock()
            .get_or(key, || Target::new(endpoint, checker, inherit))
    }

    /// From now on exactly these are probed, and those who listen are told of each turn.
    /// The same target may be named several times with different listeners. Targets
    /// that stay keep their schedule; the others are forgotten, and what a probe of them
    /// that is still under way finds out is ignored.
    ///
    /// A listener hears of turns from now on: what a target turned to between its making
    /// and this call is found by asking it for its verdict once more.
    ///
    /// # Panics
    /// Outside of a tokio runtime, if there is anything to follow. The runtime of the
    /// first call does the work, as long as it lives.
    pub fn follow(&self, targets: Vec<(Arc<Target>, Listener)>) {
        let any = !targets.is_empty();
        self.schedule.follow(targets);
        let mut running = self.running.lock();
        if any && running.as_ref().is_none_or(JoinHandle::is_finished) {
            *running = Some(tokio::spawn(schedule::run(self.schedule.clone())));
        }
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        if let Some(running) = self.running.get_mut() {
            running.abort();
        }
        self.schedule.follow(Vec::new());
    }
}

#[cfg(test)]
mod tests;
