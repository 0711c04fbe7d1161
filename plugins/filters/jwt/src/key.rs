//! A key, which knows its one algorithm.

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use p256::ecdsa;
use rsa::pkcs8::DecodePublicKey;
use rsa::signature::Verifier;
use rsa::{BoxedUint, pkcs1v15};
use serde::Deserialize;
use sha2::Sha256;

use crate::token::Token;

pub struct Key {
    id: Option<String>,
    kind: Kind,
}

enum Kind {
    Hmac(Hmac<Sha256>),
    Rsa(Box<pkcs1v15::VerifyingKey<Sha256>>),
    Ecdsa(Box<ecdsa::VerifyingKey>),
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
}

/// RFC 7517, 4, and the parameters of the types (RFC 7518, 6; RFC 8037, 2).
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    alg: Option<String>,
    kid: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    k: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Key {
    /// A symmetric key. RFC 7518, 3.2 asks for as many bytes as the hash has.
    pub fn secret(secret: &[u8]) -> Result<Self, String> {
        if secret.len() < 32 {
            return Err(
                "a secret of HS256 has at least 32 bytes: `openssl rand -base64 32`".to_owned(),
            );
        }
        let mac = Hmac::new_from_slice(secret).map_err(|error| error.to_string())?;
        Ok(Kind::Hmac(mac).into())
    }

    /// A public key, as `openssl pkey -pubout` writes it.
    pub fn pem(text: &str) -> Result<Self, String> {
        let body = text
            .split_once("-----BEGIN PUBLIC KEY-----")
            .and_then(|(_, rest)| rest.split_once("-----END PUBLIC KEY-----"))
            .ok_or("not a public key: write what `openssl pkey -pubout` or `openssl x509 -pubkey` says")?;
        let letters: String = body.0.split_whitespace().collect();
        let der = Base64::decode_vec(&letters).map_err(|_| "not base64")?;
        if let Ok(key) = ed25519_dalek::VerifyingKey::from_public_key_der(&der) {
            return Ok(Kind::Ed25519(Box::new(key)).into());
        }
        if let Ok(key) = ecdsa::VerifyingKey::from_public_key_der(&der) {
            return Ok(Kind::Ecdsa(Box::new(key)).into());
        }
        let key = rsa::PublicKey::from_public_key_der(&der)
            .map_err(|_| "not a key of RSA, P-256 or Ed25519")?;
        let (n, e) = rsa_parts(&key);
        rsa_key(&n, &e).map(Key::from)
    }

    /// A key of a set, or one that an operator has written.
    pub fn jwk(value: &serde_json::Value) -> Result<Self, String> {
        let jwk = Jwk::deserialize(value).map_err(|error| error.to_string())?;
        let signs = jwk.r#use.as_deref().is_none_or(|it| it == "sig")
            && jwk
                .key_ops
                .as_ref()
                .is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if !signs {
            return Err("not a key to check signatures with".to_owned());
        }
        let part = |name: &str, part: &Option<String>| {
            let text = part.as_deref().ok_or(format!("missing `{name}`"))?;
            let bytes = Base64UrlUnpadded::decode_vec(text.trim_end_matches('='));
            bytes.map_err(|_| format!("`{name}` is not base64url"))
        };
        let kind = match (&*jwk.kty, jwk.crv.as_deref()) {
            ("oct", _) => Key::secret(&part("k", &jwk.k)?)?.kind,
            ("RSA", _) => rsa_key(&part("n", &jwk.n)?, &part("e", &jwk.e)?)?,
            ("EC", Some("P-256")) => point(&part("x", &jwk.x)?, &part("y", &jwk.y)?)?,
            ("OKP", Some("Ed25519")) => {
                let bytes: [u8; 32] = part("x", &jwk.x)?
                    .try_into()
                    .map_err(|_| "`x` has not 32 bytes")?;
                let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes);
                Kind::Ed25519(Box::new(
                    key.map_err(|_| "`x` is not a point of the curve")?,
                ))
            }
            (kty, crv) => {
                let of = crv.map(|crv| format!(" with `{crv}`")).unwrap_or_default();
                return Err(format!(
                    "no key of the type `{kty}`{of}: \
                     there are oct, RSA, EC with P-256, and OKP with Ed25519"
                ));
            }
        };
        let key = Key { id: jwk.kid, kind };
        match jwk.alg {
            Some(alg) if !key.is_for(&alg) => Err(format!(
                "a key of the type `{}` is not for `{alg}`",
                jwk.kty
            )),
            _ => Ok(key),
        }
    }

    /// Whether the token names this key, or none.
    pub fn may_be(&self, token: &Token) -> bool {
        let named = match (&self.id, &token.key_id) {
            (Some(id), Some(named)) => id == named,
            _ => true,
        };
        named && self.is_for(&token.algorithm)
    }

    /// Whether it has signed the token. The algorithm is the key's own.
    pub fn has_signed(&self, token: &Token) -> bool {
        let Token {
            signed, signature, ..
        } = token;
        match &self.kind {
            Kind::Hmac(mac) => mac
                .clone()
                .chain_update(signed)
                .verify_slice(signature)
                .is_ok(),
            Kind::Rsa(key) => pkcs1v15::Signature::try_from(&signature[..])
                .is_ok_and(|signature| key.verify(signed, &signature).is_ok()),
            Kind::Ecdsa(key) => ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(signed, &signature).is_ok()),
            Kind::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(signed, &signature).is_ok()),
        }
    }

    /// Whether who checks with it could sign with it too.
    pub fn is_symmetric(&self) -> bool {
        matches!(self.kind, Kind::Hmac(_))
    }

    fn is_for(&self, algorithm: &str) -> bool {
        match self.kind {
            Kind::Hmac(_) => algorithm == "HS256",
            Kind::Rsa(_) => algorithm == "RS256",
            Kind::Ecdsa(_) => algorithm == "ES256",
            // RFC 9864 gives it its own name.
            Kind::Ed25519(_) => matches!(algorithm, "EdDSA" | "Ed25519"),
        }
    }
}

impl From<Kind> for Key {
    fn from(kind: Kind) -> Self {
        Key { id: None, kind }
    }
}

fn rsa_parts(key: &rsa::PublicKey) -> (Vec<u8>, Vec<u8>) {
    use rsa::traits::PublicKeyParts;
    (key.n_bytes().to_vec(), key.e_bytes().to_vec())
}

fn rsa_key(n: &[u8], e: &[u8]) -> Result<Kind, String> {
    let n = BoxedUint::from_be_slice_vartime(n);
    let e = BoxedUint::from_be_slice_vartime(e);
    // RFC 7518, 3.3: at least 2048 bits. More than 8192 would take too long.
    let key = rsa::PublicKey::new_with_size_limits(n, e, 2048..=8192)
        .map_err(|_| "not a key of RSA with 2048 to 8192 bits")?;
    Ok(Kind::Rsa(Box::new(pkcs1v15::VerifyingKey::new(key))))
}

fn point(x: &[u8], y: &[u8]) -> Result<Kind, String> {
    if x.len() != 32 || y.len() != 32 {
        return Err("`x` and `y` have 32 bytes each".to_owned());
    }
    let uncompressed = [&[4][..], x, y].concat();
    let key = ecdsa::VerifyingKey::from_sec1_bytes(&uncompressed);
    let key = key.map_err(|_| "`x` and `y` are not a point of the curve")?;
    Ok(Kind::Ecdsa(Box::new(key)))
}
