//! Who is asked for the addresses of names.

use std::time::Duration;

use super::{Unique, time};
use crate::config::problem::Report;
use crate::config::read::checked::Checked;
use crate::config::scalar::address::ServerAddress;
use crate::config::value::Resolver;
use crate::config::written;

pub(super) fn parse(written: Option<written::Resolver>, report: &Report) -> Resolver {
    let (servers, timeout) = match written {
        Some(written) => (written.servers, time(written.timeout)),
        None => (None, None),
    };
    let mut unique = Unique::new();
    let mut list = Vec::new();
    if let Some(Checked {
        value: Some(items),
        spot,
    }) = servers
    {
        if items.is_empty() {
            report.refuse(
                &spot,
                "an empty list of servers resolves nothing",
                "remove the key to ask those of the system",
            );
        }
        for Checked { value, spot } in items {
            let Some(ServerAddress(address)) = value else {
                continue;
            };
            if let Some(line) = unique.earlier(address, &spot) {
                report.refuse(
                    &spot,
                    format!("the server `{address}` is in line {line} already"),
                    "remove one of the two",
                );
            }
            list.push(address);
        }
    }
    Resolver {
        servers: list,
        timeout: timeout.unwrap_or(Duration::from_secs(2)),
    }
}
