//! Signs what goes to the endpoint, so that it takes requests from this proxy and from nobody else:
//! HMAC-SHA256 by HTTP Message Signatures (RFC 9421).
//!
//! The head is signed, not the body: fields can be set in `on_request` alone, and there is no body
//! yet. A client that sends a `content-digest` (RFC 9530) has the body covered when that field is
//! among the components.
//!
//! What the client sent as `signature` and `signature-input` is replaced.

mod component;
mod date;
mod secret;

use base64ct::{Base64, Encoding};
use hmac::Mac;
use serde::Deserialize;
use tidegate_sdk::config::Quoted;
use tidegate_sdk::prelude::*;

use component::Component;
use secret::Secret;

/// The plugin's `config`; the README explains the keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    secret: Secret,
    key_id: Quoted,
    #[serde(default = "usual")]
    components: Vec<Component>,
    /// Of the signature among others.
    #[serde(default = "sig")]
    label: String,
}

struct Signing {
    config: Config,
    /// Whether the field `date` is among the components: it is written when the client did not.
    dated: bool,
    /// Whether any field is.
    fields: bool,
}

impl Filter for Signing {
    type Config = Config;

    fn configure(config: Config) -> Result<Self, String> {
        let Config {
            components,
            key_id,
            label,
            ..
        } = &config;
        if components.is_empty() || components.len() > 32 {
            return Err("components: write from 1 to 32, or leave the key out".to_owned());
        }
        for (i, component) in components.iter().enumerate() {
            if components[..i].contains(component) {
                let name = component.name();
                return Err(format!("components[{i}]: `{name}` is there twice"));
            }
        }
        if key_id.is_empty() {
            return Err("key_id: write by which name the endpoint knows the secret".to_owned());
        }
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !label.starts_with(|first: char| first.is_ascii_lowercase()) || !label.bytes().all(plain)
        {
            return Err("label: must be small letters, digits and -, a letter first".to_owned());
        }
        let is_field = |component: &Component| matches!(component, Component::Field(_));
        let is_date = |component: &Component| component.name() == "date";
        Ok(Signing {
            dated: components.iter().any(is_date),
            fields: components.iter().any(is_field),
            config,
        })
    }

    fn on_request(&mut self) -> Verdict {
        let now = clock::wall().as_secs();
        let mut edits = RequestEdits::new();
        let mut fields = match self.fields {
            true => request::headers(),
            false => Vec::new(),
        };
        if self.dated && request::header("date").is_none() {
            let date = date::written(now);
            fields.push(("date".to_owned(), date.clone().into_bytes()));
            edits = edits.set("date", date);
        }
        let (input, signature) = self.sign(now, &fields);
        let label = &self.config.label;
        edits
            .set("signature-input", format!("{label}={input}"))
            .set("signature", format!("{label}=:{signature}:"))
            .into()
    }
}

impl Signing {
    /// The parameters of the signature, and the signature over its base (RFC 9421, 2.5 and 3.1).
    fn sign(&self, created: u64, fields: &[(String, Vec<u8>)]) -> (String, String) {
        let mut mac = self.config.secret.begin();
        let mut names = Vec::new();
        for component in &self.config.components {
            // What is not there cannot be signed. The endpoint sees by the names that it is not.
            let Some(value) = component.value(fields) else {
                continue;
            };
            let name = format!("\"{}\"", component.name());
            mac.update(name.as_bytes());
            mac.update(b": ");
            mac.update(&value);
            mac.update(b"\n");
            names.push(name);
        }
        let (names, key_id) = (names.join(" "), &*self.config.key_id);
        let input = format!("({names});created={created};keyid=\"{key_id}\"");
        mac.update(b"\"@signature-params\": ");
        mac.update(input.as_bytes());
        (input, Base64::encode_string(&mac.finalize().into_bytes()))
    }
}

fn usual() -> Vec<Component> {
    use Component::{Authority, Method, Path, Query};
    vec![Method, Authority, Path, Query]
}

fn sig() -> String {
    "sig".to_owned()
}

export_filter!(Signing);

#[cfg(test)]
mod tests;
