//! What clients may do, and how what they send is read.

use tidegate_wire::path::{EncodedSlashes, Rules};

use super::route::networks;
use super::{number, optional, size, time};
use crate::config::problem::Report;
use crate::config::read::checked::{Checked, OffOr};
use crate::config::scalar::network::Network;
use crate::config::value::{Bounds, ClientAddressFrom, Http2Bounds, Reading};
use crate::config::written;

pub(super) fn parse(written: Option<Checked<written::Bounds>>, report: &Report) -> Bounds {
    let default = Bounds::default();
    let Some(written) = optional(written) else {
        return default;
    };
    let target_spot = written.target.as_ref().map(|target| target.spot.clone());
    let head = size(written.head).map_or(default.head, |head| head as usize);
    let target = size(written.target).map(|target| target as usize);
    if let (Some(target), Some(spot)) = (target, target_spot)
        && target >= head
    {
        report.refuse(
            &spot,
            format!("the target is a part of the head, which has {head} bytes at most"),
            "write a smaller `target`, or a larger `head`",
        );
    }
    Bounds {
        head,
        target: target.unwrap_or(default.target.min(head)),
        fields: number(written.fields).map_or(default.fields, |fields| fields as usize),
        body: body(written.body, default.body),
        head_timeout: time(written.head_timeout).unwrap_or(default.head_timeout),
        min_rate: body(written.min_rate, default.min_rate),
        requests_per_connection: number(written.requests_per_connection)
            .unwrap_or(default.requests_per_connection),
        http2: http2(optional(written.http2), default.http2),
    }
}

/// A size, or none for `off`.
pub(super) fn body<const MIN: u64, const MAX: u64>(
    written: Option<Checked<OffOr<crate::config::scalar::size::Size<MIN, MAX>>>>,
    default: Option<u64>,
) -> Option<u64> {
    match optional(written) {
        Some(OffOr::Off) => None,
        Some(OffOr::On(size)) => Some(size.0),
        None => default,
    }
}

fn http2(written: Option<written::Http2>, default: Http2Bounds) -> Http2Bounds {
    let Some(written) = written else {
        return default;
    };
    Http2Bounds {
        streams: number(written.streams).unwrap_or(default.streams),
        resets: number(written.resets).unwrap_or(default.resets),
        pings: number(written.pings).unwrap_or(default.pings),
        settings: number(written.settings).unwrap_or(default.settings),
    }
}

pub(super) fn reading(
    trusted: Option<Checked<Vec<Checked<Network>>>>,
    from: Option<Checked<written::ClientAddressFrom>>,
    paths: Option<Checked<written::Paths>>,
    report: &Report,
) -> Reading {
    let default = Rules::default();
    let paths = match optional(paths) {
        None => default,
        Some(written) => Rules {
            dot_segments: optional(written.dot_segments).unwrap_or(default.dot_segments),
            merge_slashes: optional(written.merge_slashes).unwrap_or(default.merge_slashes),
            unreserved: optional(written.unreserved).unwrap_or(default.unreserved),
            encoded_slashes: match optional(written.encoded_slashes) {
                Some(written::EncodedSlashes::Refuse) => EncodedSlashes::Refuse,
                Some(written::EncodedSlashes::Keep) | None => EncodedSlashes::Keep,
            },
        },
    };
    Reading {
        trusted: networks(trusted, report),
        client_address_from: match optional(from) {
            Some(written::ClientAddressFrom::Forwarded) => ClientAddressFrom::Forwarded,
            Some(written::ClientAddressFrom::XForwardedFor) | None => {
                ClientAddressFrom::XForwardedFor
            }
        },
        paths,
    }
}
