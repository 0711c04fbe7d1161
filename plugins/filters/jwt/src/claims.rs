//! What a token says, whether that is enough, and who gets to know it (RFC 7519, 4.1).

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};
use tidegate_sdk::config::{EditableName, FieldValue};
use tidegate_sdk::prelude::*;

use crate::keys::Refusal;

/// Longer values are left out.
const LONGEST: usize = 512;

/// The claims of a token with a right signature.
#[derive(Debug, Clone)]
pub struct Claims(Map<String, Value>);

/// What a token must say.
pub struct Rule {
    /// None: anybody.
    pub issuers: Option<Vec<String>>,
    /// `*` is anybody.
    pub audiences: Vec<String>,
    pub leeway: Duration,
    pub require_exp: bool,
}

/// Claims that others get to know.
pub struct Copies {
    pub attributes: BTreeMap<String, String>,
    pub headers: BTreeMap<EditableName, String>,
}

impl Claims {
    pub fn parse(payload: &[u8]) -> Result<Self, Refusal> {
        let claims = serde_json::from_slice(payload);
        claims
            .map(Claims)
            .map_err(|_| Refusal::Invalid("the claims are malformed"))
    }

    /// Seconds since the epoch, perhaps with a part of one.
    fn date(&self, name: &str) -> Result<Option<f64>, Refusal> {
        match self.0.get(name) {
            None => Ok(None),
            Some(value) => value
                .as_f64()
                .map(Some)
                .ok_or(Refusal::Invalid("a date is malformed")),
        }
    }

    /// A claim as text, if it can be given to others.
    fn text(&self, name: &str) -> Option<String> {
        let text = match self.0.get(name)? {
            Value::Null => return None,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        (text.len() <= LONGEST && FieldValue::parse(&text).is_ok()).then_some(text)
    }
}

impl Rule {
    /// Refuses a rule that nobody could meet.
    pub fn is_sound(&self) -> Result<(), String> {
        if self.issuers.as_ref().is_some_and(Vec::is_empty) {
            return Err(
                "issuer: an empty list trusts nobody; leave it out to trust any".to_owned(),
            );
        }
        if self.audiences.is_empty() {
            return Err("audience: an empty list lets nobody in: name this service".to_owned());
        }
        Ok(())
    }

    /// Whether a token that says this may pass now.
    pub fn check(&self, claims: &Claims) -> Result<(), Refusal> {
        let (now, leeway) = (clock::wall().as_secs_f64(), self.leeway.as_secs_f64());
        match claims.date("exp")? {
            Some(end) if now >= end + leeway => {
                return Err(Refusal::Invalid("the token has expired"));
            }
            None if self.require_exp => return Err(Refusal::Invalid("the token has no end")),
            _ => (),
        }
        if claims
            .date("nbf")?
            .is_some_and(|begin| now + leeway < begin)
        {
            return Err(Refusal::Invalid("the token is not valid yet"));
        }
        let issuer = claims.0.get("iss").and_then(Value::as_str);
        let trusted = |issuers: &Vec<String>| {
            issuer.is_some_and(|issuer| issuers.iter().any(|it| it == issuer))
        };
        if !self.issuers.as_ref().is_none_or(trusted) {
            return Err(Refusal::Invalid("the issuer is not trusted"));
        }
        match self.is_for_us(claims.0.get("aud")) {
            true => Ok(()),
            false => Err(Refusal::Invalid("the token is for somebody else")),
        }
    }

    fn is_for_us(&self, audience: Option<&Value>) -> bool {
        let ours = |one: &Value| self.audiences.iter().any(|it| one.as_str() == Some(it));
        if self.audiences.iter().any(|it| it == "*") {
            return true;
        }
        match audience {
            Some(Value::Array(several)) => several.iter().any(ours),
            Some(one) => ours(one),
            None => false,
        }
    }
}

impl Copies {
    /// Refuses more than one answer can hold.
    pub fn are_few(&self) -> Result<(), String> {
        if self.attributes.len() > 8 {
            return Err("attributes: at most 8".to_owned());
        }
        if self.headers.len() > 16 {
            return Err("headers: at most 16".to_owned());
        }
        match self
            .attributes
            .keys()
            .find(|name| name.is_empty() || name.len() > 64)
        {
            Some(name) => Err(format!("attributes.{name}: a name has 1 to 64 letters")),
            None => Ok(()),
        }
    }

    /// Gives the claims on. `authorization` goes when the endpoint is not to see it.
    pub fn edits(&self, claims: &Claims, without_token: bool) -> RequestEdits {
        let mut edits = RequestEdits::new();
        if without_token {
            edits = edits.remove("authorization");
        }
        for (name, claim) in &self.headers {
            edits = match claims.text(claim) {
                Some(text) => edits.set(&**name, text),
                None => edits.remove(&**name),
            };
        }
        for (name, claim) in &self.attributes {
            if let Some(text) = claims.text(claim) {
                edits = edits.attribute(name, text);
            }
        }
        edits
    }
}
