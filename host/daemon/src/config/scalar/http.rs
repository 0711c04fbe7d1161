//! Parts of requests: what a route compares one with, and what a probe makes its own of.

use std::borrow::Cow;
use std::net::IpAddr;

use http::Method;
use http::uri::{Authority, PathAndQuery};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer};

use super::from_text;
use super::host_name::host_name;
use crate::config::pattern::{HeaderPattern, HostPattern, PathPattern};
use crate::config::problem::quote;
use crate::config::read::Refusal;

/// Defines a scalar that is written as text: how it is parsed, and its schema.
macro_rules! written_as_text {
    ($name:ident($value:ty), $expected:literal, $parse:expr, $schema:tt) => {
        #[doc = concat!("As written: ", $expected, ".")]
        #[derive(Debug)]
        pub(in crate::config) struct $name(pub(in crate::config) $value);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                from_text(deserializer, $expected, |text| $parse(text).map(Self))
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

written_as_text!(Host(HostPattern), "a host such as example.com or *.example.com", host, {
    "type": "string",
    "description": "`example.com`, or `*.example.com` for any name below it",
});

written_as_text!(UrlPath(PathPattern), "a path such as /exact, /prefix/* or /a/*/b", path, {
    "type": "string",
    "pattern": r"^(/|.*\$\{)",
    "description": "`/exact`, `/prefix/*`, or a glob: `*` in one segment, `**` over any number",
});

written_as_text!(HeaderValue(HeaderPattern), "a header value, `*` or `prefix*`", header, {
    "type": "string",
    "description": "An exact value, `*` for any, or `prefix*`",
});

written_as_text!(MethodName(Method), "a method such as GET", method, {
    "type": "string",
    "pattern": r"^([^a-z]+|.*\$\{.*)$",
    "description": "An HTTP method",
});

written_as_text!(ProbePath(String), "a path such as /health", probe_path, {
    "type": "string",
    "pattern": r"^(/|.*\$\{)",
    "description": "The path, and the query if there is one",
});

written_as_text!(HostField(String), "a host such as web.internal or web.internal:8080", host_field, {
    "type": "string",
    "description": "A host, with a port if it has one",
});

written_as_text!(ServerName(String), "a name such as web.internal", server_name, {
    "type": "string",
    "description": "The name or the IP address that a certificate is for",
});

written_as_text!(FieldName(http::HeaderName), "a field name such as x-client-subject", field_name, {
    "type": "string",
    "description": "The name of a header field",
});

/// Not one that says how a message is framed or where it goes.
fn field_name(text: &str) -> Result<http::HeaderName, Refusal> {
    const OURS: [&str; 18] = [
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-real-ip",
    ];
    match http::HeaderName::from_bytes(text.as_bytes()) {
        Ok(name) if !OURS.contains(&name.as_str()) && !name.as_str().contains('_') => Ok(name),
        Ok(_) => Err(Refusal::new(
            format!("the field {} has another use", quote(text)),
            "write a name such as `x-client-subject`",
        )),
        Err(_) => Err(Refusal::new(
            format!("{} is not the name of a field", quote(text)),
            "write a name such as `x-client-subject`",
        )),
    }
}

fn host(text: &str) -> Result<HostPattern, Refusal> {
    HostPattern::parse(text).map_err(|why| {
        Refusal::new(
            format!("{} is not a host: {why}", quote(text)),
            "write `example.com` or `*.example.com`",
        )
    })
}

fn path(text: &str) -> Result<PathPattern, Refusal> {
    PathPattern::parse(text).map_err(|why| {
        Refusal::new(
            format!("{} is not a path: {why}", quote(text)),
            "write `/exact`, `/prefix/*`, or a glob such as `/a/*/b`",
        )
    })
}

fn header(text: &str) -> Result<HeaderPattern, Refusal> {
    HeaderPattern::parse(text).map_err(|why| {
        Refusal::new(
            format!("{} is not a header value: {why}", quote(text)),
            "write the exact value, `*` for any, or `prefix*`",
        )
    })
}

/// Methods are case-sensitive (RFC 9110, section 9.1) and every registered one is upper case:
/// `get` would never match anything.
fn method(text: &str) -> Result<Method, Refusal> {
    let upper = text.to_ascii_uppercase();
    match Method::from_bytes(text.as_bytes()) {
        Ok(method) if upper == text => Ok(method),
        Ok(_) => Err(Refusal::new(
            format!("the method {} is not in upper case", quote(text)),
            format!("write `{upper}`"),
        )),
        Err(_) => Err(Refusal::new(
            format!("{} is not a method", quote(text)),
            "write a method such as GET or POST",
        )),
    }
}

/// One that `http` would read otherwise than as it is written is refused.
fn probe_path(text: &str) -> Result<String, Refusal> {
    let refuse = |help: String| {
        let message = format!("expected a path such as /health, found {}", quote(text));
        Err(Refusal::new(message, help))
    };
    if text.contains("://") {
        return refuse("write the path alone: the host is the endpoint".into());
    }
    if !text.starts_with('/') {
        return refuse(format!("write {}", quote(&format!("/{text}"))));
    }
    let as_written = |path: PathAndQuery| path.as_str() == text;
    if text.bytes().all(|b| b.is_ascii_graphic()) && text.parse().is_ok_and(as_written) {
        Ok(text.to_owned())
    } else {
        refuse("write other letters in percent-encoding: `%20` for a space".into())
    }
}

fn host_field(text: &str) -> Result<String, Refusal> {
    match text.parse::<Authority>() {
        Ok(host) if !text.contains('@') && !text.ends_with(':') && !host.host().is_empty() => {
            Ok(text.to_owned())
        }
        _ => Err(Refusal::new(
            format!("{} is not a host", quote(text)),
            "write a name such as `web.internal`, and `:PORT` if it has one",
        )),
    }
}

fn server_name(text: &str) -> Result<String, Refusal> {
    if text.parse::<IpAddr>().is_ok() {
        return Ok(text.to_owned());
    }
    host_name(text).map_err(|why| {
        let message = format!("{} is not the name of a server", quote(text));
        match text.rsplit_once(':') {
            Some((name, _)) => Refusal::new(message, format!("without the port: {}", quote(name))),
            None => Refusal::new(message, why),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{host_field, probe_path, server_name};

    #[test]
    fn a_probe_is_sent_as_it_is_written() {
        for text in ["/", "/health?full=1", "/a%20b", "/a/../b"] {
            assert_eq!(probe_path(text).as_deref(), Ok(text));
        }
        for (text, help) in [
            ("health", "write `/health`"),
            ("", "write `/`"),
            (
                "http://web/health",
                "write the path alone: the host is the endpoint",
            ),
            (
                "/a b",
                "write other letters in percent-encoding: `%20` for a space",
            ),
            (
                "/a#b",
                "write other letters in percent-encoding: `%20` for a space",
            ),
            (
                "/größe",
                "write other letters in percent-encoding: `%20` for a space",
            ),
            (
                "/\r\nx: y",
                "write other letters in percent-encoding: `%20` for a space",
            ),
        ] {
            assert_eq!(probe_path(text).unwrap_err().help, help, "{text}");
        }
    }

    #[test]
    fn a_host_field_is_a_host_and_perhaps_a_port() {
        for text in ["web", "web.internal:8080", "10.0.0.1", "[::1]:80"] {
            assert_eq!(host_field(text).as_deref(), Ok(text));
        }
        for text in [
            "",
            "a b",
            "a/b",
            "user@web",
            "web:",
            ":80",
            "a\r\nb",
            "größe.de",
        ] {
            assert!(host_field(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_certificate_is_for_a_name_without_a_port() {
        assert_eq!(server_name("Web.internal").as_deref(), Ok("web.internal"));
        assert_eq!(server_name("10.0.0.1").as_deref(), Ok("10.0.0.1"));
        let help = server_name("web.internal:443").unwrap_err().help;
        assert_eq!(help, "without the port: `web.internal`");
        assert!(server_name("*.internal").is_err());
    }
}
