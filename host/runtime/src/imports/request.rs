//! `request`: the exchange that the current call is about; empty outside of one.

use crate::bindings::tidegate::plugin::request::Host as Request;
use crate::instance::Host;
use crate::view::Exchange;
use http::header::COOKIE;
use std::net::IpAddr;
use wasmtime::Result;

impl Request for Host {
    fn method(&mut self) -> Result<String> {
        Ok(self.read(|exchange| exchange.head().method.as_str().to_owned()))
    }

    fn scheme(&mut self) -> Result<String> {
        Ok(self.read(|exchange| exchange.scheme().to_owned()))
    }

    fn authority(&mut self) -> Result<String> {
        Ok(self.read(|exchange| exchange.authority().to_owned()))
    }

    fn path(&mut self) -> Result<String> {
        Ok(self.read(|exchange| exchange.head().uri.path().to_owned()))
    }

    fn query_parameter(&mut self, name: String) -> Result<Option<String>> {
        Ok(self.read(|exchange| parameter(exchange.head().uri.query()?, &name)))
    }

    fn query(&mut self) -> Result<Option<String>> {
        Ok(self.read(|exchange| exchange.head().uri.query().map(str::to_owned)))
    }

    fn header(&mut self, name: String) -> Result<Option<Vec<u8>>> {
        Ok(self.read(|exchange| Some(exchange.head().headers.get(&name)?.as_bytes().to_vec())))
    }

    fn headers(&mut self) -> Result<Vec<(String, Vec<u8>)>> {
        Ok(self.read(|exchange| {
            let fields = exchange.head().headers.iter();
            fields
                .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
                .collect()
        }))
    }

    fn cookie(&mut self, name: String) -> Result<Option<String>> {
        Ok(self.read(|exchange| cookie(exchange, &name).map(str::to_owned)))
    }

    fn client_address(&mut self) -> Result<String> {
        Ok(self.read(|exchange| exchange.client().to_canonical().to_string()))
    }

    fn client_hash(&mut self) -> Result<u64> {
        Ok(self.read(|exchange| hash(exchange.client())))
    }

    fn attribute(&mut self, name: String) -> Result<Option<String>> {
        Ok(self.read(|exchange| exchange.attribute(&name).map(str::to_owned)))
    }

    fn route(&mut self) -> Result<String> {
        Ok(self.read(|exchange| exchange.route().to_owned()))
    }

    fn attempt(&mut self) -> Result<u32> {
        Ok(self.read(|exchange| exchange.attempt()))
    }
}

impl Host {
    fn read<R: Default>(&self, f: impl FnOnce(&dyn Exchange) -> R) -> R {
        self.exchange.as_deref().map(f).unwrap_or_default()
    }
}

/// First cookie of that name in the order of the fields (RFC 6265, 4.2 and 5.4).
fn cookie<'a>(exchange: &'a dyn Exchange, name: &str) -> Option<&'a str> {
    exchange
        .head()
        .headers
        .get_all(COOKIE)
        .iter()
        .find_map(|field| {
            let pairs = std::str::from_utf8(field.as_bytes()).ok()?.split(';');
            pairs
                .filter_map(|pair| pair.split_once('='))
                .find_map(|(key, value)| {
                    let value = value.trim();
                    let bare = value
                        .strip_prefix('"')
                        .and_then(|rest| rest.strip_suffix('"'));
                    (key.trim() == name).then(|| bare.unwrap_or(value))
                })
        })
}

/// First parameter of that name, decoded as a form's (WHATWG URL, 5.1).
fn parameter(query: &str, name: &str) -> Option<String> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key) == name).then(|| decode(value))
    })
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

/// FNV-1a over the address's bytes with a finaliser (murmur3's): stable across
/// processes and versions, which a sticky choice needs. An IPv4 address mapped into
/// IPv6 is the same client.
fn hash(address: IpAddr) -> u64 {
    let fold = |octets: &[u8]| {
        octets.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    let mut hash = match address.to_canonical() {
        IpAddr::V4(v4) => fold(&v4.octets()),
        IpAddr::V6(v6) => fold(&v6.octets()),
    };
    hash = (hash ^ hash >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ hash >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ hash >> 33
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        assert_eq!(
            parameter("a=1&b=x%20y+z&b=2", "b").as_deref(),
            Some("x y z")
        );
        assert_eq!(parameter("a%3D=%zz%4", "a=").as_deref(), Some("%zz%4"));
        assert_eq!(parameter("flag&x=1", "flag").as_deref(), Some(""));
        assert_eq!(parameter("x=1", "y"), None);
    }

    #[test]
    fn a_mapped_address_is_the_same_client() {
        let v4: IpAddr = "192.0.2.1".parse().unwrap();
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(hash(v4), hash(mapped));
        assert_ne!(hash(v4), hash("192.0.2.2".parse().unwrap()));
    }
}
