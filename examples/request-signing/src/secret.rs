//! The secret that this proxy and the endpoint share.

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny};
use sha2::Sha256;

/// As many bytes as the hash has: fewer make the signature weaker than it looks.
const FEWEST_BYTES: usize = 32;

/// A key that is ready to sign. It is not `Debug`, and no error of reading it shows what was written.
#[derive(Clone)]
pub struct Secret(Hmac<Sha256>);

impl Secret {
    fn parse(text: &str) -> Option<Self> {
        let bytes = Base64::decode_vec(text).ok()?;
        if bytes.len() < FEWEST_BYTES {
            return None;
        }
        Hmac::new_from_slice(&bytes).ok().map(Secret)
    }

    /// A signature that has seen nothing yet.
    pub fn begin(&self) -> Hmac<Sha256> {
        self.0.clone()
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Other(IgnoredAny),
        }
        let written = match Written::deserialize(deserializer)? {
            Written::Text(text) => Secret::parse(&text),
            Written::Other(_) => None,
        };
        written.ok_or_else(|| {
            D::Error::custom("must be base64 of at least 32 random bytes: openssl rand -base64 32")
        })
    }
}
