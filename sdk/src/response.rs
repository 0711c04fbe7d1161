//! The head of the response, as it stands after the filters that ran before. Answers only in
//! `on_response` and `on_response_body`: elsewhere every function answers empty, zero or none.
//!
//! Costs as [`request`](crate::request).

use crate::imports::response as host;

/// The status.
///
/// ```
/// # use tidegate_sdk::{response, testing::{Host, Response}};
/// # let host = Host::new();
/// host.response(Response::new(503));
/// assert_eq!(response::status(), 503);
/// ```
pub fn status() -> u16 {
    host::status()
}

/// First value of a field; names are compared without regard to case. Values are bytes: nothing
/// promises that they are UTF-8.
///
/// ```
/// # use tidegate_sdk::{response, testing::{Host, Response}};
/// # let host = Host::new();
/// host.response(Response::new(200).header("ETag", "\"1\""));
/// assert_eq!(response::header("etag").as_deref(), Some(&b"\"1\""[..]));
/// ```
pub fn header(name: &str) -> Option<Vec<u8>> {
    host::header(name)
}

/// Every field, the values of one name in the order of the wire. Costs about 100 ns for each
/// field: prefer [`header`].
///
/// ```
/// # use tidegate_sdk::{response, testing::{Host, Response}};
/// # let host = Host::new();
/// host.response(Response::new(200).header("vary", "origin"));
/// assert_eq!(response::headers(), [("vary".to_owned(), b"origin".to_vec())]);
/// ```
pub fn headers() -> Vec<(String, Vec<u8>)> {
    host::headers()
}

/// Address of the endpoint that answered; none when the host or a filter did.
///
/// ```
/// # use tidegate_sdk::{response, testing::{Host, Response}};
/// # let host = Host::new();
/// host.response(Response::new(200).endpoint("10.0.0.1:80"));
/// assert_eq!(response::endpoint().as_deref(), Some("10.0.0.1:80"));
/// ```
pub fn endpoint() -> Option<String> {
    host::endpoint()
}
