//! Health checks: what a probe asks, and how often.

use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use http::Method;
use tidegate_policy::{HealthRule, StatusSet, Verdict};

use super::{number, optional, path, statuses, time};
use crate::config::problem::{Report, Spot};
use crate::config::read::checked::{Checked, Either};
use crate::config::scalar::probe::ProbeWord;
use crate::config::value::{Check, CheckTls, GrpcCheck, Health, HttpCheck};
use crate::config::written::{self, Initial};

pub(super) fn parse(
    written: Option<Checked<Either<ProbeWord, written::Health>>>,
    directory: &Path,
    report: &Report,
) -> Option<Health> {
    let Checked { value, spot } = written?;
    let (check, written) = match value? {
        Either::Short(ProbeWord::Tcp) => (Some(Check::Tcp), written::Health::default()),
        Either::Full(mut written) => (check(&mut written, &spot, directory, report), written),
    };
    let interval = time(written.interval).unwrap_or(Duration::from_secs(5));
    // What is not given follows the interval.
    let second = interval.min(Duration::from_secs(1));
    if let Some(Checked {
        value: Some(timeout),
        spot,
    }) = &written.timeout
        && timeout.0 > interval
    {
        report.refuse(
            spot,
            format!(
                "`timeout` ({:?}) is longer than `interval` ({interval:?})",
                timeout.0
            ),
            "make it shorter: a probe ends before the next one begins",
        );
    }
    let count =
        |written: Option<u32>, default| written.and_then(NonZeroU32::new).unwrap_or(default);
    Some(Health {
        check: check?,
        port: number(written.port).and_then(|port| u16::try_from(port).ok()),
        timeout: time(written.timeout).unwrap_or(second),
        rule: HealthRule {
            rise: count(number(written.rise), TWO),
            fall: count(number(written.fall), THREE),
            interval,
            down_interval: time(written.down_interval).unwrap_or(second),
            initial: match optional(written.initial) {
                Some(Initial::Down) => Verdict::Down,
                Some(Initial::Up) | None => Verdict::Up,
            },
        },
    })
}

const TWO: NonZeroU32 = NonZeroU32::new(2).expect("not zero");
const THREE: NonZeroU32 = NonZeroU32::new(3).expect("not zero");

/// The one thing that is asked.
fn check(
    written: &mut written::Health,
    spot: &Spot,
    directory: &Path,
    report: &Report,
) -> Option<Check> {
    let (tcp, http) = (written.tcp.take(), written.http.take());
    let (https, grpc) = (written.https.take(), written.grpc.take());
    let asked = [
        tcp.as_ref().map(|check| ("tcp", &check.spot)),
        http.as_ref().map(|check| ("http", &check.spot)),
        https.as_ref().map(|check| ("https", &check.spot)),
        grpc.as_ref().map(|check| ("grpc", &check.spot)),
    ];
    let mut asked: Vec<_> = asked.into_iter().flatten().collect();
    asked.sort_by_key(|(_, spot)| (spot.line, spot.column));
    match asked.as_slice() {
        [] => report.refuse(
            spot,
            "nothing is asked of the endpoints",
            "write one of `tcp`, `http`, `https` and `grpc`, such as `tcp: {}`",
        ),
        [(first, _), others @ ..] => {
            for (other, spot) in others {
                report.refuse(
                    spot,
                    format!("`{other}` is asked besides `{first}`"),
                    "a probe asks one thing: remove one of the two",
                );
            }
        }
    }
    // All are examined, whichever of them stays.
    let http = optional(http).map(|written| http_check(written, None, report));
    let https = optional(https).map(|written| https_check(written, directory, report));
    let grpc = optional(grpc).map(|written| grpc_check(written, directory, report));
    let tcp = optional(tcp).map(|written::TcpCheck {}| Check::Tcp);
    tcp.or(http).or(https).or(grpc)
}

fn https_check(written: written::HttpsCheck, directory: &Path, report: &Report) -> Check {
    let trust = written::CheckTls {
        server_name: written.server_name,
        ca: written.ca,
        verify: written.verify,
    };
    let request = written::HttpCheck {
        path: written.path,
        method: written.method,
        host: written.host,
        status: written.status,
        body: written.body,
    };
    http_check(request, Some(tls(trust, directory, report)), report)
}

fn http_check(written: written::HttpCheck, tls: Option<CheckTls>, report: &Report) -> Check {
    let method = match written.method {
        Some(Checked {
            value: Some(method),
            spot,
        }) => {
            if method.0 == Method::CONNECT {
                report.refuse(&spot, "CONNECT asks for no page", "write `GET` or `HEAD`");
            }
            method.0
        }
        _ => Method::GET,
    };
    if let Some(Checked {
        value: Some(body),
        spot,
    }) = &written.body
    {
        if body.is_empty() {
            report.refuse(spot, "nothing occurs in every body", "remove the key");
        } else if body.len() > READ {
            report.refuse(
                spot,
                format!("{} bytes cannot occur in the first {READ}", body.len()),
                "write a few letters that tell a good answer",
            );
        } else if method == Method::HEAD {
            report.refuse(
                spot,
                "an answer to HEAD has no body",
                "remove the key, or `method`",
            );
        }
    }
    let passing = match written.status {
        Some(Checked {
            value: Some(items),
            spot,
        }) => {
            if items.is_empty() {
                report.refuse(
                    &spot,
                    "with an empty list of statuses nothing passes",
                    "remove the key for [200-299]",
                );
            }
            statuses(&items)
        }
        _ => StatusSet::range(200, 299),
    };
    Check::Http(HttpCheck {
        method,
        path: optional(written.path).map_or_else(|| "/".to_owned(), |path| path.0),
        host: optional(written.host).map(|host| host.0),
        statuses: passing,
        body: optional(written.body),
        tls,
    })
}

/// Bytes of a body that are read.
const READ: usize = 64 << 10;

fn grpc_check(written: written::GrpcCheck, directory: &Path, report: &Report) -> Check {
    Check::Grpc(GrpcCheck {
        service: optional(written.service).unwrap_or_default(),
        authority: optional(written.authority).map(|host| host.0),
        tls: optional(written.tls).map(|written| tls(written, directory, report)),
    })
}

fn tls(written: written::CheckTls, directory: &Path, report: &Report) -> CheckTls {
    if let Some(Checked {
        value: Some(false),
        spot,
    }) = &written.verify
    {
        report.warn(
            spot,
            "no certificate is checked: whoever answers at the address passes the probe",
            "to check one that is not public, name who signed it with `ca`",
        );
    }
    let verify = optional(written.verify).unwrap_or(true);
    if let Some(Checked { spot, .. }) = &written.ca
        && !verify
    {
        report.refuse(
            spot,
            "nothing is verified, so nobody is trusted either",
            "remove `ca`, or `verify: false`",
        );
    }
    CheckTls {
        server_name: optional(written.server_name).map(|name| name.0),
        ca: path(written.ca, directory, report),
        verify,
    }
}
