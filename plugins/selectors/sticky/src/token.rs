//! The opaque number of an endpoint: SipHash-2-4 (Aumasson, Bernstein 2012) of its identity.

/// What stands in the cookie, as 16 hexadecimal digits in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token(u64);

impl Token {
    /// None for anything that [`Token::digits`] does not write.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 16 {
            return None;
        }
        text.bytes()
            .try_fold(0, |token, byte| {
                let digit = match byte {
                    b'0'..=b'9' => byte - b'0',
                    b'a'..=b'f' => byte - b'a' + 10,
                    _ => return None,
                };
                Some(token << 4 | u64::from(digit))
            })
            .map(Token)
    }

    /// The digits, first the highest.
    pub fn digits(self) -> [u8; 16] {
        std::array::from_fn(|i| b"0123456789abcdef"[(self.0 >> (60 - 4 * i) & 15) as usize])
    }
}

/// 128 bits that the numbers depend on.
#[derive(Debug, Clone, Copy)]
pub struct Key(u64, u64);

impl Key {
    /// The key that stands for a secret of any length.
    pub fn new(secret: &str) -> Self {
        let half = |number| sip_hash(Key(number, 0), secret.as_bytes());
        Key(half(0), half(1))
    }

    /// The number of the endpoint with this id.
    pub fn token(self, id: u64) -> Token {
        Token(sip_hash(self, &id.to_le_bytes()))
    }
}

fn sip_hash(key: Key, bytes: &[u8]) -> u64 {
    let mut v = [
        key.0 ^ 0x736f_6d65_7073_6575,
        key.1 ^ 0x646f_7261_6e64_6f6d,
        key.0 ^ 0x6c79_6765_6e65_7261,
        key.1 ^ 0x7465_6462_7974_6573,
    ];
    let mut absorb = |word: u64| {
        v[3] ^= word;
        rounds(&mut v, 2);
        v[0] ^= word;
    };
    let (words, rest) = bytes.as_chunks::<8>();
    words
        .iter()
        .for_each(|word| absorb(u64::from_le_bytes(*word)));
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    last[7] = bytes.len() as u8;
    absorb(u64::from_le_bytes(last));
    v[2] ^= 0xff;
    rounds(&mut v, 4);
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

fn rounds(v: &mut [u64; 4], count: u32) {
    for _ in 0..count {
        v[0] = v[0].wrapping_add(v[1]);
        v[1] = v[1].rotate_left(13) ^ v[0];
        v[0] = v[0].rotate_left(32);
        v[2] = v[2].wrapping_add(v[3]);
        v[3] = v[3].rotate_left(16) ^ v[2];
        v[0] = v[0].wrapping_add(v[3]);
        v[3] = v[3].rotate_left(21) ^ v[0];
        v[2] = v[2].wrapping_add(v[1]);
        v[1] = v[1].rotate_left(17) ^ v[2];
        v[2] = v[2].rotate_left(32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_one_of_the_paper() {
        let key = Key(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908);
        let bytes: Vec<u8> = (0..15).collect();
        assert_eq!(sip_hash(key, &bytes), 0xa129_ca61_49be_45e5);
        assert_eq!(sip_hash(key, &bytes[..8]), 0x93f5_f579_9a93_2462);
    }

    #[test]
    fn digits_are_read_back_and_nothing_else_is() {
        for id in 0..100 {
            let token = Key::new("secret").token(id);
            let digits = String::from_utf8(token.digits().to_vec()).unwrap();
            assert_eq!(Token::parse(&digits), Some(token));
            assert_eq!(Token::parse(&digits[1..]), None);
        }
        for text in [
            "",
            "0123456789ABCDEF",
            "0123456789abcdeg",
            "+123456789abcdef",
            "é23456789abcdef",
        ] {
            assert_eq!(Token::parse(text), None, "{text}");
        }
    }

    #[test]
    fn another_secret_makes_other_numbers() {
        assert_ne!(Key::new("one").token(1), Key::new("two").token(1));
        assert_ne!(Key::new("").token(1), Key::new("two").token(1));
        assert_ne!(Key::new("one").token(1), Key::new("one").token(2));
    }
}
