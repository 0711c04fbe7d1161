//! Numbers that change with every request, kept apart from everything that does not.
//!
//! The cells of endpoints that appeared together lie side by side in one [`Block`],
//! so that a whole column is a few straight runs through memory, also for a thousand
//! endpoints. An endpoint keeps its cell for life: a reload that adds others starts
//! a new block and changes no count.

use super::Group;
use rustix::time::{ClockId, clock_gettime};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// A fall of the latency average to one half takes this long without answers.
const HALF_LIFE_MS: u32 = 7_000;

/// Cells that lie side by side.
#[derive(Debug)]
pub struct Block {
    in_flight: Box<[AtomicU32]>,
    /// Microseconds in the upper half, the millisecond of the observation below.
    latency: Box<[AtomicU64]>,
}

impl Block {
    /// Zeros for that many endpoints.
    pub fn new(length: usize) -> Arc<Self> {
        Arc::new(Self {
            in_flight: (0..length).map(|_| AtomicU32::new(0)).collect(),
            latency: (0..length).map(|_| AtomicU64::new(0)).collect(),
        })
    }
}

/// The place of one endpoint in its block.
#[derive(Clone, Debug)]
pub struct Cell {
    block: Arc<Block>,
    index: usize,
}

impl Cell {
    /// The cell at that place, which must exist.
    pub fn new(block: &Arc<Block>, index: usize) -> Self {
        assert!(index < block.in_flight.len(), "a cell lies in its block");
        Self {
            block: block.clone(),
            index,
        }
    }

    /// One more request in flight.
    pub fn enter(&self) {
        self.block.in_flight[self.index].fetch_add(1, Relaxed);
    }

    /// One less; called once for each `enter`, by the permit.
    pub fn leave(&self) {
        self.block.in_flight[self.index].fetch_sub(1, Relaxed);
    }

    /// Requests in flight.
    pub fn in_flight(&self) -> u32 {
        self.block.in_flight[self.index].load(Relaxed)
    }

    /// Publishes the average after an observation, in microseconds.
    pub fn observed(&self, microseconds: u32) {
        let packed = u64::from(microseconds) << 32 | u64::from(coarse_ms());
        self.block.latency[self.index].store(packed, Relaxed);
    }

    /// The average in microseconds, fallen by the time since the last answer; 0
    /// before the first.
    pub fn latency(&self) -> u32 {
        fallen(self.block.latency[self.index].load(Relaxed), coarse_ms())
    }
}

/// The columns of a list of endpoints, by position.
pub struct Columns {
    cells: Box<[Cell]>,
    runs: Box<[(Arc<Block>, Range<usize>)]>,
    group: Arc<Group>,
}

impl Columns {
    /// Columns over those cells in that order; the group counts the whole upstream.
    pub fn new(cells: Vec<Cell>, group: Arc<Group>) -> Self {
        let mut runs: Vec<(Arc<Block>, Range<usize>)> = Vec::new();
        for cell in &cells {
            match runs.last_mut() {
                Some((block, run)) if Arc::ptr_eq(block, &cell.block) && run.end == cell.index => {
                    run.end += 1
                }
                _ => runs.push((cell.block.clone(), cell.index..cell.index + 1)),
            }
        }
        Self {
            cells: cells.into(),
            runs: runs.into(),
            group,
        }
    }
}

impl tidegate_runtime::Load for Columns {
    fn in_flight(&self) -> Vec<u32> {
        let mut column = Vec::with_capacity(self.cells.len());
        for (block, run) in &self.runs {
            column.extend(
                block.in_flight[run.clone()]
                    .iter()
                    .map(|cell| cell.load(Relaxed)),
            );
        }
        column
    }

    fn in_flight_of(&self, index: u32) -> u32 {
        self.cells.get(index as usize).map_or(0, Cell::in_flight)
    }

    fn total(&self) -> u32 {
        self.group.total()
    }

    fn latency(&self) -> Vec<u32> {
        let now = coarse_ms();
        let mut column = Vec::with_capacity(self.cells.len());
        for (block, run) in &self.runs {
            column.extend(
                block.latency[run.clone()]
                    .iter()
                    .map(|cell| fallen(cell.load(Relaxed), now)),
            );
        }
        column
    }

    fn latency_of(&self, index: u32) -> u32 {
        self.cells.get(index as usize).map_or(0, Cell::latency)
    }
}

/// Exponential decay by halves, linear within one: an endpoint that was slow and is
/// avoided for it must look better with time, or it would be avoided for ever.
fn fallen(packed: u64, now: u32) -> u32 {
    let microseconds = packed >> 32;
    let age = now.wrapping_sub(packed as u32);
    let halves = age / HALF_LIFE_MS;
    if halves >= 32 {
        return u32::from(microseconds > 0);
    }
    let rest = u64::from(age % HALF_LIFE_MS);
    let value = microseconds >> halves;
    let value = value - value * rest / (2 * u64::from(HALF_LIFE_MS));
    // Zero means that there was no answer yet.
    value.max(u64::from(microseconds > 0)) as u32
}

/// Milliseconds of a clock that is read without a system call, wrapping after 49 days.
fn coarse_ms() -> u32 {
    let time = clock_gettime(ClockId::MonotonicCoarse);
    (time.tv_sec as u64)
        .wrapping_mul(1_000)
        .wrapping_add(time.tv_nsec as u64 / 1_000_000) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_runtime::Load;

    #[test]
    fn a_column_follows_the_order_of_the_list() {
        let (first, second) = (Block::new(3), Block::new(1));
        let cells: Vec<Cell> = [(&first, 0), (&second, 0), (&first, 1), (&first, 2)]
            .into_iter()
            .map(|(block, index)| Cell::new(block, index))
            .collect();
        cells[3].enter();
        cells[3].enter();
        cells[1].enter();
        let columns = Columns::new(
            cells,
            Group::new(
                "web",
                crate::telemetry::Metrics::new("test").upstream("web"),
            ),
        );
        assert_eq!(columns.runs.len(), 3);
        assert_eq!(columns.in_flight(), [0, 1, 0, 2]);
        assert_eq!(columns.in_flight_of(3), 2);
        assert_eq!(columns.in_flight_of(4), 0, "a position that does not exist");
    }

    #[test]
    fn latency_falls_with_time_and_never_to_no_answer() {
        let packed = 8_000_u64 << 32 | 1_000;
        assert_eq!(fallen(packed, 1_000), 8_000);
        assert_eq!(fallen(packed, 1_000 + HALF_LIFE_MS / 2), 6_000);
        assert_eq!(fallen(packed, 1_000 + HALF_LIFE_MS), 4_000);
        assert_eq!(
            fallen(packed, 1_000_u32.wrapping_sub(1)),
            1,
            "after a very long time"
        );
        assert_eq!(fallen(0, 5_000), 0, "no answer yet");
        let mut last = u32::MAX;
        for age in (0..200_000).step_by(100) {
            let value = fallen(packed, 1_000 + age);
            assert!(value <= last && value > 0);
            last = value;
        }
    }
}
