//! The page.

use super::Played;
use tidegate_simulator::Workload;

pub(super) fn page(_: &str, _: &Workload, _: &[Played]) -> String {
    String::new()
}
