//! So many requests a second for each key; the others are answered with 429.
//!
//! ```yaml
//! filters:
//!   - plugin: rate-limit
//!     config:
//!       rate: 100              # requests a second; 0.1 is one in ten seconds
//!       burst: 200             # optional: how many at once; `rate` rounded up unless written
//!       key: client_address    # the default, or path, { header: x-user }, { cookie: id },
//!                              # { query: user }, { attribute: user }
//! ```
//!
//! Each key has a bucket of `burst` tokens, refilled at `rate`; a request takes one. The buckets
//! are shared by all threads of this proxy and by nobody else: two proxies allow twice as much. A
//! route's filter has its own.
//!
//! - All requests **without the key**, or with an empty one, share one bucket: who leaves the key
//!   out gains nothing.
//! - A header, a cookie or a query parameter is what the client says it is, and who invents a new
//!   one for each request is never limited. An `attribute` that an earlier filter has proved is
//!   better.
//! - IPv6 clients count by the first 64 bits of their address, which is what one subscriber has.
//!
//! The answer has `Retry-After`, in whole seconds, rounded up, and the fields `RateLimit-Policy`
//! and `RateLimit` of draft-ietf-httpapi-ratelimit-headers, revision 10. They are on no other
//! response: a bucket does not tell how many tokens are left.

mod answer;
mod key;

use serde::Deserialize;
use tidegate_sdk::config::Key;
use tidegate_sdk::prelude::*;

use answer::Policy;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    rate: f64,
    burst: Option<u32>,
    #[serde(default = "client_address")]
    key: Key,
}

struct RateLimit {
    key: Key,
    bucket: state::Bucket,
    policy: Policy,
}

impl Filter for RateLimit {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        let Config { rate, burst, key } = config;
        if !rate.is_finite() || rate <= 0.0 || rate > 1e6 {
            return Err(
                "rate: must be above 0 and at most 1000000 requests a second, for example 10"
                    .to_owned(),
            );
        }
        let burst = burst.unwrap_or(rate.ceil() as u32);
        if burst == 0 {
            return Err("burst: must be at least 1, or no request would pass".to_owned());
        }
        Ok(RateLimit {
            key,
            bucket: state::Bucket::open("requests", rate, f64::from(burst)),
            policy: Policy::new(rate, burst),
        })
    }

    fn on_request(&mut self) -> Verdict {
        match self.bucket.take(&key::of_request(&self.key), 1) {
            Ok(()) => Verdict::Pass,
            Err(wait) => self.policy.refuse(wait).into(),
        }
    }
}

fn client_address() -> Key {
    Key::ClientAddress
}

export_filter!(RateLimit);

#[cfg(test)]
mod tests;
