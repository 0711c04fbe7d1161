//! What an endpoint is told of the client, and the trace that a message leaves.
//!
//! Everything here is what the host saw itself. What the client says of the same is removed
//! in every spelling: frameworks that pass fields as environment variables (RFC 3875, 4.1.18)
//! do not tell `X_Forwarded_For` from `X-Forwarded-For`.

use super::Origin;
use http::header::FORWARDED;
use http::{HeaderMap, HeaderName, HeaderValue, Version};
use pingora::http::RequestHeader;
use std::io::Write;
use std::net::IpAddr;

static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
static X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// All that a client could forge.
const ABOUT_THE_CLIENT: [&str; 6] = [
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-real-ip",
    "forwarded",
];

/// Replaces whatever the request says of its client.
pub(super) fn replace(up: &mut RequestHeader, origin: &Origin<'_>) -> pingora::Result<()> {
    for name in [&FORWARDED, &X_FORWARDED_PORT, &X_REAL_IP] {
        up.remove_header(name);
    }
    for name in in_disguise(&up.headers) {
        up.remove_header(&name);
    }
    let client = address(origin.client);
    let chain = match origin.appended {
        true => chain(&up.headers, &client),
        false => client,
    };
    up.insert_header("X-Forwarded-For", chain)?;
    up.insert_header("X-Forwarded-Proto", HeaderValue::from_static(origin.scheme))?;
    if origin.authority.is_empty() {
        up.remove_header(&X_FORWARDED_HOST);
        return Ok(());
    }
    up.insert_header("X-Forwarded-Host", origin.authority)
}

/// What a trusted proxy says, and whom it is (nearly RFC 7239, 4).
fn chain(headers: &HeaderMap, peer: &HeaderValue) -> HeaderValue {
    let said = headers.get_all("x-forwarded-for").iter();
    let said = said
        .map(HeaderValue::as_bytes)
        .filter(|line| !line.is_empty());
    let all: Vec<&[u8]> = said.chain([peer.as_bytes()]).collect();
    // Parts of valid values are one.
    HeaderValue::from_bytes(&all.join(&b", "[..])).unwrap_or_else(|_| peer.clone())
}

/// Tells the subject of the client's certificate, or that there is none: what the client says
/// of it itself is gone, in every spelling.
///
/// # Errors
///
/// When there is no room for one more field.
pub fn tell_subject(
    up: &mut RequestHeader,
    name: &HeaderName,
    subject: Option<&str>,
) -> pingora::Result<()> {
    let ours = name.as_str();
    let disguised = up.headers.keys().filter(|name| {
        name.as_str().len() == ours.len() && name.as_str().replace('_', "-") == ours
    });
    for name in disguised.cloned().collect::<Vec<_>>() {
        up.remove_header(&name);
    }
    // Text that is not ASCII is sent as it is: obs-text (RFC 9110, 5.5).
    match subject.and_then(|subject| HeaderValue::from_bytes(subject.as_bytes()).ok()) {
        Some(subject) => up.insert_header(name.clone(), subject),
        None => Ok(()),
    }
}

/// This host's member of a `Via` list: the version that the message came in, and a pseudonym
/// (RFC 9110, 7.6.3).
pub(super) fn via(received: Version) -> HeaderValue {
    HeaderValue::from_static(match received {
        Version::HTTP_09 => "0.9 tidegate",
        Version::HTTP_10 => "1.0 tidegate",
        Version::HTTP_2 => "2.0 tidegate",
        Version::HTTP_3 => "3.0 tidegate",
        _ => "1.1 tidegate",
    })
}

/// Names that differ from ours only in `_` for `-`. Nearly always none.
fn in_disguise(headers: &HeaderMap) -> Vec<HeaderName> {
    let is_ours = |name: &str, ours: &str| {
        let same = |(a, b): (u8, u8)| a == b || (a == b'_' && b == b'-');
        name.len() == ours.len() && name.bytes().zip(ours.bytes()).all(same)
    };
    let names = headers.keys().filter(|name| {
        let name = name.as_str();
        name.contains('_') && ABOUT_THE_CLIENT.iter().any(|ours| is_ours(name, ours))
    });
    names.cloned().collect()
}

