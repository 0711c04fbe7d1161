//! The two messages of the health protocol, as they are framed by gRPC.

use bytes::Bytes;

/// The flag that says whether a message is compressed, and its length.
const PREFIX: usize = 5;

/// A `HealthCheckRequest`: `string service = 1`.
pub(super) fn request(service: &str) -> Bytes {
    let mut message = Vec::new();
    if !service.is_empty() {
        message.push(0x0a); // Field 1, a length and as many bytes.
        let mut length = service.len();
        while length >= 0x80 {
            message.push(length as u8 | 0x80);
            length >>= 7;
        }
        message.push(length as u8);
        message.extend_from_slice(service.as_bytes());
    }
    let mut framed = vec![0]; // Not compressed.
    framed.extend_from_slice(&(message.len() as u32).to_be_bytes());
    framed.append(&mut message);
    framed.into()
}

/// The field of a `HealthCheckResponse`, `ServingStatus status = 1`: 0 if it is not there.
/// None if this is not one message of that kind.
pub(super) fn status(framed: &[u8]) -> Option<u64> {
    let (prefix, mut rest) = framed.split_at_checked(PREFIX)?;
    let length = u32::from_be_bytes(prefix[1..].try_into().ok()?);
    if prefix[0] != 0 || rest.len() != length as usize {
        return None;
    }
    let mut status = 0;
    while !rest.is_empty() {
        let key = varint(&mut rest)?;
        match key & 7 {
            0 => {
                let value = varint(&mut rest)?;
                if key >> 3 == 1 {
                    status = value;
                }
            }
            1 => skip(&mut rest, 8)?,
            2 => {
                let length = varint(&mut rest)?;
                skip(&mut rest, usize::try_from(length).ok()?)?;
            }
            5 => skip(&mut rest, 4)?,
            _ => return None,
        }
    }
    Some(status)
}

fn skip(bytes: &mut &[u8], length: usize) -> Option<()> {
    *bytes = bytes.get(length..)?;
    Some(())
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for place in 0..10 {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f).checked_shl(7 * place)?;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_is_encoded() {
        assert_eq!(&request("")[..], [0, 0, 0, 0, 0]);
        assert_eq!(&request("ab")[..], [0, 0, 0, 0, 4, 0x0a, 2, b'a', b'b']);
        let long = request(&"x".repeat(300));
        assert_eq!(&long[..8], [0, 0, 0, 1, 47, 0x0a, 0xac, 2]);
        assert_eq!(long.len(), 8 + 300);
    }

    #[test]
    fn an_answer_is_decoded() {
        let framed = |message: &[u8]| {
            let mut framed = vec![0, 0, 0, 0, message.len() as u8];
            framed.extend_from_slice(message);
            framed
        };
        assert_eq!(status(&framed(&[])), Some(0), "a default is not sent");
        assert_eq!(status(&framed(&[8, 1])), Some(1));
        assert_eq!(
            status(&framed(&[8, 1, 8, 2])),
            Some(2),
            "the last one counts"
        );
        let others = [
            &[0x12, 2, 8, 7][..],
            &[0x19, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0x25, 0, 0, 0, 0],
            &[0x28, 5],
            &[8, 1],
        ];
        assert_eq!(status(&framed(&others.concat())), Some(1));
        for garbled in [&[8][..], &[0x12, 9, 1], &[8, 0x80], &[0x0b], &[8; 0]] {
            let mut framed = framed(garbled);
            if garbled.is_empty() {
                framed[0] = 1; // It says that it is compressed.
            }
            assert_eq!(status(&framed), None, "{garbled:?}");
        }
        assert_eq!(status(&[0, 0, 0, 0]), None);
        assert_eq!(status(&[0, 0, 0, 0, 1]), None);
    }

    proptest! {
        #[test]
        fn no_answer_is_too_odd(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut framed = vec![0, 0, 0, 0, bytes.len() as u8];
            framed.extend_from_slice(&bytes);
            let _ = status(&framed);
            let _ = status(&bytes);
        }
    }
}
