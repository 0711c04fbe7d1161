//! The filter of the side-by-side workload: reads three fields, computes a hash over them and
//! sets one. The other proxies do the same in their own ways.

use tidegate_sdk::prelude::*;

struct Hashing;

impl Filter for Hashing {
    type Config = NoConfig;

    fn configure(_: NoConfig) -> Result<Self, String> {
        Ok(Hashing)
    }

    fn on_request(&mut self) -> Verdict {
        let mut hash = 0_u32;
        for name in ["x-user", "x-tenant", "x-session"] {
            for byte in request::header(name).unwrap_or_default() {
                hash = (hash * 31 + u32::from(byte)) & 0xff_ffff;
            }
        }
        let value = [b'b', b'0' + (hash % 3) as u8];
        RequestEdits::new().set("x-bench-added", value).into()
    }
}

export_filter!(Hashing);
