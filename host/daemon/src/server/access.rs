//! Who may speak with the admin listener: those with the token, or with a certificate.
//!
//! Of the token only its digest is kept: comparing two digests takes the same time whatever they
//! are, and tells nothing of the token's length either.

use super::tls;
use crate::config::value::{Admin, Token};
use crate::config::{Problem, Secret};
use arc_swap::ArcSwap;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use tokio_rustls::rustls::ServerConfig;

/// Larger files are no tokens.
const LARGEST_FILE: u64 = 4 << 10;

/// What is asked of those who connect.
pub struct Access {
    token: Option<[u8; 32]>,
    tls: Option<Arc<ServerConfig>>,
}

impl Access {
    /// Reads the token, the certificates and their keys.
    ///
    /// # Errors
    /// Every file that cannot be used, and why.
    pub fn load(admin: &Admin) -> Result<Self, Vec<Problem>> {
        let token = admin.token.as_ref().map(token).transpose();
        let tls = admin.tls.as_ref().map(|tls| {
            const SPEAKS: &[&[u8]] = &[b"http/1.1"];
            tls::server(tls, "admin", SPEAKS)
        });
        match (token, tls.transpose()) {
            (Ok(token), Ok(tls)) => Ok(Self {
                token: token.map(|token| digest(token.reveal().as_bytes())),
                tls,
            }),
            (token, tls) => {
                let token = token.err().into_iter();
                Err(token.chain(tls.err().into_iter().flatten()).collect())
            }
        }
    }

    /// What handshakes are made with; none in the clear.
    pub fn tls(&self) -> Option<&Arc<ServerConfig>> {
        self.tls.as_ref()
    }

    /// Whether these fields have the token, or none is needed.
    pub fn permits(&self, fields: &HeaderMap) -> bool {
        let Some(token) = &self.token else {
            return true;
        };
        let mut said = fields.get_all(AUTHORIZATION).iter();
        let (Some(said), None) = (said.next(), said.next()) else {
            return false;
        };
        let Some((scheme, said)) = split(said.as_bytes()) else {
            return false;
        };
        scheme.eq_ignore_ascii_case(b"bearer") && bool::from(digest(said).ct_eq(token))
    }
}

/// A scheme and what follows it (RFC 9110, 11.4).
fn split(credentials: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = credentials.iter().position(|byte| *byte == b' ')?;
    let (scheme, rest) = credentials.split_at(space);
    Some((scheme, rest.trim_ascii()))
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The token of the admin listener, read from its file if it is in one.
///
/// # Errors
/// Why the file has none. Nothing of its content is in that.
pub fn token(written: &Token) -> Result<Secret, Problem> {
    match written {
        Token::Written(secret) => Ok(secret.clone()),
        Token::File { path, place } => token_in(path).map_err(|(message, help)| Problem {
            place: Some(place.clone()),
            path: "admin.token_file".into(),
            message,
            help,
        }),
    }
}

/// The token in a file, without the white space around it.
///
/// # Errors
/// What is wrong, and what to do.
pub fn token_in(path: &Path) -> Result<Secret, (String, Option<String>)> {
    use std::io::Read;
    let shown = path.display();
    let mut text = String::new();
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(LARGEST_FILE).read_to_string(&mut text));
    read.map_err(|error| (format!("cannot read {shown}: {error}"), None))?;
    Secret::token(text.trim()).map_err(|(message, help)| {
        let message = format!("there is no token in {shown}: {message}");
        (message, Some(help.to_owned()))
    })
}

/// The admin listener's address, with what is asked there now.
pub struct Door {
    address: SocketAddr,
    access: ArcSwap<Access>,
}

impl Door {
    /// A door at the configured address.
    pub fn new(address: SocketAddr, access: Access) -> Arc<Self> {
        Arc::new(Self {
            address,
            access: ArcSwap::from_pointee(access),
        })
    }

    /// What is asked now.
    pub fn access(&self) -> Arc<Access> {
        self.access.load_full()
    }

    /// What a new configuration asks at this address. If it has another one, or none, this one is
    /// served until the next start, and as strictly as before: less may be asked at the other.
    pub fn renew(&self, admin: Option<&Admin>, access: Option<Access>) {
        if let (Some(admin), Some(access)) = (admin, access)
            && admin.address == self.address
        {
            self.access.store(Arc::new(access));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef";

    fn access(token: Option<&str>) -> Access {
        Access {
            token: token.map(|token| digest(token.as_bytes())),
            tls: None,
        }
    }

    fn fields(values: &[&str]) -> HeaderMap {
        let values = values.iter().map(|value| value.parse().unwrap());
        values.map(|value| (AUTHORIZATION, value)).collect()
    }

    #[test]
    fn who_has_the_token_may_speak_and_nobody_else() {
        let access = access(Some(TOKEN));
        for said in ["Bearer 0123456789abcdef", "bearer  0123456789abcdef "] {
            assert!(access.permits(&fields(&[said])), "{said}");
        }
        for said in [
            &[][..],
            &["0123456789abcdef"],
            &["Bearer"],
            &["Bearer "],
            &["Bearer 0123456789abcde"],
            &["Bearer 0123456789abcdef0"],
            &["Bearer 0123456789ABCDEF"],
            &["Bearer 0123456789 abcdef"],
            &["Basic 0123456789abcdef"],
            &["Bearer 0123456789abcdef", "Bearer 0123456789abcdef"],
        ] {
            assert!(!access.permits(&fields(said)), "{said:?}");
        }
    }

    #[test]
    fn where_no_token_is_asked_for_everybody_may_speak() {
        assert!(access(None).permits(&fields(&[])));
    }

    #[test]
    fn a_file_has_a_token_and_a_problem_shows_nothing_of_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, format!("\n {TOKEN}\r\n")).unwrap();
        assert_eq!(token_in(&path).unwrap().reveal(), TOKEN);
        for text in [
            "hush-hush",
            "",
            "hush hush hush hush hush",
            "hush\u{fc}hush-hush-hush",
        ] {
            std::fs::write(&path, text).unwrap();
            let (message, help) = token_in(&path).unwrap_err();
            assert!(message.starts_with("there is no token in "), "{message}");
            assert!(
                !message.contains("hush") && !help.unwrap().contains("hush"),
                "{message}"
            );
        }
        std::fs::remove_file(&path).unwrap();
        assert!(token_in(&path).unwrap_err().0.starts_with("cannot read "));
    }

    #[test]
    fn an_address_that_is_not_served_any_more_stays_as_strict_as_it_was() {
        let address: SocketAddr = "10.0.0.1:9090".parse().unwrap();
        let door = Door::new(address, access(Some(TOKEN)));
        let open = |door: &Door| door.access().permits(&fields(&[]));
        let place = crate::config::Place {
            file: Path::new("t").into(),
            line: 1,
            column: 1,
        };
        let mut admin = Admin {
            address: "127.0.0.1:9090".parse().unwrap(),
            token: None,
            tls: None,
            place,
        };
        door.renew(Some(&admin), Some(access(None)));
        door.renew(None, None);
        assert!(!open(&door));
        admin.address = address;
        door.renew(Some(&admin), Some(access(None)));
        assert!(open(&door));
    }
}
