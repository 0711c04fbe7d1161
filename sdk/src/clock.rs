//! Time. Neither clock is for secrets, and waiting is not possible.

use std::time::Duration;

use crate::imports;

/// Monotonic time since an arbitrary origin that all instances in the host's process share.
///
/// ```
/// # use std::time::Duration;
/// # use tidegate_sdk::{clock, testing::Host};
/// # let host = Host::new();
/// let began = clock::now();
/// host.advance(Duration::from_millis(3));
/// assert_eq!(clock::now() - began, Duration::from_millis(3));
/// ```
pub fn now() -> Duration {
    Duration::from_nanos(imports::clock::now())
}

/// Time since the Unix epoch, to the millisecond; it may jump with the system's clock.
///
/// ```
/// # use std::time::Duration;
/// # use tidegate_sdk::{clock, testing::Host};
/// # let host = Host::new();
/// host.set_wall(Duration::from_secs(1_767_225_600));
/// let seconds_of_the_day = clock::wall().as_secs() % 86_400;
/// assert_eq!(seconds_of_the_day, 0);
/// ```
pub fn wall() -> Duration {
    Duration::from_millis(imports::clock::wall())
}
