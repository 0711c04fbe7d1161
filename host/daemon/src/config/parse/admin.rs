//! The operator's listener, and whom the process becomes.

use std::path::Path;

use super::{optional, path, tls};
use crate::config::problem::{Report, Spot, quote};
use crate::config::read::checked::Checked;
use crate::config::value::{Admin, RunAs, Tls, Token};
use crate::config::written;

pub(super) fn parse(
    written: Option<Checked<written::Admin>>,
    directory: &Path,
    report: &Report,
) -> Option<Admin> {
    let Checked { value, spot } = written?;
    let written = value?;
    let place = report.place(&spot);
    if let (Some(_), Some(Checked { spot, .. })) = (&written.token, &written.token_file) {
        report.refuse(
            spot,
            "there is a `token` already",
            "remove one of the two; a file can have narrower permissions than this one",
        );
    }
    let of_file = written.token_file.as_ref().map(|file| file.spot.clone());
    let file = path(written.token_file, directory, report).zip(of_file);
    let file = file.map(|(path, spot)| Token::File {
        path,
        place: report.place(&spot),
    });
    let token = optional(written.token).map(|token| Token::Written(token.0));
    // What is wrong with one that is there is in the report: it is no reason for a warning too.
    let address_spot = written.address.spot.clone();
    let admin = Admin {
        address: written.address.value?.0,
        token: token.or(file),
        tls: written
            .tls
            .and_then(|written| of_admin(written.value?, directory, report)),
        place,
    };
    warn_of_strangers(&admin, &address_spot, report);
    Some(admin)
}

/// As on a listener, but for what browsers and endpoints are told.
fn of_admin(written: written::Tls, directory: &Path, report: &Report) -> Option<Tls> {
    let hsts = written.hsts.as_ref().map(|hsts| &hsts.spot);
    let clients = written
        .client_certificates
        .as_ref()
        .and_then(|clients| clients.value.as_ref());
    let subject = clients.and_then(|clients| Some(&clients.subject_in.as_ref()?.spot));
    for spot in [hsts, subject].into_iter().flatten() {
        report.refuse(spot, "the admin listener has no use for it", "remove it");
    }
    tls::listener(written, directory, report)
}

fn warn_of_strangers(admin: &Admin, spot: &Spot, report: &Report) {
    let clients = admin
        .tls
        .as_ref()
        .and_then(|tls| tls.client_certificates.as_ref());
    let guarded = admin.token.is_some() || clients.is_some_and(|clients| clients.required);
    if !guarded && !admin.address.ip().to_canonical().is_loopback() {
        report.warn(
            spot,
            "whoever reaches this address can read everything, reload, and drain endpoints",
            "write `token_file`, or `tls` with `client_certificates`, or use a loopback address",
        );
    }
}

pub(super) fn run_as(written: Option<Checked<written::RunAs>>, report: &Report) -> Option<RunAs> {
    let Checked { value, spot } = written?;
    let written = value?;
    let name = |written: Checked<String>, what: &str| {
        let Checked { value, spot } = written;
        let name = value?;
        // The longest name of useradd(8); the system knows whether there is one of that name.
        if name.is_empty() || name.len() > 32 || name.chars().any(char::is_control) {
            report.refuse(
                &spot,
                format!("{} cannot be the name of a {what}", quote(&name)),
                "a name is 1 to 32 characters",
            );
            return None;
        }
        Some(name)
    };
    let group = written.group.and_then(|group| name(group, "group"));
    Some(RunAs {
        user: name(written.user, "user")?,
        group,
        place: report.place(&spot),
    })
}
