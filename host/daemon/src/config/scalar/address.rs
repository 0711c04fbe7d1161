//! Socket addresses: `IP:PORT`, with brackets around IPv6. Names are not resolved here.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer};

use super::from_text;
use crate::config::problem::quote;
use crate::config::read::Refusal;

/// An address to listen on. Port 0 asks the system for a free one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct ListenAddress(pub(in crate::config) SocketAddr);

/// An address to connect to. Nothing answers on port 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::config) struct EndpointAddress(pub(in crate::config) SocketAddr);

const EXPECTED: &str = "an address IP:PORT such as 127.0.0.1:8080 or [::1]:8080";

impl<'de> Deserialize<'de> for ListenAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, EXPECTED, |text| listen(text).map(Self))
    }
}

impl<'de> Deserialize<'de> for EndpointAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, EXPECTED, |text| endpoint(text).map(Self))
    }
}

fn listen(text: &str) -> Result<SocketAddr, Refusal> {
    let port = text.strip_prefix(':').unwrap_or(text);
    if port.parse::<u16>().is_ok() {
        return Err(expected(
            text,
            format!("write `127.0.0.1:{port}` for this machine, `0.0.0.0:{port}` for everyone"),
        ));
    }
    socket(text)
}

fn endpoint(text: &str) -> Result<SocketAddr, Refusal> {
    let address = socket(text)?;
    if address.port() == 0 {
        return Err(Refusal::new(
            format!("{} has port 0, where nothing listens", quote(text)),
            "write the port of the endpoint",
        ));
    }
    Ok(address)
}

fn socket(text: &str) -> Result<SocketAddr, Refusal> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let help = if let Some((scheme, _)) = text.split_once("://") {
        format!("remove `{scheme}://` and whatever follows the port")
    } else if let Ok(ip) = text.parse::<IpAddr>() {
        format!("write the port too: `{}`", SocketAddr::new(ip, 8080))
    } else {
        match text.rsplit_once(':') {
            Some((_, port)) if port.parse::<u16>().is_err() => {
                "the port is a number from 0 to 65535".into()
            }
            Some(("localhost", port)) => format!("write `127.0.0.1:{port}` or `[::1]:{port}`"),
            Some((ip, port)) if ip.parse::<std::net::Ipv6Addr>().is_ok() => {
                format!("write `[{ip}]:{port}`")
            }
            Some((name, _)) if name.contains(|c: char| c.is_ascii_alphabetic()) => {
                "names are not resolved in this version: write an IP address".into()
            }
            _ => "write an IP address and a port".into(),
        }
    };
    Err(expected(text, help))
}

fn expected(text: &str, help: String) -> Refusal {
    Refusal::new(format!("expected {EXPECTED}, found {}", quote(text)), help)
}

fn schema(description: &str) -> Schema {
    json_schema!({
        "type": "string",
        "pattern": r"^(.+:[0-9]+|.*\$\{.*)$",
        "description": description,
    })
}

impl JsonSchema for ListenAddress {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ListenAddress".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema("IP:PORT to listen on; port 0 lets the system choose")
    }
}

impl JsonSchema for EndpointAddress {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "EndpointAddress".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schema("IP:PORT of the endpoint")
    }
}

#[cfg(test)]
mod tests {
    use super::{endpoint, listen};

    #[test]
    fn says_what_to_write_instead() {
        for (text, help) in [
            (
                "8080",
                "write `127.0.0.1:8080` for this machine, `0.0.0.0:8080` for everyone",
            ),
            (
                ":8080",
                "write `127.0.0.1:8080` for this machine, `0.0.0.0:8080` for everyone",
            ),
            ("10.0.0.1", "write the port too: `10.0.0.1:8080`"),
            ("::1", "write the port too: `[::1]:8080`"),
            (
                "fe80::a:1:8080",
                "write the port too: `[fe80::a:1:8080]:8080`",
            ),
            ("1:2:3:4:5:6:7:8:80", "write `[1:2:3:4:5:6:7:8]:80`"),
            ("localhost:80", "write `127.0.0.1:80` or `[::1]:80`"),
            (
                "web.internal:80",
                "names are not resolved in this version: write an IP address",
            ),
            (
                "http://10.0.0.1:80/",
                "remove `http://` and whatever follows the port",
            ),
            ("10.0.0.1:65536", "the port is a number from 0 to 65535"),
            ("10.0.0.256:80", "write an IP address and a port"),
            ("", "write an IP address and a port"),
        ] {
            assert_eq!(listen(text).unwrap_err().help, help, "{text}");
        }
    }

    #[test]
    fn port_0_is_for_listening_only() {
        assert!(listen("127.0.0.1:0").is_ok());
        assert!(endpoint("127.0.0.1:0").is_err());
        assert!(endpoint("[::1]:80").is_ok());
    }
}
