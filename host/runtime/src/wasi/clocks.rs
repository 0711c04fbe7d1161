//! `wasi:clocks`: real clocks, in UTC. Waiting for them is not possible: a timer is
//! ready at once, since the thread that a plugin would hold up serves requests.

use super::bindings::wasi::clocks::{monotonic_clock, timezone, wall_clock};
use super::bindings::wasi::io::poll::Pollable;
use super::{Wasi, io};
use timezone::TimezoneDisplay;
use wall_clock::Datetime;
use wasmtime::component::Resource;

impl monotonic_clock::Host for Wasi {
    fn now(&mut self) -> u64 {
        // Go's runtime ends itself at 0, where the clock of a test begins.
        self.ambient.now().max(1)
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
        let since = self.ambient.wall();
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
