//! A password, as a file may hold it.

use argon2::{Argon2, Params, PasswordHash, PasswordVerifier};
use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

#[derive(Clone)]
pub enum Secret {
    Argon2(Box<PasswordHash>),
    Sha256([u8; 32]),
}

impl Secret {
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(hash) = text.strip_prefix("{SHA256}") {
            let hash = Base64::decode_vec(hash).ok();
            let hash = hash.and_then(|hash| hash.try_into().ok());
            return hash.map(Secret::Sha256).ok_or_else(|| {
                "after {SHA256} stands the hash in base64: write what \
                 `printf %s \"$SECRET\" | openssl dgst -sha256 -binary | base64` says"
                    .to_owned()
            });
        }
        let advice = "write a PHC string of Argon2, such as $argon2id$v=19$m=4096,t=3,p=1$…, \
                      or {SHA256} and a hash in base64";
        if !text.starts_with("$argon2") {
            return Err(format!("a password is not kept as it is: {advice}"));
        }
        let hash = PasswordHash::new(text).map_err(|error| format!("{error}: {advice}"))?;
        let complete = hash.salt.is_some() && hash.hash.is_some();
        if !complete || Params::try_from(&hash).is_err() {
            return Err(format!("this is not all of a hash: {advice}"));
        }
        Ok(Secret::Argon2(Box::new(hash)))
    }

    /// Whether this is the password.
    pub fn is(&self, password: &[u8]) -> bool {
        match self {
            Secret::Argon2(hash) => Argon2::default().verify_password(password, &**hash).is_ok(),
            Secret::Sha256(hash) => Sha256::digest(password)[..].ct_eq(&hash[..]).into(),
        }
    }

    /// How long [`is`](Self::is) takes, beside others: blocks of memory that are written.
    pub fn cost(&self) -> u64 {
        match self {
            Secret::Argon2(hash) => Params::try_from(&**hash).map_or(0, |params| {
                u64::from(params.m_cost()) * u64::from(params.t_cost())
            }),
            Secret::Sha256(_) => 0,
        }
    }
}
