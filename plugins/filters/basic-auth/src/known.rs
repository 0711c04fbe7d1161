//! Who was right before, without keeping a password.

use sha2::{Digest, Sha256};
use tidegate_sdk::algorithms::Recent;
use tidegate_sdk::random;

use crate::credentials::Credentials;

const CLIENTS: usize = 1024;

/// Hashes that depend on a key which nobody outside of this instance knows, so that neither a dump
/// of it nor the time of a search says anything of a password.
pub struct Known {
    key: [u8; 32],
    right: Recent<[u8; 32], ()>,
}

impl Known {
    /// The random numbers alone are not for secrets: what the file keeps of the users is in the key
    /// too.
    pub fn new<'a>(secrets: impl Iterator<Item = &'a String>) -> Self {
        let random = (0..4).fold(Sha256::new(), |key, _| {
            key.chain_update(random::next().to_le_bytes())
        });
        let key = secrets.fold(random, Sha256::chain_update);
        Known {
            key: key.finalize().into(),
            right: Recent::new(CLIENTS),
        }
    }

    pub fn has(&self, credentials: &Credentials) -> bool {
        self.right.get(&self.hash(credentials)).is_some()
    }

    pub fn remember(&mut self, credentials: &Credentials) {
        let hash = self.hash(credentials);
        self.right.insert(hash, ());
    }

    fn hash(&self, credentials: &Credentials) -> [u8; 32] {
        let Credentials { name, password } = credentials;
        // The length tells where the name ends.
        Sha256::new()
            .chain_update(self.key)
            .chain_update((name.len() as u64).to_le_bytes())
            .chain_update(name)
            .chain_update(password)
            .finalize()
            .into()
    }
}

#[cfg(test)]
mod tests {
    use tidegate_sdk::testing::Host;

    use super::*;

    #[test]
    fn a_name_and_a_password_are_known_together() {
        Host::new();
        let given = |name: &str, password: &str| Credentials {
            name: name.to_owned(),
            password: password.as_bytes().to_vec(),
        };
        let mut known = Known::new([].iter());
        known.remember(&given("ann", "secret"));
        assert!(known.has(&given("ann", "secret")));
        assert!(!known.has(&given("anns", "ecret")));
        assert!(!known.has(&given("ann", "Secret")));
        assert!(!known.has(&given("bob", "secret")));
        let other = Known::new([].iter());
        assert_ne!(known.key, other.key, "each instance has its own");
    }
}
