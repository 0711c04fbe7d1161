//! What the system says of this process, read when the page is written.
//!
//! Names and meaning are those that every Prometheus client library uses. What the
//! system does not tell (there is no `/proc` outside of Linux) is left out.

use super::exposition::Page;
use super::names::{self, Spec};
use super::value::Reading;
use prometheus::proto::MetricType::{self, COUNTER, GAUGE};
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

/// Writes the families of the process, which started at `started`.
pub(super) fn write(page: &mut Page, started: SystemTime) {
    let started = started
        .duration_since(UNIX_EPOCH)
        .ok()
        .map(|since| since.as_secs_f64());
    reading(page, &names::STARTED, GAUGE, started);
    reading(page, &names::CPU, COUNTER, Some(cpu_seconds()));
    reading(page, &names::RESIDENT, GAUGE, resident_bytes());
    reading(page, &names::OPEN_FDS, GAUGE, open_fds());
}

fn reading(page: &mut Page, spec: &Spec, kind: MetricType, value: Option<f64>) {
    if let Some(value) = value {
        page.family(spec, |family| family.add(&[], &Reading(kind, value)));
    }
}

fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// `VmRSS:     1234 kB` of proc_pid_status(5).
fn resident_bytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0)
}

fn open_fds() -> Option<f64> {
    const FDS: &str = "/proc/self/fd";
    // Since Linux 6.2 the size of this directory is its number of entries, which
    // spares walking over 100,000 connections.
    match fs::metadata(FDS).ok()?.len() {
        // The walk sees the descriptor that it walks with.
        0 => Some(fs::read_dir(FDS).ok()?.count().saturating_sub(1) as f64),
        entries => Some(entries as f64),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn memory_time_and_descriptors_are_read() {
        let memory = vec![1_u8; 64 << 20];
        assert!(resident_bytes().unwrap() > memory.iter().map(|&b| f64::from(b)).sum());
        assert!(cpu_seconds() > 0.0);
        assert!(open_fds().unwrap() >= 3.0);
    }

    #[test]
    fn opened_descriptors_are_counted() {
        let files: Vec<_> = (0..500)
            .map(|_| fs::File::open("/dev/null").unwrap())
            .collect();
        assert!(open_fds().unwrap() >= files.len() as f64);
    }
}
