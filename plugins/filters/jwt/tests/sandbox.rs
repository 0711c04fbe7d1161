//! The built component in the proxy's sandbox: signatures within the deadline, keys that are
//! fetched once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tidegate_testkit::{Component, FilterPlugin, Host, Limits, Reply, Request, Verdict, build};

/// Of HS256 with the secret below: `ann`, for `api`, without an end.
const ANN: &str = "eyJhbGciOiAiSFMyNTYifQ.eyJzdWIiOiAiYW5uIiwgImF1ZCI6ICJhcGkifQ.baBBRGlURmlUsbsm5ldDqCK65O6k4tkrXaYUbexy6ac";
/// The same claims without a signature, and with a signature that is none of Ed25519.
const UNSECURED: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4iLCJhdWQiOiJhcGkifQ.";
const FORGED: &str = "eyJhbGciOiAiRWREU0EiLCAia2lkIjogIjEifQ.eyJzdWIiOiAiYW5uIiwgImF1ZCI6ICJhcGkifQ.4InH8J0kdZNXj8qbQ-Ls2e58F9eiwxvgVeal3AuTm-k";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// Claims of RFC 7515, appendix A: long over, which a filter says only of what is rightly signed.
const JOE: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const RS256: (&str, &str, &str) = (
    include_str!("../src/tests/rs256.pem"),
    "eyJhbGciOiJSUzI1NiJ9",
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
);
const ES256: (&str, &str, &str) = (
    include_str!("../src/tests/es256.pem"),
    "eyJhbGciOiJFUzI1NiJ9",
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
);

fn component() -> Component {
    build!("plugin")
}

/// With the deadline that the proxy gives this plugin: a signature of ES256 takes a good part
/// of the usual 2 ms.
fn host() -> Host {
    let host = Host::new();
    host.limits(Limits {
        deadline: Duration::from_millis(20),
        ..Limits::default()
    });
    host
}

/// Why a token does not pass, from the challenge; none when it does.
fn refusal(host: &Host, filter: &mut FilterPlugin, token: &str) -> Option<String> {
    let bearer = format!("Bearer {token}");
    host.request(Request::get("/").header("authorization", bearer));
    filter.next();
    match filter.on_request().unwrap() {
        Verdict::Answer(reply) => {
            let challenge = reply.field("www-authenticate").unwrap_or_default();
            let challenge = String::from_utf8_lossy(challenge);
            Some(format!("{} {challenge}", reply.status))
        }
        _ => None,
    }
}

#[test]
fn a_token_passes_with_its_claims_and_a_changed_one_does_not() {
    let host = host();
    let config = format!(
        r#"{{"keys": [{{"secret": "{SECRET}"}}], "audience": "api", "require_exp": false,
            "attributes": {{"user": "sub"}}}}"#
    );
    let mut filter = host.filter(&component(), &config).unwrap();
    assert_eq!(refusal(&host, &mut filter, ANN), None);
    let Verdict::Edit(edits) = filter.on_request().unwrap() else {
        panic!("it passes")
    };
    assert_eq!(edits.attributes, [("user".to_owned(), "ann".to_owned())]);
    for wrong in [&ANN[..ANN.len() - 4], UNSECURED, FORGED, "", "a.b.c"] {
        let why = refusal(&host, &mut filter, wrong).unwrap();
        assert!(why.starts_with("401 "), "{wrong}: {why}");
    }
}

#[test]
fn public_key_signatures_are_checked_within_the_deadline() {
    for (pem, header, signature) in [RS256, ES256] {
        let host = host();
        let pem = pem.replace('\n', "\\n");
        let config = format!(r#"{{"keys": [{{"pem": "{pem}"}}], "audience": "*"}}"#);
        let mut filter = host.filter(&component(), &config).unwrap();
        let token = format!("{header}.{JOE}.{signature}");
        let why = refusal(&host, &mut filter, &token).unwrap();
        assert!(why.contains("has expired"), "its signature is right: {why}");
        let other = token.replace(".eyJ", ".eyK");
        let why = refusal(&host, &mut filter, &other).unwrap();
        assert!(!why.contains("has expired"), "{why}");
    }
}

#[test]
fn keys_are_fetched_once_for_all_instances() {
    let host = host();
    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    host.answers("idp", move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        let ed25519 = r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "1",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
        Ok(Reply::new(200).text(ed25519))
    });
    let config = r#"{"jwks": {"upstream": "idp", "path": "/keys"}, "audience": "api"}"#;
    let one = host.filter(&component(), config).unwrap();
    assert!(one.waits());
    let other = host.filter(&component(), config).unwrap();
    for mut filter in [one, other] {
        let why = refusal(&host, &mut filter, FORGED).unwrap();
        assert!(why.starts_with("401 "), "the key is there: {why}");
    }
    let asked = asked.load(Ordering::Relaxed);
    assert_eq!(asked, 1, "what one has fetched the other has");
}
