//! `wasi:clocks`: real clocks, in UTC. Waiting for them is not possible: a timer is
//! ready at once, since the thread that a plugin would hold up serves requests.

use super::bindings::wasi::clocks::{monotonic_clock, timezone, wall_clock};
use super::bindings::wasi::io::poll::Pollable;
use super::{Wasi, io};
use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use timezone::TimezoneDisplay;
use wall_clock::Datetime;
use wasmtime::component::Resource;

/// The origin that all instances share, so that they can compare what they measured.
static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

impl monotonic_clock::Host for Wasi {
    fn now(&mut self) -> u64 {
        u64::try_from(ORIGIN.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn resolution(&mut self) -> u64 {
        1
    }

    fn subscribe_instant(&mut self, _: u64) -> Resource<Pollable> {
        io::ready()
    }

    fn subscribe_duration(&mut self, _: u64) -> Resource<Pollable> {
        io::ready()
    }
}

impl wall_clock::Host for Wasi {
    fn now(&mut self) -> Datetime {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Datetime {
            seconds: since.as_secs(),
            nanoseconds: since.subsec_nanos(),
        }
    }

    fn resolution(&mut self) -> Datetime {
        Datetime {
            seconds: 0,
            nanoseconds: 1,
        }
    }
}

impl timezone::Host for Wasi {
    fn display(&mut self, _: Datetime) -> TimezoneDisplay {
        TimezoneDisplay {
            utc_offset: 0,
            name: "UTC".into(),
            in_daylight_saving_time: false,
        }
    }

    fn utc_offset(&mut self, _: Datetime) -> i32 {
        0
    }
}
