//! What a route compares a request with: the scalars of `match`.

use std::borrow::Cow;

use http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer};

use super::from_text;
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
