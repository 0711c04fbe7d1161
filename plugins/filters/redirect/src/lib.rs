//! Sends clients to another address. The request goes to no endpoint.
//!
//! ```yaml
//! filters:
//!   - plugin: redirect
//!     config:
//!       to: https://{host}{path}{query}   # or https://example.com{path}, or /new
//!       status: 308                       # optional: 307 unless written
//! ```
//!
//! | placeholder | is |
//! |---|---|
//! | `{path}` | the path, with its slash |
//! | `{query}` | the query with its question mark, or nothing |
//! | `{host}` | the host that the client asked for, without the port; without one the answer is 400 |
//!
//! | status | the client remembers it | the method |
//! |---|---|---|
//! | 301 | yes | may become GET |
//! | 302 | no | may become GET |
//! | 303 | no | becomes GET |
//! | 307 | no | stays |
//! | 308 | yes | stays |
//!
//! A path such as `//example.com` would lead to another host where `to` begins with `{path}`: the
//! slashes at its beginning become one.

mod template;

use serde::Deserialize;
use tidegate_sdk::prelude::*;

use template::Template;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    to: String,
    #[serde(default = "temporary")]
    status: u16,
}

/// Bytes of an address. Those of one answer's fields are bounded, and a client chooses its path.
const LONGEST: usize = 16_000;

struct Redirect {
    to: Template,
    status: u16,
}

impl Filter for Redirect {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        let status = config.status;
        if !matches!(status, 301 | 302 | 303 | 307 | 308) {
            return Err(format!(
                "status: {status} is not that of a redirect: write 301, 302, 303, 307 or 308"
            ));
        }
        let to = Template::parse(&config.to).map_err(|problem| format!("to: {problem}"))?;
        Ok(Redirect { to, status })
    }

    fn on_request(&mut self) -> Verdict {
        match self.to.fill() {
            Some(location) if location.len() > LONGEST => {
                Reply::new(414).text("the path is too long\n").into()
            }
            Some(location) => Reply::new(self.status).header("location", location).into(),
            None => Reply::new(400).text("a host is missing\n").into(),
        }
    }
}

fn temporary() -> u16 {
    307
}

export_filter!(Redirect);

#[cfg(test)]
mod tests;
