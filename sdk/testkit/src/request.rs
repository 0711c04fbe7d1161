//! The request that a plugin is to see, in the proxy's own types.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts, response};
use tidegate_runtime::{Callouts, Exchange};
use tidegate_sdk::{HeaderEdit, RequestEdits, ResponseEdits};

/// A request, built field by field: `Request::get("/a?b=c").header("x-user", "7")`.
#[derive(Clone)]
pub struct Request {
    head: Parts,
    scheme: &'static str,
    authority: String,
    client: IpAddr,
    attributes: Vec<(String, String)>,
    route: String,
    attempt: u32,
    excluded: Vec<u32>,
    response: Option<response::Parts>,
    endpoint: Option<String>,
    callouts: Option<Arc<dyn Callouts>>,
}

impl Request {
    /// A first attempt at `GET`, by http, from 192.0.2.1, on a route named `test`.
    ///
    /// # Panics
    /// When that is no path and query.
    pub fn get(path_and_query: &str) -> Self {
        Request::new("GET", path_and_query)
    }

    /// The same with another method.
    ///
    /// # Panics
    /// When that is no method, or no path and query.
    pub fn new(method: &str, path_and_query: &str) -> Self {
        sound(Request::try_new(method, path_and_query))
    }

    /// The same for a method and a target that come from outside of the test.
    ///
    /// # Errors
    /// When that is no method, or no path and query.
    pub fn try_new(method: &str, path_and_query: &str) -> Result<Self, String> {
        let request = http::Request::builder()
            .method(method)
            .uri(path_and_query)
            .body(());
        let request = request.map_err(|error| format!("{method} {path_and_query}: {error}"))?;
        Ok(Request {
            head: request.into_parts().0,
            scheme: "http",
            authority: "test.example".to_owned(),
            client: IpAddr::from([192, 0, 2, 1]),
            attributes: Vec::new(),
            route: "test".to_owned(),
            attempt: 0,
            excluded: Vec::new(),
            response: None,
            endpoint: None,
            callouts: None,
        })
    }

    /// Adds a field.
    ///
    /// # Panics
    /// When the name or the value is none that HTTP has: the proxy would have answered 400.
    pub fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        sound(self.try_header(name, value))
    }

    /// The same for a field that comes from outside of the test.
    ///
    /// # Errors
    /// When the name or the value is none that HTTP has.
    pub fn try_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Result<Self, String> {
        let refuse = |error: &dyn fmt::Display| format!("{name}: {error}");
        let field = HeaderName::try_from(name).map_err(|error| refuse(&error))?;
        let value = HeaderValue::from_bytes(value.as_ref()).map_err(|error| refuse(&error))?;
        self.head.headers.append(field, value);
        Ok(self)
    }

    /// Adds a `cookie` field with this cookie.
    ///
    /// # Panics
    /// As [`header`](Self::header).
    pub fn cookie(self, name: &str, value: &str) -> Self {
        self.header(header::COOKIE.as_str(), format!("{name}={value}"))
    }

    /// The client's address.
    ///
    /// # Panics
    /// When that is no IP address.
    pub fn client(self, address: &str) -> Self {
        sound(self.try_client(address))
    }

    /// The same for an address that comes from outside of the test.
    ///
    /// # Errors
    /// When that is no IP address.
    pub fn try_client(mut self, address: &str) -> Result<Self, String> {
        let client = address.parse();
        self.client = client.map_err(|error| format!("{address}: {error}"))?;
        Ok(self)
    }

    /// Over TLS.
    pub fn https(mut self) -> Self {
        self.scheme = "https";
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

    /// Positions that this exchange must not use; replaces the ones before.
    pub fn excluding(mut self, positions: impl IntoIterator<Item = u32>) -> Self {
        self.excluded = positions.into_iter().collect();
        self.excluded.sort_unstable();
        self.excluded.dedup();
        self
    }
}

/// What filters see of the response, and what they change.
impl Request {
    /// The head of the response to it, from the endpoint 10.0.0.1:80.
    ///
    /// # Panics
    /// When that is no status, or a field is none that HTTP has.
    pub fn answered(self, status: u16, fields: &[(String, Vec<u8>)]) -> Self {
        sound(self.try_answered(status, fields))
    }

    /// The same for a head that comes from outside of the test.
    ///
    /// # Errors
    /// When that is no status, or a field is none that HTTP has.
    pub fn try_answered(
        mut self,
        status: u16,
        fields: &[(String, Vec<u8>)],
    ) -> Result<Self, String> {
        let mut response = http::Response::builder().status(status);
        for (name, value) in fields {
            response = response.header(name, value.as_slice());
        }
        let response = response.body(()).map_err(|error| error.to_string())?;
        self.response = Some(response.into_parts().0);
        self.endpoint = Some("10.0.0.1:80".to_owned());
        Ok(self)
    }

    /// The endpoint that answered; none when the host or a filter did.
    pub fn from_endpoint(mut self, address: Option<&str>) -> Self {
        self.endpoint = address.map(str::to_owned);
        self
    }

    /// First value of a field of the response, as filters left it.
    pub fn response_field(&self, name: &str) -> Option<&[u8]> {
        let value = self.response.as_ref()?.headers.get(name)?;
        Some(value.as_bytes())
    }

    pub(crate) fn calling(mut self, callouts: Arc<dyn Callouts>) -> Self {
        self.callouts = Some(callouts);
        self
    }

    /// Edits that the sandbox has checked.
    pub(crate) fn apply(&mut self, edits: &RequestEdits) {
        edit(&mut self.head.headers, &edits.headers);
        if let Some(target) = &edits.path_and_query {
            self.head.uri = target.parse().expect("a target was checked");
        }
        for (name, value) in &edits.attributes {
            self.attributes.retain(|(known, _)| known != name);
            self.attributes.push((name.clone(), value.clone()));
        }
    }

    /// The same for those of a response.
    pub(crate) fn respond(&mut self, edits: &ResponseEdits) {
        let Some(response) = &mut self.response else {
            return;
        };
        if let Some(status) = edits.status {
            response.status = status.try_into().expect("a status was checked");
        }
        edit(&mut response.headers, &edits.headers);
    }
}

/// What the author of the test has written.
fn sound<T>(built: Result<T, String>) -> T {
    built.unwrap_or_else(|problem| panic!("{problem}"))
}

fn edit(fields: &mut HeaderMap, edits: &[HeaderEdit]) {
    let name = |name: &str| HeaderName::try_from(name).expect("a name was checked");
    let value = |value: &[u8]| HeaderValue::from_bytes(value).expect("a value was checked");
    for edit in edits {
        match edit {
            HeaderEdit::Set((field, text)) => {
                fields.insert(name(field), value(text));
            }
            HeaderEdit::Append((field, text)) => {
                fields.append(name(field), value(text));
            }
            HeaderEdit::Remove(field) => {
                fields.remove(name(field));
            }
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Request").field(&self.head).finish()
    }
}

impl Exchange for Request {
    fn head(&self) -> &Parts {
        &self.head
    }

    fn scheme(&self) -> &str {
        self.scheme
    }

    fn authority(&self) -> &str {
        &self.authority
    }

    fn client(&self) -> IpAddr {
        self.client
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        attributes
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    fn route(&self) -> &str {
        &self.route
    }

    fn attempt(&self) -> u32 {
        self.attempt
    }

    fn excluded(&self) -> &[u32] {
        &self.excluded
    }

    fn response(&self) -> Option<&response::Parts> {
        self.response.as_ref()
    }

    fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    fn callouts(&self) -> Option<Arc<dyn Callouts>> {
        self.callouts.clone()
    }
}
