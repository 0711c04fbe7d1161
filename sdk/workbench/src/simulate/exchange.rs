//! A simulated request as the sandbox shows it to a plugin. One is kept for each instance and
//! filled anew for each call.

use http::request::Parts;
use http::{HeaderValue, Method, header};
use std::net::{IpAddr, Ipv4Addr};
use tidegate_runtime::Exchange;
use tidegate_simulator::Asked;

/// The field that holds a request's key.
const KEY: &str = "x-key";

/// One request.
pub(super) struct Shown {
    head: Parts,
    client: IpAddr,
    attempt: u32,
    excluded: Vec<u32>,
}

impl Shown {
    /// A blank one.
    pub(super) fn new() -> Box<Self> {
        let mut head = http::Request::new(()).into_parts().0;
        let host = HeaderValue::from_static("simulated.example");
        head.headers.insert(header::HOST, host);
        Box::new(Self {
            head,
            client: Ipv4Addr::UNSPECIFIED.into(),
            attempt: 0,
            excluded: Vec::new(),
        })
    }

    /// That request. What is no path or no value of a field, which a record may hold, is left
    /// out: the proxy would have answered 400.
    pub(super) fn fill(&mut self, asked: &Asked<'_>) {
        self.head.method = match asked.idempotent {
            true => Method::GET,
            false => Method::POST,
        };
        self.head.uri = asked.path.parse().unwrap_or_default();
        let fields = &mut self.head.headers;
        match HeaderValue::from_str(asked.key) {
            Ok(key) => drop(fields.insert(KEY, key)),
            Err(_) => drop(fields.remove(KEY)),
        }
        let mut cookies = format!("session={}", asked.client);
        for (name, value) in asked.cookies {
            cookies += &format!("; {name}={value}");
        }
        match HeaderValue::try_from(cookies) {
            Ok(cookies) => drop(fields.insert(header::COOKIE, cookies)),
            Err(_) => drop(fields.remove(header::COOKIE)),
        }
        self.client = asked.address.into();
        self.attempt = asked.attempt;
        self.excluded.clear();
        self.excluded.extend_from_slice(asked.excluded);
    }
}

impl Exchange for Shown {
    fn head(&self) -> &Parts {
        &self.head
    }

    fn scheme(&self) -> &str {
        "http"
    }

    fn authority(&self) -> &str {
        "simulated.example"
    }

    fn client(&self) -> IpAddr {
        self.client
    }

    fn attribute(&self, _: &str) -> Option<&str> {
        None
    }

    fn route(&self) -> &str {
        "simulated"
    }

    fn attempt(&self) -> u32 {
        self.attempt
    }

    fn excluded(&self) -> &[u32] {
        &self.excluded
    }
}
