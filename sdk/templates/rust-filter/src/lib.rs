//! Answers requests for blocked paths with 403, and tags all others with the header `x-tag`.

use serde::Deserialize;
use tidegate_sdk::prelude::*;

/// The plugin's `config`: `{ blocked: /private, tag: hello }`. An unknown key refuses the
/// operator's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// This path and those below it.
    blocked: String,
    /// The value of `x-tag`.
    #[serde(default = "tag")]
    tag: String,
}

fn tag() -> String {
    "{{project-name}}".to_owned()
}

struct Plugin(Config);

impl Filter for Plugin {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        if !config.blocked.starts_with('/') {
            return Err("blocked: a path begins with a slash".to_owned());
        }
        Ok(Plugin(config))
    }

    fn on_request(&mut self) -> Verdict {
        if self.is_blocked(&request::path()) {
            return Reply::new(403).text("not here\n").into();
        }
        RequestEdits::new()
            .set("x-tag", self.0.tag.as_bytes())
            .into()
    }
}

impl Plugin {
    fn is_blocked(&self, path: &str) -> bool {
        let below = path.strip_prefix(self.0.blocked.trim_end_matches('/'));
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

export_filter!(Plugin);

#[cfg(test)]
mod tests {
    use tidegate_sdk::testing::{Host, Request};

    use super::*;

    const CONFIG: &str = r#"{"blocked": "/private", "tag": "tested"}"#;

    #[test]
    fn what_is_blocked_is_answered() {
        let host = Host::new();
        let mut filter = host.filter::<Plugin>(CONFIG).unwrap();
        host.request(Request::get("/private/papers"));
        filter.on_request();
        assert_eq!(response::status(), 403);
    }

    #[test]
    fn what_goes_on_is_tagged() {
        let host = Host::new();
        let mut filter = host.filter::<Plugin>(CONFIG).unwrap();
        for path in ["/", "/privateer"] {
            host.request(Request::get(path));
            filter.on_request();
            assert_eq!(request::header("x-tag").as_deref(), Some(&b"tested"[..]));
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (config, expected) in [
            (r#"{"blokced": "/private"}"#, "blokced: unknown field"),
            (r#"{"blocked": "private"}"#, "blocked: "),
        ] {
            let refused = Host::new().filter::<Plugin>(config).unwrap_err();
            assert!(refused.starts_with(expected), "{refused}");
        }
    }
}
