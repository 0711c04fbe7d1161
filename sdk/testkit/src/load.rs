//! What is known of the endpoints: columns that a test sets and every list shares.

use std::sync::Arc;

use parking_lot::RwLock;
use tidegate_runtime::Load;

/// By position; what is missing is 0.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub(crate) in_flight: RwLock<Vec<u32>>,
    pub(crate) latency: RwLock<Vec<u32>>,
}

/// The columns as a list of that many endpoints sees them.
pub(crate) struct View {
    pub(crate) columns: Arc<Columns>,
    pub(crate) endpoints: usize,
}

impl View {
    fn column(&self, column: &RwLock<Vec<u32>>) -> Vec<u32> {
        let mut values = column.read().clone();
        values.resize(self.endpoints, 0);
        values
    }

    fn value(&self, column: &RwLock<Vec<u32>>, index: u32) -> u32 {
        let index = index as usize;
        let exists = index < self.endpoints;
        column
            .read()
            .get(index)
            .filter(|_| exists)
            .copied()
            .unwrap_or(0)
    }
}

impl Load for View {
    fn in_flight(&self) -> Vec<u32> {
        self.column(&self.columns.in_flight)
    }

    fn in_flight_of(&self, index: u32) -> u32 {
        self.value(&self.columns.in_flight, index)
    }

    fn total(&self) -> u32 {
        self.in_flight()
            .iter()
            .fold(0, |sum, value| sum.saturating_add(*value))
    }

    fn latency(&self) -> Vec<u32> {
        self.column(&self.columns.latency)
    }

    fn latency_of(&self, index: u32) -> u32 {
        self.value(&self.columns.latency, index)
    }
}
