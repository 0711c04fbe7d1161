//! The request that a plugin is to see.

use super::fields;
use crate::RequestEdits;
use crate::algorithms::hash;

/// A request, built field by field: `Request::get("/a?b=c").header("x-user", "7")`.
///
/// ```
/// use tidegate_sdk::request;
/// use tidegate_sdk::testing::{Host, Request};
///
/// let host = Host::new();
/// host.request(
///     Request::new("POST", "/cart?id=1")
///         .https()
///         .authority("shop.example")
///         .client("192.0.2.7")
///         .header("x-user", "ann")
///         .cookie("session", "s1")
///         .route("shop")
///         .attribute("user", "ann")
///         .attempt(1),
/// );
/// assert_eq!((request::method(), request::scheme()), ("POST".into(), "https".into()));
/// assert_eq!(request::cookie("session").as_deref(), Some("s1"));
///
/// host.request(Request::get("/"));
/// assert_eq!(request::cookie("session"), None, "a new exchange");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub(super) method: String,
    pub(super) scheme: String,
    pub(super) authority: String,
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) client: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) route: String,
    pub(super) attempt: u32,
}

impl Request {
    /// A first attempt at `GET`, by http, from 192.0.2.1, on a route named `test`.
    pub fn get(path_and_query: &str) -> Self {
        Request::new("GET", path_and_query)
    }

    /// The same with another method.
    pub fn new(method: &str, path_and_query: &str) -> Self {
        let (path, query) = parts(path_and_query);
        Request {
            method: method.to_owned(),
            scheme: "http".to_owned(),
            authority: "test.example".to_owned(),
            path,
            query,
            headers: Vec::new(),
            client: "192.0.2.1".to_owned(),
            attributes: Vec::new(),
            route: "test".to_owned(),
            attempt: 0,
        }
    }

    /// Adds a field.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers
            .push((name.to_ascii_lowercase(), value.as_ref().to_vec()));
        self
    }

    /// Adds a `cookie` field with this cookie.
    pub fn cookie(self, name: &str, value: &str) -> Self {
        self.header("cookie", format!("{name}={value}"))
    }

    /// The client's address.
    pub fn client(mut self, address: &str) -> Self {
        address.clone_into(&mut self.client);
        self
    }

    /// Over TLS.
    pub fn https(mut self) -> Self {
        "https".clone_into(&mut self.scheme);
        self
    }

    /// Host and port that the client asked for.
    pub fn authority(mut self, authority: &str) -> Self {
        authority.clone_into(&mut self.authority);
        self
    }

    /// The route that matched.
    pub fn route(mut self, name: &str) -> Self {
        name.clone_into(&mut self.route);
        self
    }

    /// What an earlier filter left.
    pub fn attribute(mut self, name: &str, value: &str) -> Self {
        self.attributes.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The number of the attempt, from 0.
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// Edits that were found right.
    pub(super) fn apply(&mut self, edits: &RequestEdits) {
        fields::apply(&mut self.headers, &edits.headers);
        if let Some(target) = &edits.path_and_query {
            (self.path, self.query) = parts(target);
        }
        for (name, value) in &edits.attributes {
            self.attributes.retain(|(key, _)| key != name);
            self.attributes.push((name.clone(), value.clone()));
        }
    }

    pub(super) fn field(&self, name: &str) -> Option<&[u8]> {
        fields::first(&self.headers, name)
    }

    pub(super) fn cookie_value(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .filter(|(key, _)| key == "cookie")
            .filter_map(|(_, value)| std::str::from_utf8(value).ok())
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.trim_matches('"'))
    }

    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let pairs = self.query.as_deref()?.split('&');
        let mut pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs
            .find(|(key, _)| percent_decoded(key) == name)
            .map(|(_, value)| percent_decoded(value))
    }

    pub(super) fn client_hash(&self) -> u64 {
        hash(self.client.as_bytes())
    }
}

/// Path and query.
fn parts(path_and_query: &str) -> (String, Option<String>) {
    match path_and_query.split_once('?') {
        Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
        None => (path_and_query.to_owned(), None),
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match rest {
            [b'%', high, low, ..] => hex_digit(*high).zip(hex_digit(*low)),
            _ => None,
        };
        match escaped {
            Some((high, low)) => {
                bytes.push(high * 16 + low);
                rest = &rest[3..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_as_the_host_reads_it() {
        let request = Request::get("/a?q=%41b&q=2&flag")
            .header("X-User", "7")
            .header("x-user", "8")
            .cookie("one", "1")
            .header("cookie", "two=\"2\"; three=3");
        assert_eq!(
            (request.path.as_str(), request.query.as_deref()),
            ("/a", Some("q=%41b&q=2&flag"))
        );
        assert_eq!(request.field("x-USER"), Some(&b"7"[..]));
        assert_eq!(request.cookie_value("two"), Some("2"));
        assert_eq!(request.cookie_value("three"), Some("3"));
        assert_eq!(request.cookie_value("four"), None);
        assert_eq!(request.parameter("q").as_deref(), Some("Ab"));
        assert_eq!(request.parameter("flag").as_deref(), Some(""));
        assert_eq!(request.parameter("none"), None);
    }
}
