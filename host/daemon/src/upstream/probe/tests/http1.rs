//! HTTP/1.1, with servers that keep to it and servers that do not.

use super::*;
use test_backend::{Endpoint, Scripted};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn http(check: HttpCheck) -> Health {
    health(Check::Http(check))
}

fn with_text(text: &str) -> HttpCheck {
    HttpCheck {
        body: Some(text.to_owned()),
        ..get()
    }
}

/// The answer to a probe of a server that says exactly this.
async fn said(check: HttpCheck, bytes: impl Into<Vec<u8>>) -> Answer {
    let server = Scripted::start(bytes).await;
    ask(http(check), server.address()).await
}

/// The same, with a bound that the probe reaches.
async fn said_in_vain(check: HttpCheck, bytes: impl Into<Vec<u8>>) -> Answer {
    let server = Scripted::start(bytes).await;
    let check = Health {
        timeout: SHORT,
        ..http(check)
    };
    ask(check, server.address()).await
}

#[tokio::test]
async fn the_status_decides() {
    let endpoint = Endpoint::start("a").await;
    let (_prober, target, mut ear) = watch(&http(get()), endpoint.address());
    assert_eq!(ear.next().await, Verdict::Up);
    assert_eq!(target.last().unwrap().said, "200");
    endpoint.set_healthy(false);
    assert_eq!(ear.next().await, Verdict::Down);
    assert_eq!(target.last().unwrap().said, "503 instead of 200-299");
    endpoint.set_healthy(true);
    assert_eq!(ear.next().await, Verdict::Up);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let found = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n\r\n";
    assert_eq!(said(get(), found).await, failed("302 instead of 200-299"));
    let wanted = HttpCheck {
        statuses: StatusSet::range(200, 200).with(302, 302),
        ..get()
    };
    assert_eq!(said(wanted.clone(), found).await, passed("302"));
    let other = "HTTP/1.1 204 No Content\r\n\r\n";
    assert_eq!(said(wanted, other).await, failed("204 instead of 200, 302"));
}

#[tokio::test]
async fn a_probe_says_what_it_is() {
    let server = Scripted::start("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let ours = HttpCheck {
        method: Method::POST,
        path: "/ready?deep=1".to_owned(),
        host: Some("example.org".to_owned()),
        ..get()
    };
    assert_eq!(ask(http(get()), server.address()).await, passed("200"));
    assert_eq!(ask(http(ours), server.address()).await, passed("200"));
    let agent = concat!("tidegate-health/", env!("CARGO_PKG_VERSION"));
    let address = server.address();
    assert_eq!(
        server.heads(),
        [
            format!(
                "GET /health HTTP/1.1\r\nhost: {address}\r\n\
                 user-agent: {agent}\r\nconnection: close\r\n\r\n"
            ),
            format!(
                "POST /ready?deep=1 HTTP/1.1\r\nhost: example.org\r\n\
                 user-agent: {agent}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            ),
        ]
    );
}

#[tokio::test]
async fn a_text_is_found_wherever_it_is_cut() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for chunks in [
        &["all is well"][..],
        &["...all i", "s well..."],
        &["a", "l", "l", " ", "i", "s", " ", "w", "e", "l", "l"],
    ] {
        // Each chunk is sent on its own, and the last one is not the end of the body.
        let chunks: Vec<String> = chunks
            .iter()
            .map(|chunk| format!("{:x}\r\n{chunk}\r\n", chunk.len()))
            .collect();
        let server = Server::start(move |mut stream, _| {
            let chunks = chunks.clone();
            async move {
                let _ = stream.set_nodelay(true);
                read_head(&mut stream).await;
                let _ = stream.write_all(head.as_bytes()).await;
                for chunk in chunks {
                    let _ = stream.write_all(chunk.as_bytes()).await;
                    tokio::task::yield_now().await;
                }
                let _ = stream.read(&mut [0]).await; // Until the probe closes.
            }
        })
        .await;
        let answer = ask(http(with_text("all is well")), server.address).await;
        assert_eq!(answer, passed("200"));
    }
}

