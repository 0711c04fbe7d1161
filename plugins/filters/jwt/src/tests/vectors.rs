//! Tokens and keys of RFC 7515, appendix A.1 to A.3, RFC 7519, 6.1, and RFC 8037, appendix A.

use super::*;
use crate::key::Key;

/// The claims of RFC 7515: `joe`, until 1300819380.
const JOE: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

const HS256: (&str, &str, &str) = (
    r#"{"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#,
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
);
const RS256: (&str, &str, &str) = (
    r#"{"kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#,
    "eyJhbGciOiJSUzI1NiJ9",
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
);
const ES256: (&str, &str, &str) = (
    r#"{"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
    "eyJhbGciOiJFUzI1NiJ9",
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
);
const ED25519: &str =
    r#"{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const ED25519_TOKEN: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

fn jwk(text: &str) -> Key {
    let key = Key::jwk(&serde_json::from_str(text).unwrap());
    key.unwrap_or_else(|problem| panic!("{problem}"))
}

/// A filter for the time of the standard's tokens.
fn of_joe(host: &Host, key: &str) -> FilterPlugin<Jwt> {
    host.set_wall(Duration::from_secs(1_300_819_379));
    let config = format!(
        r#"{{"keys": [{{"jwk": {key}}}], "audience": "*", "issuer": "joe", "leeway": "0ms",
            "attributes": {{"user": "iss", "root": "http://example.com/is_root"}}}}"#
    );
    host.filter(&config).unwrap()
}

#[test]
fn the_tokens_of_rfc_7515_pass_with_their_keys_and_no_others() {
    let all = [HS256, RS256, ES256];
    for (key, _, _) in all {
        let host = Host::new();
        let mut filter = of_joe(&host, key);
        for (of, header, signature) in all {
            let passes = refusal(
                &host,
                &mut filter,
                bearer(&format!("{header}.{JOE}.{signature}")),
            );
            assert_eq!(passes.is_none(), of == key, "{passes:?}");
            if of == key {
                assert_eq!(request::attribute("user").as_deref(), Some("joe"));
                assert_eq!(request::attribute("root").as_deref(), Some("true"));
            }
        }
        host.advance(Duration::from_secs(1));
        let (_, header, signature) = all.into_iter().find(|(of, _, _)| *of == key).unwrap();
        let late = refused(&host, &mut filter, &format!("{header}.{JOE}.{signature}"));
        assert!(late.contains("has expired"), "{late}");
    }
}

#[test]
fn one_bit_more_or_less_is_another_token() {
    for (key, header, signature) in [HS256, RS256, ES256] {
        let host = Host::new();
        let mut filter = of_joe(&host, key);
        let mut bytes = Base64UrlUnpadded::decode_vec(signature).unwrap();
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            bytes[at] ^= 1;
            let other = Base64UrlUnpadded::encode_string(&bytes);
            let why = refused(&host, &mut filter, &format!("{header}.{JOE}.{other}"));
            assert!(why.contains("signature is wrong"), "{why}");
            bytes[at] ^= 1;
        }
        let other = Base64UrlUnpadded::encode_string(&bytes[1..]);
        refused(&host, &mut filter, &format!("{header}.{JOE}.{other}"));
    }
}

#[test]
fn the_token_of_rfc_8037_is_signed_by_its_key() {
    let key = jwk(ED25519);
    let mut token = Token::parse(ED25519_TOKEN).unwrap();
    assert_eq!(token.payload, b"Example of Ed25519 signing");
    assert!(key.may_be(&token) && key.has_signed(&token));
    token.signature[0] ^= 1;
    assert!(!key.has_signed(&token));
    assert!(!jwk(ES256.0).may_be(&token));
}

#[test]
fn the_unsecured_token_of_rfc_7519_is_refused() {
    let host = Host::new();
    let mut filter = of_joe(&host, HS256.0);
    let why = refused(&host, &mut filter, &format!("eyJhbGciOiJub25lIn0.{JOE}."));
    assert!(why.contains("unknown"), "{why}");
}

#[test]
fn a_public_key_is_no_secret() {
    // The old confusion: HS256, with the public key as the secret.
    let host = Host::new();
    let mut filter = of_joe(&host, RS256.0);
    let why = refused(
        &host,
        &mut filter,
        &format!("{}.{JOE}.{}", HS256.1, HS256.2),
    );
    assert!(why.contains("unknown"), "{why}");
}

#[test]
fn a_key_may_be_written_as_pem() {
    let token = |(_, header, signature): (&str, &str, &str)| format!("{header}.{JOE}.{signature}");
    for (pem, token) in [
        (include_str!("rs256.pem"), token(RS256)),
        (include_str!("es256.pem"), token(ES256)),
        (include_str!("ed25519.pem"), ED25519_TOKEN.to_owned()),
    ] {
        let key = Key::pem(pem).unwrap_or_else(|problem| panic!("{problem}"));
        let token = Token::parse(&token).unwrap();
        assert!(key.may_be(&token) && key.has_signed(&token));
    }
    assert!(Key::pem(&include_str!("es256.pem").replace("PUBLIC", "PRIVATE")).is_err());
}

#[test]
fn a_key_that_is_for_something_else_is_not_taken() {
    for (key, why) in [
        (
            ES256.0.replace('{', r#"{"use": "enc", "#),
            "not a key to check",
        ),
        (
            ES256.0.replace('{', r#"{"key_ops": ["sign"], "#),
            "not a key to check",
        ),
        (
            ES256.0.replace('{', r#"{"alg": "RS256", "#),
            "is not for `RS256`",
        ),
        (ES256.0.replace("x_FE", "x_FF"), "not a point"),
        (ES256.0.replace("f83O", ""), "32 bytes"),
        (RS256.0.replace("AQAB", "!"), "not base64url"),
    ] {
        let problem = Key::jwk(&serde_json::from_str(&key).unwrap()).err();
        let problem = problem.unwrap_or_else(|| panic!("{key}"));
        assert!(problem.contains(why), "{problem}");
    }
    let used = ES256.0.replace(
        '{',
        r#"{"use": "sig", "key_ops": ["verify"], "alg": "ES256", "#,
    );
    jwk(&used);
}
