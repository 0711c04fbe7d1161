//! What the service is asked.

use tidegate_sdk::config::EditableName;
use tidegate_sdk::http_client::{Failure, Outgoing};
use tidegate_sdk::prelude::*;

use crate::{Config, Method};

/// Refuses what could not be sent.
pub fn check(config: &Config) -> Result<(), String> {
    for name in &config.send {
        EditableName::parse(name).map_err(|problem| format!("send: {problem}"))?;
        if name.starts_with("x-original-") {
            return Err(format!("send: `{name}` is what the filter itself writes"));
        }
    }
    Ok(())
}

/// Asks it about the current request.
pub fn ask(config: &Config) -> Result<Reply, Failure> {
    let method = match config.method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
    };
    let mut outgoing = Outgoing::new(method, &config.upstream, &config.path)
        .header("x-original-method", request::method())
        .header("x-original-path", original_path())
        .header("x-original-host", request::authority())
        .header("x-original-client", request::client_address());
    if !config.send.is_empty() {
        let fields = request::headers();
        let sent = fields.into_iter().filter(|(name, _)| {
            config
                .send
                .iter()
                .any(|sent| name.eq_ignore_ascii_case(sent))
        });
        outgoing = sent.fold(outgoing, |outgoing, (name, value)| {
            outgoing.header(name, value)
        });
    }
    match config.timeout {
        Some(time) => outgoing.timeout(time).send(),
        None => outgoing.send(),
    }
}

fn original_path() -> String {
    match request::query() {
        Some(query) => format!("{}?{query}", request::path()),
        None => request::path(),
    }
}