#[tokio::test]
async fn a_text_is_searched_in_the_first_64_kib() {
    let body = |before: usize| {
        let filler = "x".repeat(before);
        let length = before + 4;
        format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{filler}well")
    };
    let missing = failed("200 without the text in the body");
    let last = 64 * 1024 - 4;
    assert_eq!(said(with_text("well"), body(last)).await, passed("200"));
    assert_eq!(said(with_text("well"), body(last + 1)).await, missing);
    assert_eq!(said(with_text("good"), body(100)).await, missing);
    let empty = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(said(with_text("well"), empty).await, missing);
    // The status comes first.
    let down = "HTTP/1.1 500 Oh\r\ncontent-length: 4\r\n\r\nwell";
    let answer = said(with_text("well"), down).await;
    assert_eq!(answer, failed("500 instead of 200-299"));
}

#[tokio::test]
async fn a_body_is_not_waited_for_unless_it_is_wanted() {
    let promise = "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nno more";
    assert_eq!(said(get(), promise).await, passed("200"));
    assert_eq!(said_in_vain(with_text("well"), promise).await, timed_out());
}

#[tokio::test]
async fn a_body_that_trickles_for_ever_ends_in_time() {
    let server = Server::start(|mut stream, _| async move {
        read_head(&mut stream).await;
        let head = b"HTTP/1.1 200 OK\r\n\r\n";
        let mut result = stream.write_all(head).await;
        while result.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
            result = stream.write_all(b".").await;
        }
    })
    .await;
    let check = Health {
        timeout: SHORT,
        ..http(with_text("well"))
    };
    assert_eq!(ask(check, server.address).await, timed_out());
}

#[tokio::test]
async fn what_is_no_answer_fails() {
    let garbage = words(said(get(), "SSH-2.0-OpenSSH_9.9\r\n\r\n").await);
    assert!(garbage.contains("invalid HTTP version"), "{garbage}");
    let zeros = words(said(get(), [0; 64]).await);
    assert!(zeros.contains("invalid HTTP version"), "{zeros}");
    let fields = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(1_000));
    let fields = words(said(get(), fields).await);
    assert!(fields.contains("too large"), "{fields}");

    let closing = Scripted::start_closing("").await;
    let closed = words(ask(http(get()), closing.address()).await);
    assert!(closed.contains("connection closed"), "{closed}");
    // Half a head, and then nothing.
    assert_eq!(
        said_in_vain(get(), "HTTP/1.1 200 OK\r\na: ").await,
        timed_out()
    );
}

/// Writes the same for as long as somebody takes it, after the beginning.
async fn flood(begin: &'static str, again: &'static str) -> Server {
    Server::start(move |mut stream, _| async move {
        read_head(&mut stream).await;
        let mut result = stream.write_all(begin.as_bytes()).await;
        while result.is_ok() {
            result = stream.write_all(again.as_bytes()).await;
        }
    })
    .await
}

#[tokio::test]
async fn an_answer_without_end_fails() {
    let head = flood(
        "HTTP/1.1 200 OK\r\n",
        "a: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
    )
    .await;
    let head = words(ask(http(get()), head.address).await);
    assert!(head.contains("too large"), "{head}");

    let line = flood("HTTP/1.1 200 OK\r\na: ", "aaaaaaaaaaaaaaaaaaaaaaaa").await;
    let line = words(ask(http(get()), line.address).await);
    assert!(line.contains("too large"), "{line}");

    let interim = flood("", "HTTP/1.1 102 Processing\r\n\r\n").await;
    let interim = words(ask(http(get()), interim.address).await);
    assert_eq!(interim, "it sends more than 512 KiB");

    let chunks = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunks = flood(chunks, "1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\na\r\n").await;
    let chunks = words(ask(http(with_text("well")), chunks.address).await);
    assert!(chunks.contains("chunk extensions over limit"), "{chunks}");
}

#[tokio::test]
async fn interim_answers_are_passed_over() {
    let answer = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
    assert_eq!(said(get(), answer).await, passed("200"));
}
