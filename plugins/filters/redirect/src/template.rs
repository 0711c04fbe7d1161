//! An address with places for parts of the request.

use tidegate_sdk::config::Target;
use tidegate_sdk::prelude::*;

#[derive(Debug, PartialEq)]
enum Part {
    Text(String),
    Path,
    Query,
    Host,
}

/// Where to, in parts.
#[derive(Debug)]
pub struct Template(Vec<Part>);

impl Template {
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut schemes = ["http://", "https://"].iter();
        match schemes.find_map(|scheme| text.strip_prefix(scheme)) {
            Some(rest) => check_host(rest)?,
            None if text.starts_with('/') || text.starts_with("{path}") => (),
            None => {
                return Err(format!(
                    "`{text}` does not begin with https://, http:// or a slash"
                ));
            }
        }
        if text.contains("?{query}") || text.contains("&{query}") {
            return Err("{query} brings its question mark along: write {path}{query}".to_owned());
        }
        parts(text).map(Template)
    }

    /// The address for the current request; none when it has no host and one is needed.
    pub fn fill(&self) -> Option<String> {
        let mut location = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => location.push_str(text),
                Part::Path => {
                    let path = request::path();
                    // `OPTIONS *` has none: the asterisk must not become a part of the host.
                    if !path.starts_with('/') {
                        location.push('/');
                    }
                    location.push_str(&path);
                }
                Part::Query => {
                    if let Some(query) = request::query() {
                        location.push('?');
                        location.push_str(&query);
                    }
                }
                Part::Host => location.push_str(&host()?),
            }
        }
        Some(on_this_host(location))
    }
}

/// What follows the scheme begins with a host.
fn check_host(rest: &str) -> Result<(), String> {
    let other = ["/", "?", "#", "{path}", "{query}"];
    if rest.is_empty() || other.iter().any(|other| rest.starts_with(other)) {
        return Err(
            "a host is missing after ://; {host} is the one that the client asked for".to_owned(),
        );
    }
    Ok(())
}

fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (literal, after) = rest.split_at(rest.find('{').unwrap_or(rest.len()));
        if let Some(bad) = literal.chars().find(|&c| c == '}' || !may_have(c)) {
            return Err(format!(
                "`{}` cannot stand in an address: percent-encode it",
                bad.escape_debug()
            ));
        }
        if !literal.is_empty() {
            parts.push(Part::Text(literal.to_owned()));
        }
        let placeholders = [
            ("{path}", Part::Path),
            ("{query}", Part::Query),
            ("{host}", Part::Host),
        ];
        let found = placeholders
            .into_iter()
            .find_map(|(name, part)| Some((after.strip_prefix(name)?, part)));
        rest = match found {
            Some((after, part)) => {
                parts.push(part);
                after
            }
            None if after.is_empty() => after,
            None => {
                let name = after.split_inclusive('}').next().unwrap_or(after);
                return Err(format!(
                    "there is no `{name}`: write {{path}}, {{query}} or {{host}}"
                ));
            }
        };
    }
    Ok(parts)
}

/// A fragment may stand in an address.
fn may_have(c: char) -> bool {
    c == '#' || c.is_ascii() && Target::may_have(c as u8)
}

/// The host without the port, `[::1]` included.
fn host() -> Option<String> {
    let authority = request::authority();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => &authority,
    };
    (!host.is_empty()).then(|| host.to_owned())
}

/// Two slashes at the beginning, or what browsers take for two, would be another host.
fn on_this_host(location: String) -> String {
    if !location.starts_with('/') {
        return location;
    }
    let rest = location.trim_start_matches(['/', '\\']);
    format!("/{rest}")
}
