//! A password, as a file may hold it.

use argon2::{Algorithm, Argon2, Block, MIN_SALT_LEN, Params, PasswordHash, Version};
use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

#[derive(Clone)]
pub enum Secret {
    Argon2(Box<Hashed>),
    Sha256([u8; 32]),
}

/// What Argon2 has made of a password, and how.
#[derive(Clone)]
pub struct Hashed {
    how: Argon2<'static>,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

/// Where Argon2 computes: as much as the greediest secret needs, taken once. An instance checks one
/// password at a time.
#[derive(Default)]
pub struct Scratch(Vec<Block>);

const ADVICE: &str = "write a PHC string of Argon2, such as $argon2id$v=19$m=4096,t=3,p=1$…, \
                      or {SHA256} and a hash in base64";

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
        if !text.starts_with("$argon2") {
            return Err(format!("a password is not kept as it is: {ADVICE}"));
        }
        let written = PasswordHash::new(text).map_err(|error| format!("{error}: {ADVICE}"))?;
        let hashed = Hashed::new(&written);
        let hashed = hashed.ok_or_else(|| format!("this is not all of a hash: {ADVICE}"))?;
        Ok(Secret::Argon2(Box::new(hashed)))
    }

    /// Whether this is the password.
    pub fn is(&self, password: &[u8], scratch: &mut Scratch) -> bool {
        match self {
            Secret::Argon2(hashed) => hashed.is_of(password, scratch),
            Secret::Sha256(hash) => Sha256::digest(password)[..].ct_eq(&hash[..]).into(),
        }
    }

    /// How long [`is`](Self::is) takes, beside others: blocks of memory that are written.
    pub fn cost(&self) -> u64 {
        match self {
            Secret::Argon2(hashed) => {
                let params = hashed.how.params();
                u64::from(params.m_cost()) * u64::from(params.t_cost())
            }
            Secret::Sha256(_) => 0,
        }
    }

    /// Blocks, of a KiB each, that [`is`](Self::is) computes in.
    pub fn blocks(&self) -> usize {
        match self {
            Secret::Argon2(hashed) => hashed.how.params().block_count(),
            Secret::Sha256(_) => 0,
        }
    }
}

impl Hashed {
    fn new(written: &PasswordHash) -> Option<Self> {
        let algorithm = Algorithm::try_from(written.algorithm.as_str()).ok()?;
        let version = Version::try_from(written.version.unwrap_or(Version::default().into()));
        let params = Params::try_from(written).ok()?;
        let salt = written.salt.as_ref()?.to_vec();
        let enough = salt.len() >= MIN_SALT_LEN;
        Some(Hashed {
            how: Argon2::new(algorithm, version.ok()?, params),
            salt: enough.then_some(salt)?,
            hash: written.hash.as_ref()?.as_bytes().to_vec(),
        })
    }

    fn is_of(&self, password: &[u8], scratch: &mut Scratch) -> bool {
        let blocks = &mut scratch.0[..self.how.params().block_count()];
        let mut hash = vec![0; self.hash.len()];
        let made = self
            .how
            .hash_password_into_with_memory(password, &self.salt, &mut hash, blocks);
        // All that it could object to was looked at when the hash was read: an error here must not
        // be taken for a wrong password.
        made.unwrap_or_else(|error| panic!("a hash of these parameters was made before: {error}"));
        hash.ct_eq(&self.hash).into()
    }
}

impl Scratch {
    /// Room for so many blocks; none when the memory of the plugin does not hold them.
    pub fn new(blocks: usize) -> Option<Self> {
        let mut room = Vec::new();
        room.try_reserve_exact(blocks).ok()?;
        room.resize(blocks, Block::default());
        Some(Scratch(room))
    }
}
