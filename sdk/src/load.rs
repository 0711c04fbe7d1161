//! What the host knows of the endpoints right now, by position in the list last given to
//! `update`. One value costs about 25 ns; a column costs about 80 ns and a tenth of a nanosecond
//! for each endpoint. Outside of `select` every column is empty and every value is 0.

use crate::{Excluded, imports};

/// Requests in flight from this process, for every position.
///
/// ```
/// # use tidegate_sdk::{load, testing::Host};
/// # let host = Host::new();
/// host.in_flight(&[3, 0, 1]);
/// assert_eq!(load::in_flight(), [3, 0, 1]);
/// ```
#[inline]
pub fn in_flight() -> Vec<u32> {
    imports::load::in_flight()
}

/// Requests in flight at one position; 0 when there is no such position.
///
/// ```
/// # use tidegate_sdk::{load, testing::Host};
/// # let host = Host::new();
/// host.in_flight(&[3, 0, 1]);
/// assert_eq!((load::in_flight_of(0), load::in_flight_of(9)), (3, 0));
/// ```
#[inline]
pub fn in_flight_of(position: u32) -> u32 {
    imports::load::in_flight_of(position)
}

/// Requests in flight to the upstream: the sum of [`in_flight`], and those to endpoints that
/// have left the list.
///
/// ```
/// # use tidegate_sdk::{load, testing::Host};
/// # let host = Host::new();
/// host.in_flight(&[3, 0, 1]);
/// assert_eq!(load::total(), 4);
/// ```
#[inline]
pub fn total() -> u32 {
    imports::load::total()
}

/// Moving average of the time to the response head in microseconds, for every position. It rises
/// at once with a slow answer and falls slowly; 0 until the first answer.
///
/// ```
/// # use tidegate_sdk::{load, testing::Host};
/// # let host = Host::new();
/// host.latency(&[800, 0]);
/// assert_eq!(load::latency(), [800, 0]);
/// ```
#[inline]
pub fn latency() -> Vec<u32> {
    imports::load::latency()
}

/// The same for one position; 0 when there is no such position.
///
/// ```
/// # use tidegate_sdk::{load, testing::Host};
/// # let host = Host::new();
/// host.latency(&[800, 0]);
/// assert_eq!(load::latency_of(0), 800);
/// ```
#[inline]
pub fn latency_of(position: u32) -> u32 {
    imports::load::latency_of(position)
}

/// Positions that this exchange must not use. `select` is given the same.
///
/// ```
/// # use tidegate_sdk::{load, testing::Host};
/// # let host = Host::new();
/// host.exclude(&[2]);
/// assert!(load::excluded().contains(2));
/// ```
pub fn excluded() -> Excluded {
    imports::load::excluded().into_iter().collect()
}
