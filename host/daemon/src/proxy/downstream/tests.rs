use super::*;
use std::time::Duration;
use tidegate_wire::http1;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn pair() -> (TcpStream, Downstream, Arc<Clock>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap());
    let (client, accepted) = tokio::join!(client, listener.accept());
    let (stream, peer) = accepted.unwrap();
    let clock = Arc::new(Clock::default());
    let socket = Socket::Plain(stream);
    let downstream = Downstream::new(socket, peer, BytesMut::new(), clock.clone());
    (client.unwrap(), downstream, clock)
}

fn limits() -> Limits {
    Limits {
        head: http1::Limits {
            head: 1_000,
            target: 100,
            fields: 10,
        },
        head_timeout: Duration::from_secs(5),
        idle: Duration::from_secs(60),
        min_rate: Some(100),
        http2: Some(tidegate_wire::http2::Limits::default()),
    }
}

/// What Pingora would see before it would have to wait.
async fn shown(downstream: &mut Downstream, length: usize) -> String {
    let mut bytes = vec![0; length];
    downstream.read_exact(&mut bytes).await.unwrap();
    let more = tokio::time::timeout(Duration::from_millis(1), downstream.read_u8()).await;
    assert!(
        more.is_err(),
        "something is shown behind the message: {more:?}"
    );
    String::from_utf8(bytes).unwrap()
}

const TWO: &str =
    "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test(start_paused = true)]
async fn one_message_is_shown_at_a_time() {
    let (mut client, mut downstream, _clock) = pair().await;
    client.write_all(TWO.as_bytes()).await.unwrap();
    let (first, second) = TWO.split_at(TWO.find("GET").unwrap());
    for message in [first, second] {
        let arrived = downstream.next(&limits()).await.unwrap();
        assert!(matches!(arrived, Arrived::Head(_)), "{arrived:?}");
        assert_eq!(shown(&mut downstream, message.len()).await, message);
    }
    drop(client);
    let arrived = downstream.next(&limits()).await.unwrap();
    assert!(matches!(arrived, Arrived::Nothing), "{arrived:?}");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_come_in_time_is_late_and_none_at_all_is_nothing() {
    let (mut client, mut downstream, _clock) = pair().await;
    let arrived = downstream.next(&limits()).await.unwrap();
    assert!(matches!(arrived, Arrived::Nothing), "{arrived:?}");
    client.write_all(b"GET / HT").await.unwrap();
    let began = Instant::now();
    let arrived = downstream.next(&limits()).await.unwrap();
    assert!(matches!(arrived, Arrived::Late), "{arrived:?}");
    assert!(began.elapsed() < Duration::from_secs(6));
}

#[tokio::test]
async fn a_body_that_is_no_body_ends_the_message() {
    let (mut client, mut downstream, clock) = pair().await;
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    downstream.next(&limits()).await.unwrap();
    let mut bytes = vec![0; head.len()];
    downstream.read_exact(&mut bytes).await.unwrap();
    client.write_all(b"3;x=y\r\nabc\r\n").await.unwrap();
    let mut body = [0; 64];
    let error = downstream.read(&mut body).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert_eq!(clock.take_ended(), Some(Ended::Malformed));
    assert_eq!(clock.violation(), Some(http1::Violation::ChunkExtension));
}

#[tokio::test]
async fn another_protocol_is_known() {
    for (bytes, other) in [
        ("GET / HTP/1.1\r\n\r\n", false),
        ("get a b\r\n\r\n", false),
        (" a b\r\n\r\n", false),
        ("Host: a\r\nHost: a\r\n\r\n", false),
        ("HTTP/1.1 200 OK\r\n\r\n", false),
        ("EHLO example.com\r\n\r\n", false),
        ("INVALID CONNECTION PREFACE\r\n\r\n", true),
        ("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", true),
    ] {
        let (mut client, mut downstream, _clock) = pair().await;
        client.write_all(bytes.as_bytes()).await.unwrap();
        let arrived = downstream.next(&limits()).await.unwrap();
        assert!(matches!(arrived, Arrived::Bad(_)), "{bytes}: {arrived:?}");
        assert_eq!(downstream.is_other_protocol(), other, "{bytes}");
    }
}

#[tokio::test]
async fn http2_begins_with_its_preface_and_not_before() {
    let (mut client, mut downstream, _clock) = pair().await;
    client.write_all(b"PRI * HTTP/2.0\r\n\r\n").await.unwrap();
    let limits = limits();
    let (arrived, ()) = tokio::join!(downstream.next(&limits), async {
        client.write_all(b"SM\r\n\r\n").await.unwrap();
    });
    assert!(matches!(arrived.unwrap(), Arrived::Http2));
    let mut bytes = [0; 24];
    downstream.read_exact(&mut bytes).await.unwrap();
    assert!(bytes.starts_with(b"PRI") && bytes.ends_with(b"SM\r\n\r\n"));
}

/// A frame of HTTP/2 on stream 1 (RFC 9113, 4.1).
fn headers(flags: u8, block: &[u8]) -> Vec<u8> {
    let length = u8::try_from(block.len()).unwrap();
    [&[0, 0, length, 1, flags, 0, 0, 0, 1], block].concat()
}

#[tokio::test]
async fn what_comes_with_the_preface_is_judged_too() {
    // A GET, and trailers that are none: they have a method.
    let request = headers(4, &[0x82, 0x84, 0x86, 0x41, 1, b'a']);
    let trailers = headers(5, &[0x82]);
    for (frames, good) in [
        (request.clone(), true),
        ([request, trailers].concat(), false),
    ] {
        let (mut client, mut downstream, _clock) = pair().await;
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        client
            .write_all(&[&preface[..], &frames].concat())
            .await
            .unwrap();
        let arrived = downstream.next(&limits()).await.unwrap();
        assert_eq!(matches!(arrived, Arrived::Http2), good, "{arrived:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_not_waited_for() {
    let (_client, mut downstream, clock) = pair().await;
    clock.set(Some(Instant::now() + Duration::from_secs(3)));
    let error = downstream.write_all(&vec![0; 64 << 20]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(clock.take_ended(), Some(Ended::Client));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_drips_its_body_is_not_waited_for() {
    let (mut client, mut downstream, clock) = pair().await;
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    downstream.next(&limits()).await.unwrap();
    let dripping = tokio::spawn(async move {
        while client.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let mut rest = Vec::new();
    let error = downstream.read_to_end(&mut rest).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(clock.take_ended(), Some(Ended::Client));
    assert!(rest.len() < head.len() + 50, "{}", rest.len());
    drop(downstream);
    dripping.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_passed_deadline_ends_the_wait_once() {
    let (mut client, mut downstream, clock) = pair().await;
    client.write_all(TWO.as_bytes()).await.unwrap();
    downstream.next(&limits()).await.unwrap();
    let mut bytes = vec![0; TWO.find("GET").unwrap()];
    downstream.read_exact(&mut bytes).await.unwrap();
    let began = Instant::now();
    clock.set(Some(began + Duration::from_secs(3)));
    let error = downstream.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert!(began.elapsed() >= Duration::from_secs(3));
    assert_eq!(clock.take_ended(), Some(Ended::Endpoint));
    assert_eq!(clock.take_ended(), None);
    clock.set(Some(began + Duration::from_secs(4)));
    let error = downstream.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}
