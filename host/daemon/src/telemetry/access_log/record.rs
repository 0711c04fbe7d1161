//! One exchange, as its line will tell it.

use std::time::{Duration, SystemTime};

/// What is known of an exchange at its end. Everything is borrowed: a line is
/// rendered before [`AccessLog::write`](super::AccessLog::write) returns.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// When the request head was read.
    pub time: SystemTime,
    /// Address of the client, without the port.
    pub client: &'a str,
    /// Method, as the client sent it.
    pub method: &'a str,
    /// Host (and port) that was asked for, as the client sent it; may be empty.
    pub host: &'a [u8],
    /// Path and query, as the client sent them.
    pub path: &'a [u8],
    /// Version of the protocol, `HTTP/1.1` or `HTTP/2`.
    pub protocol: &'a str,
    /// Status that was sent; none when the client left before there was one.
    pub status: Option<u16>,
    /// Bytes of the request's body.
    pub bytes_in: u64,
    /// Bytes of the response's body that were sent.
    pub bytes_out: u64,
    /// Time from the request head to the end of the exchange.
    pub duration: Duration,
    /// Name of the route; none when no route matched.
    pub route: Option<&'a str>,
    /// Name of the upstream, when one was chosen.
    pub upstream: Option<&'a str>,
    /// Address of the endpoint of the last attempt.
    pub endpoint: Option<&'a str>,
    /// Attempts made.
    pub attempts: u32,
    /// Time that the endpoint of the last attempt took to answer, if it did.
    pub upstream_time: Option<Duration>,
    /// What went wrong, in a word, when the host or the connection failed.
    pub fault: Option<&'a str>,
    /// `User-Agent` of the request.
    pub user_agent: Option<&'a [u8]>,
    /// Whether a plugin failed in this exchange (and the host decided instead).
    pub plugin_fault: bool,
    /// Name of the filter that answered in place of an endpoint.
    pub answered_by: Option<&'a str>,
    /// What filters left to be told.
    pub attributes: &'a [(String, String)],
}

#[cfg(test)]
impl Record<'_> {
    /// A request that went well, to be changed by tests.
    pub(super) fn sample() -> Self {
        Self {
            // 2026-02-28T23:59:59.007Z
            time: SystemTime::UNIX_EPOCH + Duration::from_millis(1_772_323_199_007),
            client: "192.0.2.1",
            method: "GET",
            host: b"example.com",
            path: b"/a?b=c",
            protocol: "HTTP/1.1",
            status: Some(200),
            bytes_in: 0,
            bytes_out: 1024,
            duration: Duration::from_micros(12_045),
            route: Some("api"),
            upstream: Some("web"),
            endpoint: Some("10.0.0.1:80"),
            attempts: 1,
            upstream_time: Some(Duration::from_micros(11_900)),
            fault: None,
            user_agent: Some(b"curl/8"),
            plugin_fault: false,
            answered_by: None,
            attributes: &[],
        }
    }
}
