//! The head of the response, as it stands after the filters that ran before. Answers only in
//! `on_response` and `on_response_body`: elsewhere every function answers empty, zero or none.
//!
//! Costs as [`request`](crate::request).

use crate::imports::response as host;

/// The status.
pub fn status() -> u16 {
    host::status()
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

/// Address of the endpoint that answered; none when the host or a filter did.
pub fn endpoint() -> Option<String> {
    host::endpoint()
}
