//! The request of the exchange that the current call is about, as it stands after the host's
//! normalisation and the filters that ran before. In `configure` and `update` there is none: every
//! function answers empty, zero or none.
//!
//! A function that takes or gives text costs about 75 ns for each text; the others about 25 ns.

use crate::imports::request as host;

/// The method, as the client wrote it.
///
/// ```
/// # use tidegate_sdk::{request, testing::{Host, Request}};
/// # let host = Host::new();
/// host.request(Request::new("PUT", "/"));
/// assert_eq!(request::method(), "PUT");
/// ```
pub fn method() -> String {
    host::method()
}

/// `http` or `https`, of the client's connection.
///
/// ```
/// # use tidegate_sdk::{request, testing::{Host, Request}};
/// # let host = Host::new();
/// host.request(Request::get("/").https());
/// assert_eq!(request::scheme(), "https");
/// ```
pub fn scheme() -> String {
    host::scheme()
}

/// Host and optional port, in lower case. Empty when the client sent none.
///
/// ```
/// # use tidegate_sdk::{request, testing::{Host, Request}};
/// # let host = Host::new();
/// host.request(Request::get("/").authority("shop.example:8080"));
/// assert_eq!(request::authority(), "shop.example:8080");
/// ```
pub fn authority() -> String {
    host::authority()
}

/// The path, without the query.
///
/// ```
/// # use tidegate_sdk::{request, testing::{Host, Request}};
/// # let host = Host::new();
/// host.request(Request::get("/cart?id=1"));
/// assert_eq!(request::path(), "/cart");
/// ```
pub fn path() -> String {
    host::path()
}

/// First value of a query parameter, percent-decoded.
///
/// ```
/// # use tidegate_sdk::{request, testing::{Host, Request}};
/// # let host = Host::new();
/// host.request(Request::get("/?name=ann%20b&name=c"));
/// assert_eq!(request::query_parameter("name").as_deref(), Some("ann b"));
/// assert_eq!(request::query_parameter("id"), None);
/// ```
pub fn query_parameter(name: &str) -> Option<String> {
    host::query_parameter(name)
}

/// The query without its question mark.
///
/// ```
/// # use tidegate_sdk::{request, testing::{Host, Request}};
/// # let host = Host::new();
/// host.request(Request::get("/cart?id=1"));
/// assert_eq!(request::query().as_deref(), Some("id=1"));
/// ```
pub fn query() -> Option<String> {
    host::query()
}

/// First value of a field; names are compared without regard to case. Values are bytes: nothing
/// promises that they are UTF-8.
///
/// ```
/// # use tidegate_sdk::{request, testing::{Host, Request}};
/// # let host = Host::new();
/// host.request(Request::get("/").header("X-User", "ann"));
/// assert_eq!(request::header("x-user").as_deref(), Some(&b"ann"[..]));
/// ```
pub fn header(name: &str) -> Option<Vec<u8>> {
    host::header(name)
}

/// Every field, the values of one name in the order of the wire. Costs about 100 ns for each
/// field: prefer [`header`].
///
/// ```
/// # use tidegate_sdk::{request, testing::{Host, Request}};
/// # let host = Host::new();
/// host.request(Request::get("/").header("accept", "a").header("accept", "b"));
/// let all = request::headers();
/// assert_eq!(all[1], ("accept".to_owned(), b"b".to_vec()));
/// ```
pub fn headers() -> Vec<(String, Vec<u8>)> {
    host::headers()
}

/// First cookie of that name, without quotes. None when it is not UTF-8.
///
/// ```
/// # use tidegate_sdk::{request, testing::{Host, Request}};
/// # let host = Host::new();
/// host.request(Request::get("/").cookie("session", "s1"));
/// assert_eq!(request::cookie("session").as_deref(), Some("s1"));
/// ```
pub fn cookie(name: &str) -> Option<String> {
    host::cookie(name)
}

/// Address of the client as text, without the port.
///
/// ```
/// # use tidegate_sdk::{request, testing::{Host, Request}};
/// # let host = Host::new();
/// host.request(Request::get("/").client("2001:db8::1"));
/// assert_eq!(request::client_address(), "2001:db8::1");
/// ```
pub fn client_address() -> String {
    host::client_address()
}

/// The same address as a stable 64-bit hash.
///
/// ```
/// # use tidegate_sdk::{request, testing::{Host, Request}};
/// # let host = Host::new();
/// host.request(Request::get("/").client("192.0.2.7"));
/// let before = request::client_hash();
/// host.request(Request::get("/other").client("192.0.2.7"));
/// assert_eq!(request::client_hash(), before);
/// ```
#[inline]
pub fn client_hash() -> u64 {
    host::client_hash()
}

/// A value that an earlier filter of this exchange left for later ones.
///
/// ```
/// # use tidegate_sdk::{request, testing::{Host, Request}};
/// # let host = Host::new();
/// host.request(Request::get("/").attribute("user", "ann"));
/// assert_eq!(request::attribute("user").as_deref(), Some("ann"));
/// ```
pub fn attribute(name: &str) -> Option<String> {
    host::attribute(name)
}

/// Name of the route that matched.
///
/// ```
/// # use tidegate_sdk::{request, testing::{Host, Request}};
/// # let host = Host::new();
/// host.request(Request::get("/").route("shop"));
/// assert_eq!(request::route(), "shop");
/// ```
pub fn route() -> String {
    host::route()
}

/// 0 on the first attempt, then 1, 2, … on retries.
///
/// ```
/// # use tidegate_sdk::{request, testing::{Host, Request}};
/// # let host = Host::new();
/// host.request(Request::get("/").attempt(1));
/// assert!(request::attempt() > 0, "this is a retry");
/// ```
pub fn attempt() -> u32 {
    host::attempt()
}
