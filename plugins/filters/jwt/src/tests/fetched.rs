//! Keys that are fetched, and for how long they hold.

use std::cell::Cell;
use std::rc::Rc;

use tidegate_sdk::http_client::Failure;

use super::*;

/// The key of RFC 7515, A.3, under a name, and its token. The token is without `kid`.
const KEY: &str = r#"{"kty": "EC", "crv": "P-256", "KID": "", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
const TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

fn set(id: &str) -> String {
    let key = KEY.replace(r#""KID": """#, &format!(r#""kid": "{id}""#));
    let odd = r#"{"kty": "oct", "k": "c2VjcmV0"}, {"kty": "new"}, 7"#;
    format!(r#"{{"keys": [{odd}, {key}]}}"#)
}

/// The token with the name of a key in its header: signed by nobody, but asked for.
fn named(id: &str) -> String {
    let header = format!(r#"{{"alg":"ES256","kid":"{id}"}}"#);
    let header = Base64UrlUnpadded::encode_string(header.as_bytes());
    format!("{header}.{}", TOKEN.split_once('.').unwrap().1)
}

fn filter(host: &Host) -> FilterPlugin<Jwt> {
    let config = r#"{"audience": "*", "jwks": {"upstream": "idp", "path": "/keys?v=1",
        "ttl": "10m", "refetch": "30s", "stale": "1h", "timeout": "200ms"}}"#;
    host.set_wall(Duration::from_secs(1_300_000_000));
    host.filter(config).unwrap()
}

fn passes(host: &Host, filter: &mut FilterPlugin<Jwt>) -> bool {
    refusal(host, filter, bearer(TOKEN)).is_none()
}

/// An upstream that answers with the set while the cell says so, else not at all.
fn idp(host: &Host) -> Rc<Cell<bool>> {
    let up = Rc::new(Cell::new(true));
    let state = Rc::clone(&up);
    host.answers("idp", move |_| match state.get() {
        true => Ok(Reply::new(200).body(set("one"))),
        false => Err(Failure::Unavailable),
    });
    up
}

fn fetches(host: &Host) -> usize {
    host.callouts().len()
}

#[test]
fn keys_are_fetched_once_for_all_instances() {
    let host = Host::new();
    let (mut one, mut other) = (filter(&host), filter(&host));
    idp(&host);
    assert_eq!(fetches(&host), 0, "not before they are needed");
    assert!(passes(&host, &mut one));
    assert!(passes(&host, &mut one));
    assert!(passes(&host, &mut other), "by what the first has fetched");
    let [fetched] = &host.callouts()[..] else {
        panic!("one fetch");
    };
    assert_eq!(
        (&*fetched.path_and_query, fetched.timeout),
        ("/keys?v=1", 200)
    );
}

#[test]
fn keys_are_fetched_anew_after_their_time_also_for_tokens_that_are_remembered() {
    let host = Host::new();
    let mut filter = filter(&host);
    let up = idp(&host);
    assert!(passes(&host, &mut filter));
    host.advance(Duration::from_secs(599));
    assert!(passes(&host, &mut filter));
    assert_eq!(fetches(&host), 1);
    host.advance(Duration::from_secs(1));
    assert!(passes(&host, &mut filter));
    assert_eq!(fetches(&host), 2);

    up.set(false);
    host.advance(Duration::from_secs(600));
    assert!(passes(&host, &mut filter), "stale keys serve on");
    assert!(passes(&host, &mut filter));
    assert_eq!(fetches(&host), 3, "once in `refetch`");
    host.advance(Duration::from_secs(3599));
    assert!(passes(&host, &mut filter));
    host.advance(Duration::from_secs(1));
    let refused = refusal(&host, &mut filter, bearer(TOKEN));
    assert_eq!(refused.as_deref(), Some("503"), "and not for ever");
    up.set(true);
    host.advance(Duration::from_secs(1));
    assert!(passes(&host, &mut filter), "it always comes back");
}

#[test]
fn keys_of_another_place_are_not_taken_over() {
    let host = Host::new();
    let mut before = filter(&host);
    idp(&host);
    assert!(passes(&host, &mut before));
    let config = r#"{"audience": "*", "jwks": {"upstream": "other", "path": "/keys?v=1"}}"#;
    let mut after = host.filter::<Jwt>(config).unwrap();
    assert_eq!(
        refusal(&host, &mut after, bearer(TOKEN)).as_deref(),
        Some("503")
    );
}

#[test]
fn a_key_that_is_gone_is_gone_for_remembered_tokens_too() {
    let host = Host::new();
    let mut filter = filter(&host);
    idp(&host);
    assert!(passes(&host, &mut filter));
    let other = set("one").replace(
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\", \"y\": \"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        // The base point of the curve.
        "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY\", \"y\": \"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
    );
    host.answers("idp", move |_| Ok(Reply::new(200).body(other.clone())));
    host.advance(Duration::from_secs(600));
    assert!(!passes(&host, &mut filter));
}

#[test]
fn an_unknown_key_is_asked_for_and_not_too_often() {
    let host = Host::new();
    let mut filter = filter(&host);
    idp(&host);
    assert!(passes(&host, &mut filter));
    for _ in 0..3 {
        let why = refused(&host, &mut filter, &named("two"));
        assert!(why.contains("unknown"), "{why}");
    }
    assert_eq!(fetches(&host), 1, "the set is fresh");
    host.advance(Duration::from_secs(30));
    host.answers("idp", |_| Ok(Reply::new(200).body(set("two"))));
    for _ in 0..3 {
        let why = refused(&host, &mut filter, &named("two"));
        assert!(why.contains("signature is wrong"), "known now: {why}");
    }
    for _ in 0..3 {
        refused(&host, &mut filter, &named("three"));
    }
    assert_eq!(fetches(&host), 2);
}

#[test]
fn without_keys_the_answer_is_503_and_says_why_in_the_log() {
    let host = Host::new();
    let mut filter = filter(&host);
    let mut count = 0;
    for answer in [
        Err(Failure::TimedOut),
        Ok(Reply::new(404)),
        Ok(Reply::new(200).body("<html>")),
        Ok(Reply::new(200).body(r#"{"keys": []}"#)),
        Ok(Reply::new(200).body(
            r#"{"keys": [{"kty": "oct", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}]}"#,
        )),
    ] {
        host.answers("idp", move |_| answer.clone());
        for _ in 0..3 {
            assert_eq!(
                refusal(&host, &mut filter, bearer(TOKEN)).as_deref(),
                Some("503")
            );
        }
        count += 1;
        assert_eq!(
            (fetches(&host), host.lines().len()),
            (count, count),
            "once a second"
        );
        host.advance(Duration::from_secs(1));
    }
    idp(&host);
    assert!(passes(&host, &mut filter));
}
