//! Lists and requests by chance, the unpleasant ones included.

use fastrand::Rng;

use crate::{Endpoint, Request, endpoint};

/// A list of that many, with weights from the smallest to the largest, zones, labels, and some
/// that drain; at least one does not.
pub(super) fn list(random: &mut Rng, count: u32) -> Vec<Endpoint> {
    let mut list: Vec<Endpoint> = (0..count)
        .map(|n| {
            let mut endpoint =
                endpoint(&format!("10.{}.{}.{}:80", n >> 16, (n >> 8) & 255, n & 255));
            endpoint.weight = match random.u8(..4) {
                0 => random.u32(1..=1_000_000),
                1 => 1_000_000,
                _ => random.u32(1..=10),
            };
            endpoint.zone = random.bool().then(|| format!("zone-{}", random.u8(..3)));
            if random.bool() {
                endpoint
                    .labels
                    .push(("version".to_owned(), random.u8(..3).to_string()));
            }
            endpoint.draining = random.u8(..5) == 0;
            endpoint
        })
        .collect();
    if let Some(endpoint) = list.first_mut() {
        endpoint.draining = false;
    }
    list
}

/// Any number of endpoints, small ones more often.
pub(super) fn length(random: &mut Rng) -> u32 {
    match random.u8(..4) {
        0 => 1,
        1 => random.u32(1..=4),
        2 => random.u32(1..=40),
        _ => random.u32(1..=300),
    }
}

/// Load of every endpoint: none, some, or absurdly much.
pub(super) fn load(random: &mut Rng, count: usize) -> Vec<u32> {
    let kind = random.u8(..4);
    (0..count)
        .map(|_| match kind {
            0 => 0,
            1 => u32::MAX,
            _ => random.u32(..1_000),
        })
        .collect()
}

/// Any request, the hostile ones included.
pub(super) fn request(random: &mut Rng) -> Request {
    let paths = ["/", "/a/b?c=d&c=e", "/?", "/%00%ff/..%2f", "/a?%zz=%", "*"];
    let long = format!("/{}", "x".repeat(random.usize(..4_000)));
    let path = random.choice(paths).unwrap_or("/");
    let path = if random.u8(..8) == 0 { &long } else { path };
    let method = random
        .choice(["GET", "POST", "OPTIONS", "PURGE"])
        .unwrap_or("GET");
    let mut request = Request::new(method, path);
    for _ in 0..random.usize(..4) {
        let name = random.choice([
            "x-user",
            "cookie",
            "authorization",
            "user-agent",
            "accept",
            "host",
        ]);
        let bytes: Vec<u8> = (0..random.usize(..200))
            .map(|_| random.u8(0x21..=0xff))
            .collect();
        // 0x7f is no byte of a field's value (RFC 9110, section 5.5).
        let bytes: Vec<u8> = bytes.into_iter().filter(|byte| *byte != 0x7f).collect();
        request = request.header(name.unwrap_or("x-user"), bytes);
    }
    if random.u8(..8) == 0 {
        request = request.header("x-user", "y".repeat(16_000));
    }
    let client = match random.u8(..3) {
        0 => format!("2001:db8::{:x}", random.u16(..)),
        _ => format!("192.0.{}.{}", random.u8(..), random.u8(..)),
    };
    request.client(&client)
}
