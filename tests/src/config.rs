//! Texts of configurations: the usual one, and samples with their addresses replaced.

use std::fmt::Write;
use std::net::SocketAddr;

use test_backend::Endpoint;

/// Listener, admin listener and access log as most tests want them; to be followed by
/// `upstreams:` and `routes:`.
pub const FRONT: &str = "\
listeners: [{ address: \"127.0.0.1:0\" }]
admin: { address: \"127.0.0.1:0\" }
access_log: { format: json, path: \"-\" }
watch: off
";

/// One upstream `web` behind one listener. `selector` is the value of that key: a name, or
/// `{ plugin: …, config: … }`.
pub fn web(selector: &str, endpoints: &[&Endpoint]) -> String {
    let endpoints: Vec<_> = endpoints.iter().map(|e| e.address().to_string()).collect();
    web_of(selector, &endpoints)
}

/// The same with the endpoints as they are to stand in the file: addresses, or
/// `{ address: …, weight: … }`.
pub fn web_of(selector: &str, endpoints: &[impl AsRef<str>]) -> String {
    format!(
        "{FRONT}{}routes: [{{ upstream: web }}]\n",
        upstreams(&[("web", selector, endpoints)])
    )
}

/// The section `upstreams:`.
pub fn upstreams(all: &[(&str, &str, &[impl AsRef<str>])]) -> String {
    let mut text = String::from("upstreams:\n");
    for (name, selector, endpoints) in all {
        let endpoints: Vec<_> = endpoints.iter().map(|e| quote(e.as_ref())).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {name}:\n    endpoints: [{}]", endpoints.join(", "));
        let _ = writeln!(text, "    selector: {selector}");
    }
    text
}

/// An endpoint with further keys, as it stands in the file.
pub fn endpoint(endpoint: &Endpoint, keys: &str) -> String {
    format!("{{ address: \"{}\", {keys} }}", endpoint.address())
}

/// The configuration with one upstream key more (`timeouts: {…}`) for `web`.
#[must_use]
pub fn with_upstream_key(config: &str, key: &str) -> String {
    config.replacen("    selector:", &format!("    {key}\n    selector:"), 1)
}

/// The configuration with the plugin `name` of that file and further keys.
#[must_use]
pub fn with_plugin(config: &str, name: &str, file: &str, keys: &str) -> String {
    let keys = if keys.is_empty() {
        String::new()
    } else {
        format!(", {keys}")
    };
    format!("{config}plugins:\n  {name}: {{ source: {file}{keys} }}\n")
}

/// One upstream `web` behind one listener, and one route through the filter `mine`, which
/// is the plugin in the file `mine.wasm` with further keys.
#[must_use]
pub fn through_mine(endpoints: &[&Endpoint], keys: &str) -> String {
    let text = web("round-robin", endpoints);
    let route = "{ upstream: web }";
    let text = text.replace(route, "{ upstream: web, filters: [mine] }");
    with_plugin(&text, "mine", "mine.wasm", keys)
}

/// A sample made fit for a test: what listens takes a free port, and the endpoints, in the
/// order of their first mention, become those given (round and round).
///
/// What listens is whatever address follows `listeners:` or `admin:` up to the next
/// top-level key; every other `address:port` is an endpoint.
#[must_use]
pub fn adapt(sample: &str, endpoints: &[SocketAddr]) -> String {
    let mut known: Vec<String> = Vec::new();
    let mut listening = false;
    let mut listeners = 0;
    let mut text = String::new();
    for line in sample.lines() {
        if line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            listening = line.starts_with("listeners:") || line.starts_with("admin:");
        }
        let (code, comment) = line.split_at(line.find(" #").unwrap_or(line.len()));
        let code = if code.starts_with('#') {
            code.to_owned()
        } else {
            replace_addresses(code, |address| {
                if listening {
                    // The proxy knows its listeners by their configured address, so each
                    // needs one of its own; all of 127.0.0.0/8 is the loopback.
                    listeners += 1;
                    return format!("127.0.0.{listeners}:0");
                }
                let position = known
                    .iter()
                    .position(|seen| seen == address)
                    .unwrap_or_else(|| {
                        known.push(address.to_owned());
                        known.len() - 1
                    });
                endpoints[position % endpoints.len()].to_string()
            })
        };
        text += &format!("{code}{comment}\n");
    }
    text
}

/// Replaces each IPv4 address with port.
fn replace_addresses(text: &str, mut with: impl FnMut(&str) -> String) -> String {
    let part = |c: char| c.is_ascii_digit() || c == '.' || c == ':';
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let end = rest[start..]
            .find(|c| !part(c))
            .map_or(rest.len(), |n| start + n);
        let word = rest[start..end].trim_end_matches([':', '.']);
        let end = start + word.len();
        result += &rest[..start];
        if word.parse::<SocketAddr>().is_ok() {
            result += &with(word);
        } else {
            result += word;
        }
        rest = &rest[end..];
    }
    result + rest
}

fn quote(endpoint: &str) -> String {
    if endpoint.starts_with('{') {
        endpoint.to_owned()
    } else {
        format!("\"{endpoint}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_adapted() {
        let sample = "\
# try 127.0.0.1:8080
listeners: [{ address: 0.0.0.0:8080 }]  # or 127.0.0.1:80
admin:
  address: 127.0.0.1:9090
upstreams:
  web:
    endpoints: [127.0.0.1:8001, { address: \"127.0.0.1:8002\", weight: 5 }, 127.0.0.1:8001]
    timeouts: { connect: 250ms }
";
        let (a, b) = (
            SocketAddr::from(([127, 0, 0, 1], 40001)),
            SocketAddr::from(([127, 0, 0, 1], 40002)),
        );
        let adapted = "\
# try 127.0.0.1:8080
listeners: [{ address: 127.0.0.1:0 }]  # or 127.0.0.1:80
admin:
  address: 127.0.0.2:0
upstreams:
  web:
    endpoints: [127.0.0.1:40001, { address: \"127.0.0.1:40002\", weight: 5 }, 127.0.0.1:40001]
    timeouts: { connect: 250ms }
";
        assert_eq!(adapt(sample, &[a, b]), adapted);
    }
}
