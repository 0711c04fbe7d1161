//! What of a request tells one client, user or thing from another.

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::FieldName;
use crate::request;

/// A part of the request, written `client_address`, `path`, `{ header: NAME }`, `{ cookie: NAME }`,
/// `{ query: NAME }` or `{ attribute: NAME }`.
///
/// ```
/// use tidegate_sdk::config::{Config, Key};
/// # use tidegate_sdk::testing::{Host, Request};
/// # let host = Host::new();
///
/// let key = Key::parse(r#"{"header": "x-user"}"#).unwrap();
/// host.request(Request::get("/").header("x-user", "ann"));
/// assert_eq!(key.read().as_deref(), Some("ann"));
/// host.request(Request::get("/"));
/// assert_eq!(key.read(), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// The client's address.
    ClientAddress,
    /// The path, without the query.
    Path,
    /// First value of a header field.
    Header(FieldName),
    /// A cookie.
    #[serde(deserialize_with = "named")]
    Cookie(String),
    /// First value of a query parameter, percent-decoded.
    #[serde(deserialize_with = "named")]
    Query(String),
    /// What an earlier filter has left, such as the user that it knows.
    #[serde(deserialize_with = "named")]
    Attribute(String),
}

impl Key {
    /// The request's key; none when it has none, or an empty one. Bytes that are not UTF-8 are
    /// replaced.
    pub fn read(&self) -> Option<String> {
        let key = match self {
            Key::ClientAddress => Some(request::client_address()),
            Key::Path => Some(request::path()),
            Key::Header(name) => {
                request::header(name).map(|value| String::from_utf8_lossy(&value).into_owned())
            }
            Key::Cookie(name) => request::cookie(name),
            Key::Query(name) => request::query_parameter(name),
            Key::Attribute(name) => request::attribute(name),
        };
        key.filter(|key| !key.is_empty())
    }
}

fn named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    match name.is_empty() {
        true => Err(D::Error::custom("a name is missing")),
        false => Ok(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::testing::{Host, Request};

    #[test]
    fn each_kind_of_key_is_read_where_it_is() {
        let host = Host::new();
        host.request(
            Request::get("/p?q=%41")
                .client("192.0.2.7")
                .header("X-User", b"\xff7")
                .header("x-empty", "")
                .cookie("id", "c")
                .attribute("user", "a"),
        );
        for (written, read) in [
            (r#""client_address""#, Some("192.0.2.7")),
            (r#""path""#, Some("/p")),
            (r#"{"header": "X-User"}"#, Some("\u{fffd}7")),
            (r#"{"header": "x-empty"}"#, None),
            (r#"{"cookie": "id"}"#, Some("c")),
            (r#"{"query": "q"}"#, Some("A")),
            (r#"{"attribute": "user"}"#, Some("a")),
            (r#"{"cookie": "none"}"#, None),
        ] {
            assert_eq!(
                Key::parse(written).unwrap().read().as_deref(),
                read,
                "{written}"
            );
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for written in [
            r#"{"header": ""}"#,
            r#"{"cookie": ""}"#,
            r#"{"query": ""}"#,
            r#"{"attribute": ""}"#,
            r#""ip""#,
            "1",
        ] {
            assert!(Key::parse(written).is_err(), "{written}");
        }
        assert!(
            Key::parse(r#"{"cookie": ""}"#)
                .unwrap_err()
                .contains("a name is missing")
        );
    }
}
