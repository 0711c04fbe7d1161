//! What a client says of itself (RFC 7617, 2).

use base64ct::{Base64, Encoding};

pub struct Credentials {
    pub name: String,
    pub password: Vec<u8>,
}

impl Credentials {
    /// From the value of `authorization`.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let value = std::str::from_utf8(value).ok()?;
        let (scheme, token) = value.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let pair = Base64::decode_vec(token.trim()).ok()?;
        let colon = pair.iter().position(|&byte| byte == b':')?;
        Some(Credentials {
            name: String::from_utf8(pair[..colon].to_vec()).ok()?,
            password: pair[colon + 1..].to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard_is_read() {
        for value in [
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            "basic  QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        ] {
            let read = Credentials::parse(value.as_bytes()).unwrap();
            assert_eq!(
                (&*read.name, &*read.password),
                ("Aladdin", &b"open sesame"[..])
            );
        }
        // `test` and `123£`, in UTF-8.
        let read = Credentials::parse(b"Basic dGVzdDoxMjPCow==").unwrap();
        assert_eq!((&*read.name, &*read.password), ("test", "123£".as_bytes()));
    }

    #[test]
    fn nonsense_is_nobody() {
        for value in [
            "",
            "Basic",
            "Basic ",
            "Bearer QTpi",
            "Basic QQ==",
            "Basic !",
            "Basic /zo=",
        ] {
            assert!(Credentials::parse(value.as_bytes()).is_none(), "{value}");
        }
    }
}
