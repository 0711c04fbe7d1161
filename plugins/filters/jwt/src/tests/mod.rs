//! The filter as a whole; the standards' own tokens are in `vectors`.

mod fetched;
mod vectors;

use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tidegate_sdk::testing::{FilterPlugin, Host, Request};

use super::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// What the tests take for now.
const NOW: u64 = 1_700_000_000;

/// A token of HS256 with this header and these claims.
fn signed(header: &str, claims: &str) -> String {
    let part = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
    let signed = format!("{}.{}", part(header), part(claims));
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    let signature = mac.chain_update(&signed).finalize().into_bytes();
    format!("{signed}.{}", Base64UrlUnpadded::encode_string(&signature))
}

fn token(claims: &str) -> String {
    signed(r#"{"alg":"HS256"}"#, claims)
}

fn valid() -> String {
    token(&format!(
        r#"{{"sub":"ann","aud":"api","exp":{}}}"#,
        NOW + 60
    ))
}

/// A filter with the secret, for the audience `api`.
fn filter(host: &Host, more: &str) -> FilterPlugin<Jwt> {
    host.set_wall(Duration::from_secs(NOW));
    let config = format!(r#"{{"keys": [{{"secret": "{SECRET}"}}], "audience": "api"{more}}}"#);
    host.filter(&config).unwrap()
}

fn bearer(token: &str) -> Request {
    Request::get("/").header("authorization", format!("Bearer {token}"))
}

/// Why a request does not pass, from the challenge; none when it does.
fn refusal(host: &Host, filter: &mut FilterPlugin<Jwt>, request: Request) -> Option<String> {
    host.request(request);
    match filter.on_request() {
        Verdict::Edit(_) => None,
        Verdict::Answer(reply) if reply.status == 503 => Some("503".to_owned()),
        Verdict::Answer(reply) => {
            assert_eq!(reply.status, 401);
            let challenge = reply.field("www-authenticate").unwrap().to_vec();
            Some(String::from_utf8(challenge).unwrap())
        }
        Verdict::Pass => panic!("nobody passes without edits"),
    }
}

fn refused(host: &Host, filter: &mut FilterPlugin<Jwt>, token: &str) -> String {
    refusal(host, filter, bearer(token)).expect(token)
}

#[test]
fn claims_are_given_on_and_the_clients_own_fields_are_not() {
    let host = Host::new();
    let more = r#", "attributes": {"user": "sub", "none": "none"},
        "headers": {"X-User": "sub", "x-admin": "admin", "x-roles": "roles", "x-bad": "bad",
                    "x-long": "long", "x-level": "level"}, "forward": false"#;
    let mut filter = filter(&host, more);
    let long = "x".repeat(513);
    let claims = format!(
        r#"{{"sub":"ann","aud":["other","api"],"exp":{},"roles":["a","b"],"bad":"a\nb","long":"{long}","level":3}}"#,
        NOW + 60
    );
    let request = bearer(&token(&claims))
        .header("x-admin", "true")
        .header("x-bad", "c");
    assert_eq!(refusal(&host, &mut filter, request), None);
    assert_eq!(request::attribute("user").as_deref(), Some("ann"));
    assert_eq!(request::attribute("none"), None);
    let fields = request::headers();
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (&**name, std::str::from_utf8(value).unwrap()))
        .collect();
    let expected = [
        ("x-level", "3"),
        ("x-roles", r#"["a","b"]"#),
        ("x-user", "ann"),
    ];
    assert_eq!(fields, expected);
}

#[test]
fn a_token_holds_for_its_time_also_when_it_is_remembered() {
    let host = Host::new();
    let mut filter = filter(&host, r#", "leeway": "10s""#);
    let token = token(&format!(
        r#"{{"aud":"api","nbf":{},"exp":{}.5}}"#,
        NOW + 20,
        NOW + 30
    ));
    assert!(refused(&host, &mut filter, &token).contains("not valid yet"));
    host.advance(Duration::from_secs(10));
    assert_eq!(refusal(&host, &mut filter, bearer(&token)), None);
    host.advance(Duration::from_secs(30));
    assert_eq!(refusal(&host, &mut filter, bearer(&token)), None);
    host.advance(Duration::from_secs(1));
    assert!(refused(&host, &mut filter, &token).contains("has expired"));
}

#[test]
fn a_token_must_be_for_us_and_from_whom_we_trust() {
    let host = Host::new();
    let mut filter = filter(&host, r#", "issuer": ["a", "b"], "require_exp": false"#);
    for (claims, why) in [
        (r#"{"iss":"b","aud":"api"}"#, None),
        (r#"{"iss":"c","aud":"api"}"#, Some("issuer is not trusted")),
        (r#"{"aud":"api"}"#, Some("issuer is not trusted")),
        (r#"{"iss":"a"}"#, Some("for somebody else")),
        (r#"{"iss":"a","aud":["other"]}"#, Some("for somebody else")),
        (
            r#"{"iss":"a","aud":"api","exp":"soon"}"#,
            Some("a date is malformed"),
        ),
        ("[]", Some("claims are malformed")),
    ] {
        let found = refusal(&host, &mut filter, bearer(&token(claims)));
        match why {
            None => assert_eq!(found, None, "{claims}"),
            Some(why) => assert!(
                found.as_ref().is_some_and(|it| it.contains(why)),
                "{claims}: {found:?}"
            ),
        }
    }
}

#[test]
fn a_token_without_an_end_is_refused_unless_it_is_allowed() {
    let host = Host::new();
    let endless = token(r#"{"aud":"api"}"#);
    assert!(refused(&host, &mut filter(&host, ""), &endless).contains("has no end"));
}

#[test]
fn what_a_token_says_of_its_key_is_not_believed() {
    let host = Host::new();
    let mut filter = filter(&host, "");
    let claims = format!(r#"{{"aud":"api","exp":{}}}"#, NOW + 60);
    let none = signed(r#"{"alg":"none"}"#, &claims);
    let (unsigned, _) = none.rsplit_once('.').unwrap();
    let right = valid();
    let (_, signature) = right.rsplit_once('.').unwrap();
    for (token, why) in [
        (none.clone(), "unknown"),
        (format!("{unsigned}."), "unknown"),
        (signed(r#"{"alg":"None"}"#, &claims), "unknown"),
        (signed(r#"{"alg":"RS256"}"#, &claims), "unknown"),
        (signed(r#"{"alg":"HS512"}"#, &claims), "unknown"),
        (
            signed(r#"{"alg":"HS256","crit":["b64"],"b64":false}"#, &claims),
            "extension",
        ),
        (signed(r#"{"typ":"JWT"}"#, &claims), "malformed"),
        (
            format!("{}.{signature}", token(&claims).rsplit_once('.').unwrap().0),
            "signature is wrong",
        ),
        (right[..right.len() - 2].to_owned(), ""),
        (right.replace('.', ""), "malformed"),
        (format!("{right}="), "malformed"),
        ("a.b.c.d.e".to_owned(), "malformed"),
        (String::new(), "malformed"),
        ("x".repeat(9000), "too long"),
    ] {
        let found = refused(&host, &mut filter, &token);
        assert!(
            found.contains("error=\"invalid_token\"") && found.contains(why),
            "{token}: {found}"
        );
    }
    assert_eq!(refusal(&host, &mut filter, bearer(&right)), None);
}

#[test]
fn without_a_token_nothing_is_said_of_it() {
    let host = Host::new();
    let mut filter = filter(&host, r#", "realm": "api""#);
    for request in [
        Request::get("/"),
        Request::get("/").header("authorization", "Basic YTpi"),
        Request::get("/").cookie("session", &valid()),
    ] {
        assert_eq!(
            refusal(&host, &mut filter, request).unwrap(),
            "Bearer realm=\"api\""
        );
    }
}

#[test]
fn a_token_may_be_in_a_cookie() {
    let host = Host::new();
    let mut filter = filter(
        &host,
        r#", "cookie": "session", "attributes": {"user": "sub"}"#,
    );
    assert_eq!(
        refusal(
            &host,
            &mut filter,
            Request::get("/").cookie("session", &valid())
        ),
        None
    );
    assert_eq!(request::attribute("user").as_deref(), Some("ann"));
    assert!(refusal(&host, &mut filter, bearer(&valid())).is_some());
}

#[test]
fn nonsense_is_refused_with_what_to_write() {
    let keys = format!(r#""keys": [{{"secret": "{SECRET}"}}]"#);
    for (config, why) in [
        ("{}".to_owned(), "missing field `audience`"),
        (
            r#"{"audience": "a"}"#.to_owned(),
            "there is no key: write `keys`",
        ),
        (
            r#"{"audience": "a", "keys": [{"secret": "short"}]}"#.to_owned(),
            "keys[0]: a secret of HS256 has",
        ),
        (
            r#"{"audience": "a", "keys": [{"pem": "x"}]}"#.to_owned(),
            "keys[0]: not a public key",
        ),
        (
            r#"{"audience": "a", "keys": [{"jwk": {"kty": "EC", "crv": "P-384"}}]}"#.to_owned(),
            "`EC` with `P-384`",
        ),
        (
            r#"{"audience": "a", "keys": [{"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}}]}"#
                .to_owned(),
            "2048",
        ),
        (
            r#"{"audience": "a", "keys": [{"jwk": {"kty": "RSA", "n": "AQAB"}}]}"#.to_owned(),
            "missing `e`",
        ),
        (
            format!(r#"{{"audience": [], {keys}}}"#),
            "audience: an empty list",
        ),
        (
            format!(r#"{{"audience": "a", "issuer": [], {keys}}}"#),
            "issuer: an empty list",
        ),
        (
            format!(r#"{{"audience": "a", "cookie": "c", "forward": false, {keys}}}"#),
            "forward: ",
        ),
        (
            format!(r#"{{"audience": "a", "headers": {{"host": "sub"}}, {keys}}}"#),
            "belongs to the host",
        ),
        (
            format!(r#"{{"audience": "a", "leeway": 30, {keys}}}"#),
            "leeway: ",
        ),
        (
            format!(r#"{{"audience": "a", "algorithms": ["none"], {keys}}}"#),
            "algorithms: unknown field",
        ),
        (
            r#"{"audience": "a", "jwks": {"upstream": "idp", "path": "keys"}}"#.to_owned(),
            "jwks.path: the path",
        ),
        (
            r#"{"audience": "a", "jwks": {"upstream": "idp", "path": "/", "ttl": "1s"}}"#
                .to_owned(),
            "jwks.ttl",
        ),
    ] {
        let refused = Host::new().filter::<Jwt>(&config).err();
        let refused = refused.unwrap_or_else(|| panic!("{config}"));
        assert!(refused.contains(why), "{config}: {refused}");
    }
}
