//! Whose a key is, found in a time that tells nothing of the keys.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use subtle::{ConditionallySelectable, ConstantTimeEq};

/// Names and hashes.
pub struct Keys(Vec<(String, [u8; 32])>);

impl Keys {
    pub fn parse(written: BTreeMap<String, String>) -> Result<Self, String> {
        let mut keys: Vec<(String, [u8; 32])> = Vec::new();
        for (name, hash) in written {
            if name.is_empty() || name.len() > 128 {
                return Err(format!("keys.{name}: a name has 1 to 128 letters"));
            }
            let hash = digest(&hash).ok_or_else(|| {
                format!(
                    "keys.{name}: not a SHA-256 in hexadecimal: write what \
                     `printf %s \"$KEY\" | sha256sum` says"
                )
            })?;
            if hash == *Sha256::digest([]) {
                return Err(format!("keys.{name}: this is the hash of nothing"));
            }
            if let Some((other, _)) = keys.iter().find(|(_, known)| *known == hash) {
                return Err(format!("keys.{name}: is the key of `{other}` too"));
            }
            keys.push((name, hash));
        }
        match keys.is_empty() {
            true => Err("keys: nobody has a key: write NAME: SHA-256".to_owned()),
            false => Ok(Keys(keys)),
        }
    }

    /// The name that has this key. All hashes are looked at, and all of each.
    pub fn name(&self, key: &[u8]) -> Option<&str> {
        let given = Sha256::digest(key);
        let mut found = u64::MAX;
        for (i, (_, hash)) in (0..).zip(&self.0) {
            found.conditional_assign(&i, hash[..].ct_eq(&given[..]));
        }
        let found = usize::try_from(found).ok()?;
        self.0.get(found).map(|(name, _)| &**name)
    }
}

fn digest(hexadecimal: &str) -> Option<[u8; 32]> {
    let (pairs, rest) = hexadecimal.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let bytes: Option<Vec<u8>> = pairs
        .iter()
        .map(|&[high, low]| Some((digit(high)? * 16 + digit(low)?) as u8))
        .collect();
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_by_its_hash() {
        // SHA-256 of `abc` (FIPS 180-2, B.1), and of `a`.
        let keys = Keys::parse(BTreeMap::from([
            (
                "one".to_owned(),
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned(),
            ),
            (
                "two".to_owned(),
                "CA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB".to_owned(),
            ),
        ]));
        let keys = keys.unwrap_or_else(|problem| panic!("{problem}"));
        assert_eq!(keys.name(b"abc"), Some("one"));
        assert_eq!(keys.name(b"a"), Some("two"));
        assert_eq!(keys.name(b"ab"), None);
        assert_eq!(keys.name(b""), None);
    }
}