/// An IPv4 client of a dual-stack listener is shown as IPv4.
fn address(client: IpAddr) -> HeaderValue {
    /// `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`
    const LONGEST: usize = 45;
    let mut text = [0; LONGEST];
    let mut rest = &mut text[..];
    // Fits, and is ASCII: were it ever not, no address is better than a wrong one.
    let written = write!(rest, "{}", client.to_canonical()).map(|()| LONGEST - rest.len());
    let value = written
        .ok()
        .and_then(|len| HeaderValue::from_bytes(&text[..len]).ok());
    value.unwrap_or(HeaderValue::from_static("unknown"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(client: &str) -> Origin<'_> {
        Origin {
            client: client.parse().expect("an address"),
            appended: false,
            scheme: "https",
            authority: "a.test:8443",
            received: Version::HTTP_11,
            upgrade: false,
            trailers: false,
        }
    }

    #[test]
    fn a_client_cannot_say_who_it_is() {
        let mut up = RequestHeader::build("GET", b"/", None).expect("a request");
        for name in [
            "X-Forwarded-For",
            "x_forwarded_for",
            "X-Forwarded_For",
            "X-Forwarded-Proto",
            "X-Forwarded-Host",
            "X_Forwarded_Host",
            "X-Forwarded-Port",
            "X-Real-IP",
            "x_real_ip",
            "Forwarded",
        ] {
            up.append_header(name, "forged").expect("a field");
            up.append_header(name, "twice").expect("a field");
        }
        up.append_header("x_other", "kept").expect("a field");
        replace(&mut up, &origin("10.0.0.9")).expect("room");

        let mut lines: Vec<_> = up.headers.iter().collect();
        lines.sort_by_key(|(name, _)| name.as_str());
        let lines: Vec<_> = lines
            .iter()
            .map(|(name, value)| format!("{name}: {value:?}"))
            .collect();
        assert_eq!(
            lines,
            [
                "x-forwarded-for: \"10.0.0.9\"",
                "x-forwarded-host: \"a.test:8443\"",
                "x-forwarded-proto: \"https\"",
                "x_other: \"kept\"",
            ]
        );
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_named() {
        let mut up = RequestHeader::build("GET", b"/", None).expect("a request");
        for line in ["203.0.113.7", "10.0.0.1, 10.0.0.2"] {
            up.append_header("X-Forwarded-For", line).expect("a field");
        }
        let origin = Origin {
            appended: true,
            ..origin("10.0.0.9")
        };
        replace(&mut up, &origin).expect("room");
        let chain = up
            .headers
            .get_all("x-forwarded-for")
            .iter()
            .collect::<Vec<_>>();
        assert_eq!(chain, ["203.0.113.7, 10.0.0.1, 10.0.0.2, 10.0.0.9"]);
    }

    #[test]
    fn a_client_cannot_say_what_its_certificate_is() {
        let name = HeaderName::from_static("x-client-subject");
        for (subject, lines) in [(Some("CN=one"), vec!["CN=one"]), (None, vec![])] {
            let mut up = RequestHeader::build("GET", b"/", None).expect("a request");
            for forged in ["X-Client-Subject", "x_client_subject", "X-Client_Subject"] {
                up.append_header(forged, "CN=root").expect("a field");
            }
            tell_subject(&mut up, &name, subject).expect("room");
            let told: Vec<_> = up.headers.values().collect();
            assert_eq!(told, lines);
        }
    }

    #[test]
    fn without_an_authority_none_is_claimed() {
        let mut up = RequestHeader::build("GET", b"/", None).expect("a request");
        up.append_header("X-Forwarded-Host", "forged")
            .expect("a field");
        replace(
            &mut up,
            &Origin {
                authority: "",
                ..origin("::1")
            },
        )
        .expect("room");
        assert!(!up.headers.contains_key("x-forwarded-host"));
    }

    #[test]
    fn addresses_are_written_in_full_whatever_their_length() {
        let longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
        for (client, text) in [
            (longest, longest),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("255.255.255.255", "255.255.255.255"),
        ] {
            assert_eq!(address(client.parse().expect("an address")), text);
        }
    }
}
