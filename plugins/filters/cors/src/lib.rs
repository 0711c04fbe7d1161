//! Tells browsers which other sites may ask, by the Fetch standard (CORS protocol).
//!
//! ```yaml
//! filters:
//!   - plugin: cors
//!     config:
//!       allow_origins: [https://app.example.com, "https://*.example.org"]   # or ["*"]
//!       allow_methods: [GET, PUT]      # optional: GET, HEAD and POST unless written
//!       allow_headers: [x-token]       # optional: beyond those that need no leave; or "*"
//!       expose_headers: [x-total]      # optional: what scripts may read
//!       credentials: true              # optional: false unless written; not with "*"
//!       max_age: 10m                   # optional: how long browsers remember; 5 s if nobody says
//! ```
//!
//! - A preflight (`OPTIONS` with `Origin` and `Access-Control-Request-Method`) is answered with 204
//!   and goes to no endpoint. To an origin that is not allowed the answer allows nothing.
//! - Other requests pass, whatever their origin: a browser keeps the response from a script that
//!   may not have it, and nothing here keeps others from asking. The response says who may have it,
//!   in place of what the endpoint said.
//! - `Vary: Origin` is on every response, unless every origin gets the same answer.
//! - `https://*.example.org` is every host below `example.org`, and not that one itself.
//!
//! Put it before filters that ask for credentials: a preflight has none.

mod allowed;
mod origin;

use tidegate_sdk::prelude::*;

use allowed::{Allowed, Config};

struct Cors(Allowed);

impl Filter for Cors {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        Allowed::new(config).map(Cors)
    }

    fn interest(&self) -> Interest {
        Interest::REQUEST.response()
    }

    fn on_request(&mut self) -> Verdict {
        if !is_preflight() {
            return Verdict::Pass;
        }
        let fields = self.0.preflight(origin().as_deref());
        let reply = fields
            .into_iter()
            .fold(Reply::new(204), |reply, (name, value)| {
                reply.header(name, value)
            });
        reply.into()
    }

    fn on_response(&mut self) -> Option<ResponseEdits> {
        let mut edits = ResponseEdits::new();
        if !is_preflight() {
            let answers = [
                "access-control-allow-origin",
                "access-control-allow-credentials",
                "access-control-expose-headers",
            ];
            edits = answers.into_iter().fold(edits, ResponseEdits::remove);
            let fields = self.0.actual(origin().as_deref());
            edits = fields
                .into_iter()
                .fold(edits, |edits, (name, value)| edits.set(name, value));
        }
        if self.0.varies() && !varies_by_origin() {
            edits = edits.append("vary", "Origin");
        }
        Some(edits)
    }
}

fn is_preflight() -> bool {
    request::method() == "OPTIONS"
        && request::header("origin").is_some()
        && request::header("access-control-request-method").is_some()
}

/// One that is longer than any host's name is nobody's, and is not given back.
fn origin() -> Option<String> {
    let origin = String::from_utf8(request::header("origin")?).ok()?;
    (origin.len() <= 512).then_some(origin)
}

fn varies_by_origin() -> bool {
    let fields = response::headers();
    let varies = fields
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("vary"));
    varies
        .flat_map(|(_, value)| value.split(|&byte| byte == b','))
        .any(|name| name.trim_ascii().eq_ignore_ascii_case(b"origin") || name.trim_ascii() == b"*")
}

export_filter!(Cors);

#[cfg(test)]
mod tests;
