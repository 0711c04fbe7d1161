//! The line of what never became an exchange, or ended all that its connection had.

use super::Service;
use crate::proxy::Link;
use crate::telemetry::Record;
use http::Method;
use std::time::{Duration, SystemTime};

/// What there is to say.
pub(super) struct Noted {
    /// One word for what was wrong.
    pub fault: &'static str,
    pub protocol: &'static str,
    /// What the client was told in, if there was somebody to be told.
    pub status: Option<u16>,
    pub bytes_out: u64,
}

impl Service {
    /// Counts it, if it was answered, and writes it into the access log.
    pub(super) fn note(&self, link: &Link, noted: &Noted) {
        let snapshot = self.current.load();
        if noted.status.is_some() {
            // A method of its own, since none was understood.
            let none = Method::from_bytes(b"NONE").unwrap_or_default();
            let series = &snapshot.unrouted;
            series.observe(None, &none, noted.status, Duration::ZERO);
        }
        let Some(log) = &snapshot.access_log else {
            return;
        };
        log.write(&Record {
            time: SystemTime::now(),
            client: &link.origin.peer.ip().to_canonical().to_string(),
            method: "-",
            host: b"-",
            path: b"-",
            protocol: noted.protocol,
            status: noted.status,
            bytes_in: 0,
            bytes_out: noted.bytes_out,
            duration: Duration::ZERO,
            route: None,
            upstream: None,
            endpoint: None,
            attempts: 0,
            upstream_time: None,
            fault: Some(noted.fault),
            user_agent: None,
            plugin_fault: false,
            answered_by: None,
            attributes: &[],
        });
    }
}
