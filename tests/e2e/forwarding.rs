//! What reaches the endpoint, and what reaches the client.

use bytes::Bytes;
use hyper::{Method, Version};
use tidegate_e2e::client::{Connection, Request, get};
use tidegate_e2e::raw::{Raw, exchange};
use tidegate_e2e::{Endpoint, Proxy, Scripted, config};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hop_by_hop_fields_of_the_request_stay_here() {
    let (proxy, _endpoint) = one().await;
    let request = Request::get("/echo")
        .header("connection", "keep-alive, x-mine")
        .header("x-mine", "1")
        .header("x-other", "2")
        .header("keep-alive", "timeout=5")
        .header("proxy-connection", "keep-alive")
        .header("proxy-authorization", "Basic eDp5")
        .header("te", "trailers, deflate")
        .header("trailer", "x-sum");
    let answer = request.send(proxy.address()).await.expect("an answer");
    for name in [
        "x-mine",
        "keep-alive",
        "proxy-connection",
        "proxy-authorization",
        "trailer",
    ] {
        assert_eq!(answer.echoed(name), [] as [&str; 0], "{name}");
    }
    assert!(!answer.echoed("te").concat().contains("deflate"));
    assert_eq!(answer.echoed("x-other"), ["2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hop_by_hop_fields_of_the_answer_stay_here() {
    let scripted = Scripted::start(
        "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Mine\r\nX-Mine: 1\r\nX-Other: 2\r\n\
         Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nProxy-Authenticate: Basic\r\n\
         Content-Length: 2\r\n\r\nok",
    )
    .await;
    let proxy = Proxy::start(&config::web_of(
        "round-robin",
        &[scripted.address().to_string()],
    ))
    .await;
    let answer = get(proxy.address(), "/").await;
    for name in [
        "x-mine",
        "keep-alive",
        "proxy-connection",
        "proxy-authenticate",
    ] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    assert_eq!(
        (answer.header("x-other"), answer.text().as_str()),
        (Some("2"), "ok")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asked_is_told_and_cannot_be_forged() {
    let (proxy, _endpoint) = one().await;
    let request = Request::get("/echo")
        .header("host", "shop.example:8443")
        .header("x-forwarded-for", "203.0.113.9")
        .header("x-forwarded-for", "203.0.113.10, 203.0.113.11")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "evil.example")
        .header("via", "1.0 before");
    let answer = request.send(proxy.address()).await.expect("an answer");
    assert_eq!(answer.echoed("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(answer.echoed("x-forwarded-proto"), ["http"]);
    assert_eq!(answer.echoed("x-forwarded-host"), ["shop.example:8443"]);
    assert_eq!(
        answer.echoed("host"),
        ["shop.example:8443"],
        "the host is the client's"
    );
    let via = answer.echoed("via").join(", ");
    assert!(
        via.starts_with("1.0 before, 1.1 "),
        "RFC 9110 section 7.6.3 appends: {via}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_path_passes_in_one_form_and_the_query_as_it_is() {
    let (proxy, _endpoint) = one().await;
    let target = "/echo/a%2Fb/../c//d;x=1/%C3%A9?x-q=%20+&x-r=/?&x-s";
    let answer = get(proxy.address(), target).await;
    let echo = answer.json();
    assert_eq!(
        format!(
            "{}?{}",
            echo["path"].as_str().unwrap_or(""),
            echo["query"].as_str().unwrap_or("")
        ),
        "/echo/c/d;x=1/%C3%A9?x-q=%20+&x-r=/?&x-s"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absolute_target_names_the_host() {
    let (proxy, endpoint) = one().await;
    let ask = async |host: &str| {
        let head = "GET http://real.example/echo HTTP/1.1\r\nconnection: close\r\nhost: ";
        exchange(proxy.address(), &format!("{head}{host}\r\n\r\n")).await
    };
    let answer = ask("real.example").await;
    assert!(answer.contains(r#"["host","real.example"]"#), "{answer}");
    // RFC 9112 section 3.2.2 lets the target win; whoever sends two hosts wants two parsers
    // to disagree, so it goes nowhere.
    let answer = ask("other.example").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(endpoint.hits(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_client_is_served() {
    let (proxy, endpoint) = one().await;
    let answer = exchange(proxy.address(), "GET /echo HTTP/1.0\r\nhost: test\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1."), "{answer}");
    assert!(
        answer.contains(" 200 ") && answer.contains(r#""version":"HTTP/1.1""#),
        "{answer}"
    );
    // It does not understand chunks (RFC 9112 section 7.1); the end of the connection ends
    // the body.
    let answer = exchange(
        proxy.address(),
        "GET /?chunked&size=5 HTTP/1.0\r\nhost: test\r\n\r\n",
    )
    .await;
    assert!(
        !answer.to_lowercase().contains("transfer-encoding"),
        "{answer}"
    );
    assert!(answer.ends_with("\r\n\r\nxxxxx"), "{answer}");
    assert_eq!(endpoint.hits(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chunks_pass_in_both_directions() {
    let (proxy, _endpoint) = one().await;
    let mut raw = Raw::open(proxy.address()).await;
    raw.write("POST /echo?chunked HTTP/1.1\r\nhost: test\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n").await;
    raw.write("3\r\nabc\r\n").await;
    raw.write("5\r\ndefgh\r\n0\r\n\r\n").await;
    let answer = raw.rest().await;
    assert!(answer.contains(r#""body":"abcdefgh""#), "{answer}");
    assert!(
        answer.to_lowercase().contains("transfer-encoding: chunked"),
        "{answer}"
    );
    assert!(answer.ends_with("0\r\n\r\n"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn length_and_chunks_together_never_pass_together() {
    let scripted = Scripted::start_closing("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let proxy = Proxy::start(&config::web_of(
        "round-robin",
        &[scripted.address().to_string()],
    ))
    .await;
    let mut raw = Raw::open(proxy.address()).await;
    raw.write(
        "POST / HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: 4\r\n\
         transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    )
    .await;
    let answer = raw.rest().await;
    // RFC 9112 section 6.3: refused, or forwarded without the length.
    for head in scripted.heads() {
        assert!(!head.to_lowercase().contains("content-length"), "{head}");
    }
    assert!(
        answer.starts_with("HTTP/1.1 400 ") || scripted.hits().value() == 1,
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_without_body_have_none() {
    let (proxy, _endpoint) = one().await;
    let mut connection = Connection::open(proxy.address())
        .await
        .expect("a connection");
    for round in 0..2 {
        let head = Request {
            method: Method::HEAD,
            ..Request::get("/?size=1000")
        };
        let answer = connection.send(head).await.expect("an answer");
        assert_eq!(
            (answer.status(), answer.header("content-length")),
            (200, Some("1000"))
        );
        assert!(answer.body().is_empty(), "round {round}");
        for status in [204, 304] {
            let answer = connection
                .send(Request::get(&format!("/?status={status}")))
                .await;
            let answer = answer.expect("the connection is still in step");
            assert_eq!(answer.status(), status);
            assert!(answer.body().is_empty(), "round {round}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interim_answers_pass_before_the_final_one() {
    let scripted = Scripted::start_closing(
        "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    )
    .await;
    let proxy = Proxy::start(&config::web_of(
        "round-robin",
        &[scripted.address().to_string()],
    ))
    .await;
    let mut raw = Raw::open(proxy.address()).await;
    raw.write("GET / HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert!(raw.head().await.starts_with("HTTP/1.1 103 "));
    assert!(raw.head().await.starts_with("HTTP/1.1 200 "));
    assert_eq!(raw.bytes(2).await, b"ok");
    let line = proxy.access_log.wait("one line", |_| true).await;
    assert_eq!(
        line.value("status"),
        200,
        "the final status is the one that counts"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_waits_for_100_gets_it() {
    let (proxy, _endpoint) = one().await;
    let mut raw = Raw::open(proxy.address()).await;
    raw.write("POST /echo HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\ncontent-length: 3\r\nconnection: close\r\n\r\n").await;
    assert!(raw.head().await.starts_with("HTTP/1.1 100 "));
    raw.write("abc").await;
    assert!(raw.rest().await.contains(r#""body":"abc""#));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_arrive_intact() {
    let (proxy, endpoint) = one().await;
    let body: Bytes = (0..8_000_000_u32)
        .map(|n| (n ^ (n >> 8)) as u8)
        .collect::<Vec<_>>()
        .into();
    let ask = async |address| {
        let answer = Request::post("/echo", body.clone())
            .send(address)
            .await
            .expect("an answer");
        answer.json()["body_hash"].clone()
    };
    assert_eq!(ask(proxy.address()).await, ask(endpoint.address()).await);
    let answer = get(proxy.address(), "/?size=8000000").await;
    assert_eq!(answer.body().len(), 8_000_000);
    assert!(answer.body().iter().all(|byte| *byte == b'x'));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_used_again_on_both_sides() {
    let endpoint = Endpoint::start("a").await;
    let text = format!("{}threads: 1\n", config::web("round-robin", &[&endpoint]));
    let proxy = Proxy::start(&text).await;
    let mut connection = Connection::open(proxy.address())
        .await
        .expect("a connection");
    for _ in 0..50 {
        let answer = connection
            .send(Request::get("/"))
            .await
            .expect("the same connection");
        assert_eq!((answer.status(), answer.version()), (200, Version::HTTP_11));
    }
    assert_eq!((endpoint.hits(), endpoint.accepted()), (50, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pipelined_requests_are_answered_in_order() {
    let (proxy, _endpoint) = one().await;
    let mut raw = Raw::open(proxy.address()).await;
    raw.write("GET /?size=1 HTTP/1.1\r\nhost: t\r\n\r\nGET /?size=2 HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n").await;
    let answers = raw.rest().await;
    let bodies: Vec<_> = answers
        .split("HTTP/1.1 200")
        .skip(1)
        .filter_map(|a| a.split_once("\r\n\r\n"))
        .map(|(_, body)| body)
        .collect();
    assert_eq!(bodies, ["x", "xx"], "{answers}");
}

async fn one() -> (Proxy, Endpoint) {
    let endpoint = Endpoint::start("a").await;
    (
        Proxy::start(&config::web("round-robin", &[&endpoint])).await,
        endpoint,
    )
}
