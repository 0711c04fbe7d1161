//! The duties of a filter.

use fastrand::Rng;

use super::{Check, Conformance, draw, told, unknown_key};
use crate::{BodyMode, BodyVerdict, Component, Fault, FilterPlugin, Host, Verdict};

pub(super) const CHECKS: [(&str, Check); 4] = [
    ("any request, any response, no fault", any),
    ("bodies, however they are cut", bodies),
    ("ten thousand exchanges take no memory with them", memory),
    ("a key that is not known is refused", unknown),
];

fn any(kit: &Conformance, component: &Component) -> Result<(), String> {
    let (host, mut filter) = started(kit, component)?;
    let mut random = Rng::with_seed(kit.seed);
    for _ in 0..1_000 {
        exchange(&host, &mut filter, &mut random, &[])?;
    }
    Ok(())
}

fn bodies(kit: &Conformance, component: &Component) -> Result<(), String> {
    let (host, mut filter) = started(kit, component)?;
    let mut random = Rng::with_seed(kit.seed);
    for _ in 0..100 {
        let pieces = random.usize(1..8);
        let mut piece = || {
            let length = if random.bool() {
                0
            } else {
                random.usize(..20_000)
            };
            (0..length).map(|_| random.u8(..)).collect()
        };
        let pieces: Vec<Vec<u8>> = (0..pieces).map(|_| piece()).collect();
        exchange(&host, &mut filter, &mut random, &pieces)?;
    }
    Ok(())
}

fn memory(kit: &Conformance, component: &Component) -> Result<(), String> {
    let (host, mut filter) = started(kit, component)?;
    let mut random = Rng::with_seed(kit.seed);
    let mut first = 0;
    for round in 0..10_000 {
        exchange(&host, &mut filter, &mut random, &[])?;
        if round == 1_000 {
            first = filter.memory();
        }
    }
    let last = filter.memory();
    if last > first + (2 << 20) {
        let mib = |bytes| bytes >> 20;
        return Err(format!(
            "{} MiB after 1,000 exchanges, {} MiB after 10,000",
            mib(first),
            mib(last)
        ));
    }
    Ok(())
}

fn unknown(kit: &Conformance, component: &Component) -> Result<(), String> {
    let Some(config) = unknown_key(&kit.config) else {
        return Ok(());
    };
    match kit.host().filter(component, &config) {
        Ok(_) => Err(format!("it took {config}")),
        Err(_) => Ok(()),
    }
}

fn started(kit: &Conformance, component: &Component) -> Result<(Host, FilterPlugin), String> {
    let host = kit.host();
    let filter = host.filter(component, &kit.config);
    filter
        .map(|filter| (host, filter))
        .map_err(|error| error.to_string())
}

/// One exchange by chance, as the proxy takes a filter through it. Upstreams that the filter
/// calls deny: an operator may have granted none.
fn exchange(
    host: &Host,
    filter: &mut FilterPlugin,
    random: &mut Rng,
    pieces: &[Vec<u8>],
) -> Result<(), String> {
    let request = draw::request(random);
    let context = format!("{request:?}");
    host.request(request);
    filter.next();
    let fault = |fault: Fault| format!("{}; {context}", told(&fault));
    let interest = filter.interest();
    if interest.request && matches!(filter.on_request().map_err(fault)?, Verdict::Answer(_)) {
        return Ok(());
    }
    if through(interest.request_body, pieces, |chunk, last| {
        filter.on_request_body(chunk, last).map_err(fault)
    })? {
        return Ok(());
    }
    let status = random
        .choice([200, 204, 302, 304, 404, 500, 503, 599])
        .unwrap_or(200);
    let fields = [("content-type".to_owned(), b"text/html".to_vec())];
    host.request(host.exchange().answered(status, &fields));
    if interest.response {
        filter.on_response().map_err(fault)?;
    }
    through(interest.response_body, pieces, |chunk, last| {
        filter.on_response_body(chunk, last).map_err(fault)
    })
    .map(drop)
}

/// Whether the filter has answered in its place.
fn through(
    mode: BodyMode,
    pieces: &[Vec<u8>],
    mut call: impl FnMut(&[u8], bool) -> Result<BodyVerdict, String>,
) -> Result<bool, String> {
    let whole = pieces.concat();
    let pieces: &[Vec<u8>] = match mode {
        _ if pieces.is_empty() => &[],
        BodyMode::Skip => &[],
        BodyMode::Streamed => pieces,
        BodyMode::Buffered => std::slice::from_ref(&whole),
    };
    for (position, piece) in pieces.iter().enumerate() {
        if let BodyVerdict::Abort(_) = call(piece, position + 1 == pieces.len())? {
            return Ok(true);
        }
    }
    Ok(false)
}
