//! What one plugin may use, and the meter that Wasmtime asks before memory grows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use wasmtime::ResourceLimiter;

/// Bounds of one plugin, all enforced by the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time that one call may run, in time of its thread: a plugin is not blamed for a
    /// thread that the system did not schedule, nor for waiting on a call out. At least
    /// 1 ms.
    pub deadline: Duration,
    /// Time that starting an instance, `configure` and `update` may each run.
    pub setup_deadline: Duration,
    /// Linear memory of one instance in bytes, all its memories together.
    pub memory: u64,
    /// Instances that may exist at a time, the spare not counted. At least 1. Calls out
    /// may hold all of them: then there is one more for each thread.
    pub instances: u32,
    /// Bytes of keys and values that the plugin may keep in `state`.
    pub state: u64,
    /// Whether each exchange gets an instance of its own. Filters only.
    pub isolation: Isolation,
    /// Bytes that a body may have which a filter wants whole.
    pub body: u64,
    /// Names of the upstreams that a filter may call.
    pub http: Vec<String>,
    /// Longest time that one call to them may take. At least 1 ms.
    pub callout_timeout: Duration,
}

/// What instances carry from one exchange to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// Their memory: an instance serves many exchanges.
    #[default]
    Reuse,
    /// Nothing: an instance serves one exchange and is dropped.
    PerRequest,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_millis(2),
            setup_deadline: Duration::from_secs(1),
            memory: 16 << 20,
            instances: 64,
            state: 1 << 20,
            isolation: Isolation::Reuse,
            body: 1 << 20,
            http: Vec::new(),
            callout_timeout: Duration::from_secs(1),
        }
    }
}

/// Elements that all tables of an instance may hold; SpiderMonkey needs 7,700.
const TABLE_ELEMENTS: usize = 20_000;

/// Counts what one instance has, and remembers a refusal so that the fault that
/// follows can say what it was.
#[derive(Debug)]
pub(crate) struct Meter {
    allowed: u64,
    used: u64,
    high_water: Arc<AtomicU64>,
    pub(crate) refused: bool,
}

impl Meter {
    pub(crate) fn new(allowed: u64, high_water: Arc<AtomicU64>) -> Self {
        Self {
            allowed,
            used: 0,
            high_water,
            refused: false,
        }
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let growth = desired.saturating_sub(current) as u64;
        if self.used.saturating_add(growth) > self.allowed {
            self.refused = true;
            return Ok(false);
        }
        self.used += growth;
        self.high_water.fetch_max(self.used, Ordering::Relaxed);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_counted_together() {
        let mut meter = Meter::new(100, Arc::default());
        assert!(meter.memory_growing(0, 60, None).unwrap());
        assert!(
            !meter.memory_growing(0, 60, None).unwrap(),
            "a second memory does not start at zero"
        );
        assert!(meter.refused);
        assert!(meter.memory_growing(60, 100, None).unwrap());
    }
}
