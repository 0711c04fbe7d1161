//! Asks a service whether a request may pass.
//!
//! ```yaml
//! plugins:
//!   auth: { builtin: ext-auth, grant: { http: [auth-service] } }
//! routes:
//!   - filters:
//!       - plugin: auth
//!         config:
//!           upstream: auth-service       # named in the grant
//!           path: /check                 # optional: / unless written
//!           method: POST                 # optional: GET unless written
//!           send: [authorization]        # optional: authorization and cookie unless written
//!           copy: [x-user, x-roles]      # optional: what the endpoint gets to know
//!           pass_on: [401, 403, 302]     # optional: 401 and 403 unless written
//!           timeout: 200ms               # optional: that of the grant unless written
//!           on_error: deny               # the default, or allow
//! ```
//!
//! The service gets the fields of `send`, and what the client asked for as `x-original-method`,
//! `x-original-path` (with the query), `x-original-host` and `x-original-client`. It does not get
//! the body.
//!
//! | it answers | the request |
//! |---|---|
//! | 200 to 299 | passes. The fields of `copy` are those of the service's reply; what the client itself sent under these names is gone, also where the reply has no such field |
//! | a status of `pass_on` | ends: the client gets the service's reply |
//! | anything else, or nothing in time | ends with 503, or passes when `on_error` is `allow`, without the fields of `copy` |
//!
//! `allow` lets everybody in while the service is down.

mod question;
mod reply;

use std::time::Duration;

use serde::Deserialize;
use tidegate_sdk::config::{EditableName, FieldName, Target};
use tidegate_sdk::prelude::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    upstream: String,
    #[serde(default = "root")]
    path: Target,
    #[serde(default)]
    method: Method,
    #[serde(default = "credentials")]
    send: Vec<FieldName>,
    #[serde(default)]
    copy: Vec<EditableName>,
    #[serde(default = "refusals")]
    pass_on: Vec<u16>,
    #[serde(default, deserialize_with = "tidegate_sdk::config::optional_duration")]
    timeout: Option<Duration>,
    #[serde(default)]
    on_error: OnError,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "UPPERCASE")]
enum Method {
    #[default]
    Get,
    Head,
    Post,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum OnError {
    #[default]
    Deny,
    Allow,
}

struct ExtAuth(Config);

impl Filter for ExtAuth {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        if config.upstream.is_empty() {
            return Err("upstream: a name is missing".to_owned());
        }
        question::check(&config)?;
        let bad = config
            .pass_on
            .iter()
            .find(|status| !(300..=499).contains(*status));
        if let Some(status) = bad {
            return Err(format!(
                "pass_on: {status} is not a refusal: write statuses from 300 to 499, such as 401"
            ));
        }
        if config.copy.len() > 32 {
            return Err("copy: at most 32 fields".to_owned());
        }
        Ok(ExtAuth(config))
    }

    fn on_request(&mut self) -> Verdict {
        let config = &self.0;
        match question::ask(config) {
            Ok(reply) if reply.is_success() => match reply::copy(&config.copy, &reply) {
                Some(edits) => edits.into(),
                None => self.unanswered("the fields to copy are too many or too long"),
            },
            Ok(reply) if config.pass_on.contains(&reply.status) => reply::for_client(reply).into(),
            Ok(reply) => self.unanswered(&format!("the status is {}", reply.status)),
            Err(failure) => self.unanswered(failure.explain()),
        }
    }
}

impl ExtAuth {
    fn unanswered(&self, why: &str) -> Verdict {
        let Config {
            upstream,
            copy,
            on_error,
            ..
        } = &self.0;
        log::warn!("{upstream} did not say whether a request may pass: {why}");
        match on_error {
            OnError::Allow => reply::without(copy).into(),
            OnError::Deny => Reply::new(503)
                .text("not known whether this may pass\n")
                .into(),
        }
    }
}

fn root() -> Target {
    Target::parse("/").expect("a path")
}

fn credentials() -> Vec<FieldName> {
    ["authorization", "cookie"]
        .map(|name| FieldName::parse(name).expect("a name"))
        .to_vec()
}

fn refusals() -> Vec<u16> {
    vec![401, 403]
}

export_filter!(ExtAuth);

#[cfg(test)]
mod tests;
