//! Addresses with their ports: `IP:PORT`, with brackets around IPv6, and names where one is to
//! be connected to. Names are not resolved here.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer};

use super::from_text;
use super::host_name::host_name;
use crate::config::problem::quote;
use crate::config::read::Refusal;

/// An address to listen on. Port 0 asks the system for a free one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct ListenAddress(pub(in crate::config) SocketAddr);

/// An address or a name to connect to. Nothing answers on port 0.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::config) enum EndpointAddress {
    Socket(SocketAddr),
    Name { host: String, port: u16 },
}

/// The address of a name server, on port 53 unless it has another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct ServerAddress(pub(in crate::config) SocketAddr);

const LISTEN: &str = "an address IP:PORT such as 127.0.0.1:8080 or [::1]:8080";
const ENDPOINT: &str = "HOST:PORT such as 10.0.0.1:8080, [::1]:8080 or web.internal:8080";
const SERVER: &str = "an address IP or IP:PORT such as 10.0.0.2 or 10.0.0.2:5353";

impl fmt::Display for EndpointAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(address) => address.fmt(f),
            Self::Name { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

impl<'de> Deserialize<'de> for ListenAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, LISTEN, |text| listen(text).map(Self))
    }
}

impl<'de> Deserialize<'de> for EndpointAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, ENDPOINT, endpoint)
    }
}

impl<'de> Deserialize<'de> for ServerAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, SERVER, |text| server(text).map(Self))
    }
}

fn listen(text: &str) -> Result<SocketAddr, Refusal> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let help = match text.rsplit_once(':') {
        _ if let Some(port) = port_alone(text) => {
            format!("write `127.0.0.1:{port}` for this machine, `0.0.0.0:{port}` for everyone")
        }
        _ if let Some(help) = misread(text) => help,
        Some((_, port)) if number(port).is_none() => "the port is a number from 0 to 65535".into(),
        Some(("localhost", port)) => format!("write `127.0.0.1:{port}` or `[::1]:{port}`"),
        Some((name, _)) if host_name(name).is_ok() => {
            "one listens on addresses, not on names: write an IP address".into()
        }
        _ => "write an IP address and a port".into(),
    };
    Err(expected(LISTEN, text, help))
}

fn endpoint(text: &str) -> Result<EndpointAddress, Refusal> {
    let address = match text.parse() {
        Ok(address) => EndpointAddress::Socket(address),
        Err(_) => named(text).map_err(|help| expected(ENDPOINT, text, help))?,
    };
    let port = match &address {
        EndpointAddress::Socket(address) => address.port(),
        EndpointAddress::Name { port, .. } => *port,
    };
    if port == 0 {
        return Err(Refusal::new(
            format!("{} has port 0, where nothing listens", quote(text)),
            "write the port of the endpoint",
        ));
    }
    Ok(address)
}

/// A name and a port, or what to write instead.
fn named(text: &str) -> Result<EndpointAddress, String> {
    if let Some(port) = port_alone(text) {
        return Err(format!("write the host too: `127.0.0.1:{port}`"));
    }
    if let Some(help) = misread(text) {
        return Err(help);
    }
    let Some((host, port)) = text.rsplit_once(':') else {
        let name = host_name(text)?;
        return Err(format!("write the port too: `{name}:8080`"));
    };
    let port = number(port).ok_or("the port is a number from 1 to 65535")?;
    let host = host_name(host)?;
    Ok(EndpointAddress::Name { host, port })
}

fn server(text: &str) -> Result<SocketAddr, Refusal> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    if let Ok(ip) = bare.unwrap_or(text).parse::<IpAddr>() {
        return Ok(SocketAddr::new(ip, 53));
    }
    match text.parse::<SocketAddr>() {
        Ok(address) if address.port() != 0 => return Ok(address),
        Ok(_) => {
            return Err(Refusal::new(
                format!("{} has port 0, where nothing listens", quote(text)),
                "leave the port out for 53",
            ));
        }
        Err(_) => {}
    }
    let host = text.rsplit_once(':').map_or(text, |(host, _)| host);
    let help = match misread(text) {
        Some(help) => help,
        None if host_name(host).is_ok() => {
            "names cannot be resolved before there is a server: write its IP address".into()
        }
        None => "write an IP address".into(),
    };
    Err(expected(SERVER, text, help))
}

/// The port, if there is nothing else.
fn port_alone(text: &str) -> Option<u16> {
    number(text.strip_prefix(':').unwrap_or(text))
}

/// A port, in digits alone.
fn number(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|letter| letter.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// What to write instead of a URL, an address without its port, or one without its brackets.
fn misread(text: &str) -> Option<String> {
    if let Some((scheme, _)) = text.split_once("://") {
        return Some(format!(
            "remove {} and whatever follows the port",
            quote(&format!("{scheme}://"))
        ));
    }
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(format!(
            "write the port too: `{}`",
            SocketAddr::new(ip, 8080)
        ));
    }
    let (ip, port) = text.rsplit_once(':')?;
    let missing = ip.parse::<std::net::Ipv6Addr>().is_ok() && number(port).is_some();
    missing.then(|| format!("write `[{ip}]:{port}`"))
}

fn expected(what: &str, text: &str, help: String) -> Refusal {
    Refusal::new(format!("expected {what}, found {}", quote(text)), help)
}

/// Gives a type the schema of a text with a port, or of one that need not have one.
macro_rules! schema {
    ($name:ident, $pattern:literal, $description:literal) => {
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "pattern": $pattern,
                    "description": $description,
                })
            }
        }
    };
}

schema!(
    ListenAddress,
    r"^(.+:[0-9]+|.*\$\{.*)$",
    "IP:PORT to listen on; port 0 lets the system choose"
);
schema!(
    EndpointAddress,
    r"^(.+:[0-9]+|.*\$\{.*)$",
    "HOST:PORT of the endpoint; the host is an IP address or a name"
);
schema!(
    ServerAddress,
    r"^(.*[0-9a-fA-F:].*|.*\$\{.*)$",
    "IP or IP:PORT of a name server; without a port it is 53"
);

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
