//! Time. Neither clock is for secrets, and waiting is not possible.

use std::time::Duration;

use crate::imports;

/// Monotonic time since an arbitrary origin that all instances in the host's process share.
pub fn now() -> Duration {
    Duration::from_nanos(imports::clock::now())
}

/// Time since the Unix epoch, to the millisecond; it may jump with the system's clock.
pub fn wall() -> Duration {
    Duration::from_millis(imports::clock::wall())
}
