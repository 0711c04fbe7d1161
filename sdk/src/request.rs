//! The request of the exchange that the current call is about, as it stands after the host's
//! normalisation and the filters that ran before. In `configure` and `update` there is none: every
//! function answers empty, zero or none.
//!
//! A function that takes or gives text costs about 75 ns for each text; the others about 25 ns.

use crate::imports::request as host;

/// The method, as the client wrote it.
pub fn method() -> String {
    host::method()
}

/// `http` or `https`, of the client's connection.
pub fn scheme() -> String {
    host::scheme()
}

/// Host and optional port, in lower case. Empty when the client sent none.
pub fn authority() -> String {
    host::authority()
}

/// The path, without the query.
pub fn path() -> String {
    host::path()
}

/// First value of a query parameter, percent-decoded.
pub fn query_parameter(name: &str) -> Option<String> {
    host::query_parameter(name)
}

/// The query without its question mark.
pub fn query() -> Option<String> {
    host::query()
}

/// First value of a field; names are compared without regard to case. Values are bytes: nothing
/// promises that they are UTF-8.
pub fn header(name: &str) -> Option<Vec<u8>> {
    host::header(name)
}

/// Every field, the values of one name in the order of the wire. Costs about 100 ns for each
/// field: prefer [`header`].
pub fn headers() -> Vec<(String, Vec<u8>)> {
    host::headers()
}

/// First cookie of that name, without quotes. None when it is not UTF-8.
pub fn cookie(name: &str) -> Option<String> {
    host::cookie(name)
}

/// Address of the client as text, without the port.
pub fn client_address() -> String {
    host::client_address()
}

/// The same address as a stable 64-bit hash.
#[inline]
pub fn client_hash() -> u64 {
    host::client_hash()
}

/// A value that an earlier filter of this exchange left for later ones.
pub fn attribute(name: &str) -> Option<String> {
    host::attribute(name)
}

/// Name of the route that matched.
pub fn route() -> String {
    host::route()
}

/// 0 on the first attempt, then 1, 2, … on retries.
pub fn attempt() -> u32 {
    host::attempt()
}
