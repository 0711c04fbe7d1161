//! The addresses to accept on, the operator's included.

use std::net::SocketAddr;

use super::{Unique, check_any};
use crate::config::problem::{Report, Spot};
use crate::config::read::checked::Checked;
use crate::config::scalar::address::ListenAddress;
use crate::config::scalar::whole::Whole;
use crate::config::value::Listener;
use crate::config::written;

pub(super) fn parse(written: &written::File, report: &Report) -> Vec<Listener> {
    let mut unique = Unique::new();
    let mut check = |address: SocketAddr, spot: &Spot| {
        // Port 0 is another port each time.
        if address.port() != 0
            && let Some(line) = unique.earlier(address, spot)
        {
            report.refuse(
                spot,
                format!("line {line} listens on `{address}` already"),
                "every listener needs an address of its own",
            );
        }
    };
    let Checked { value, spot } = &written.listeners;
    check_any(value.as_ref().map(Vec::len), "listener", spot, report);
    let mut listeners = Vec::new();
    for item in value.iter().flatten() {
        let Some(listener) = &item.value else {
            continue;
        };
        let Some(ListenAddress(address)) = listener.address.value else {
            continue;
        };
        check(address, &listener.address.spot);
        listeners.push(Listener {
            address,
            max_connections: listener.max_connections.as_ref().and_then(|written| {
                let Whole(most) = written.value?;
                Some(most)
            }),
            place: report.place(&item.spot),
        });
    }
    if let Some(Checked {
        value: Some(admin), ..
    }) = &written.admin
        && let Some(ListenAddress(address)) = admin.address.value
    {
        check(address, &admin.address.spot);
    }
    listeners
}
