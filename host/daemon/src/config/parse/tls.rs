//! Encryption, on both sides.

use std::path::Path;

use super::{check_any, optional, path, time_or_off_none};
use crate::config::problem::{Report, Spot, quote};
use crate::config::read::checked::Checked;
use crate::config::scalar::host_name::host_name;
use crate::config::value::{Certificate, ClientCertificates, Tls, UpstreamTls};
use crate::config::written::{self, TlsVersion};

/// None with a problem in the report.
pub(super) fn listener(written: written::Tls, directory: &Path, report: &Report) -> Option<Tls> {
    let Checked { value, spot } = written.certificates;
    check_any(value.as_ref().map(Vec::len), "certificate", &spot, report);
    let certificates = value.into_iter().flatten();
    let certificates = certificates
        .filter_map(|item| certificate(item, directory, report))
        .collect();
    let max_spot = written.max_version.as_ref().map(|max| max.spot.clone());
    let min = optional(written.min_version).unwrap_or(TlsVersion::V1_2);
    let max = optional(written.max_version).unwrap_or(TlsVersion::V1_3);
    if let Some(spot) = max_spot
        && min > max
    {
        report.refuse(
            &spot,
            "this is older than `min_version`: no version is left",
            "swap the two, or remove one",
        );
    }
    Some(Tls {
        certificates,
        v1_2: min == TlsVersion::V1_2,
        v1_3: max == TlsVersion::V1_3,
        client_certificates: written
            .client_certificates
            .and_then(|written| client_certificates(written, directory, report)),
        hsts: time_or_off_none(written.hsts),
    })
}

fn certificate(
    Checked { value, spot }: Checked<written::Certificate>,
    directory: &Path,
    report: &Report,
) -> Option<Certificate> {
    let written = value?;
    let names = written.names.map(|names| {
        check_any(
            names.value.as_ref().map(Vec::len),
            "name",
            &names.spot,
            report,
        );
        let names = names.value.into_iter().flatten();
        names
            .filter_map(|item| name(&item.value?, &item.spot, report))
            .collect()
    });
    Some(Certificate {
        certificate: path(Some(written.certificate), directory, report)?,
        key: path(Some(written.key), directory, report)?,
        names,
        place: report.place(&spot),
        path: spot.path,
    })
}

/// A name, or `*.` and a name (RFC 6125, 6.4.3).
pub(super) fn name(text: &str, spot: &Spot, report: &Report) -> Option<String> {
    let (wild, rest) = match text.strip_prefix("*.") {
        Some(rest) => ("*.", rest),
        None => ("", text),
    };
    match host_name(rest) {
        Ok(name) => Some(format!("{wild}{name}")),
        Err(help) => {
            report.refuse(spot, format!("{} is not a name", quote(text)), help);
            None
        }
    }
}

fn client_certificates(
    Checked { value, spot }: Checked<written::ClientCertificates>,
    directory: &Path,
    report: &Report,
) -> Option<ClientCertificates> {
    let written = value?;
    Some(ClientCertificates {
        ca: path(Some(written.ca), directory, report)?,
        crl: path(written.crl, directory, report),
        required: optional(written.required).unwrap_or(true),
        subject_in: optional(written.subject_in).map(|name| name.0),
        place: report.place(&spot),
    })
}

pub(super) fn upstream(
    written: written::UpstreamTls,
    directory: &Path,
    report: &Report,
) -> UpstreamTls {
    let verify = verify(written.verify.as_ref(), written.ca.as_ref(), report);
    for (one, other, name) in [
        (&written.certificate, &written.key, "key"),
        (&written.key, &written.certificate, "certificate"),
    ] {
        if let (Some(Checked { spot, .. }), None) = (one, other) {
            report.refuse(
                spot,
                format!("there is no `{name}` for it"),
                format!("write `{name}` too"),
            );
        }
    }
    let certificate = path(written.certificate, directory, report);
    UpstreamTls {
        server_name: optional(written.server_name).map(|name| name.0),
        ca: path(written.ca, directory, report),
        identity: certificate.zip(path(written.key, directory, report)),
        verify,
    }
}

fn verify(
    verify: Option<&Checked<bool>>,
    ca: Option<&Checked<std::path::PathBuf>>,
    report: &Report,
) -> bool {
    let Some(Checked {
        value: Some(false),
        spot,
    }) = verify
    else {
        return true;
    };
    report.warn(
        spot,
        "no certificate is checked: whoever answers at the address gets the requests",
        "to check one that is not public, name who signed it with `ca`",
    );
    if let Some(Checked { spot, .. }) = ca {
        report.refuse(
            spot,
            "nothing is verified, so nobody is trusted either",
            "remove `ca`, or `verify: false`",
        );
    }
    false
}
