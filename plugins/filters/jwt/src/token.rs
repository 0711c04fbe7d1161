//! The parts of a token (RFC 7515, 3.1 and 7.1). Nothing in here is to be believed yet.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::keys::Refusal;

/// Longer ones are not looked at.
const LONGEST: usize = 8 << 10;

pub struct Token<'a> {
    pub algorithm: String,
    pub key_id: Option<String>,
    pub payload: Vec<u8>,
    /// What is signed.
    pub signed: &'a [u8],
    pub signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

impl<'a> Token<'a> {
    pub fn parse(text: &'a str) -> Result<Self, Refusal> {
        const SHAPE: Refusal = Refusal::Invalid("the token is malformed");
        if text.len() > LONGEST {
            return Err(Refusal::Invalid("the token is too long"));
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(SHAPE)?;
        let (header, payload) = signed.split_once('.').ok_or(SHAPE)?;
        let decoded = |part| Base64UrlUnpadded::decode_vec(part).map_err(|_| SHAPE);
        let header: Header = serde_json::from_slice(&decoded(header)?).map_err(|_| SHAPE)?;
        if header.crit.is_some() {
            return Err(Refusal::Invalid("the token asks for an unknown extension"));
        }
        Ok(Token {
            algorithm: header.alg,
            key_id: header.kid,
            payload: decoded(payload)?,
            signed: signed.as_bytes(),
            signature: decoded(signature)?,
        })
    }
}

/// Stands for a token where it is remembered.
pub fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}
