//! The health protocol of gRPC, against a server of HTTP/2.

use super::tls::{Authority, trusting};
use super::*;
use crate::config::value::GrpcCheck;
use bytes::Bytes;
use h2::server::SendResponse;
use http::{HeaderMap, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};

fn grpc(service: &str) -> GrpcCheck {
    GrpcCheck {
        service: service.to_owned(),
        authority: None,
        tls: None,
    }
}

fn check(service: &str) -> Health {
    health(Check::Grpc(grpc(service)))
}

/// What a server says to one call: a status of HTTP, a type, a message, and a code in the
/// trailers, or in the head if there is no message.
#[derive(Clone, Copy)]
struct Says {
    status: u16,
    kind: &'static str,
    message: Option<&'static [u8]>,
    code: Option<&'static str>,
}

const SERVING: Says = Says {
    status: 200,
    kind: "application/grpc+proto",
    message: Some(&[0, 0, 0, 0, 2, 8, 1]),
    code: Some("0"),
};

fn message(message: &'static [u8]) -> Says {
    Says {
        message: Some(message),
        ..SERVING
    }
}

fn refuses(code: &'static str) -> Says {
    Says {
        message: None,
        code: Some(code),
        ..SERVING
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    says: impl Fn(&Request<()>, &[u8]) -> Says,
) {
    let Ok(mut connection) = h2::server::handshake(stream).await else {
        return;
    };
    while let Some(Ok((request, respond))) = connection.accept().await {
        let (head, mut body) = request.into_parts();
        let talk = async {
            let mut asked = Vec::new();
            while let Some(Ok(data)) = body.data().await {
                asked.extend_from_slice(&data);
            }
            reply(respond, says(&Request::from_parts(head, ()), &asked));
        };
        tokio::pin!(talk);
        // The connection has to be polled for the body to come.
        tokio::select! {
            () = &mut talk => {}
            _ = std::future::poll_fn(|context| connection.poll_closed(context)) => return,
        }
    }
}

fn reply(mut respond: SendResponse<Bytes>, says: Says) {
    let mut head = Response::builder()
        .status(says.status)
        .header("content-type", says.kind);
    let mut trailers = HeaderMap::new();
    if let Some(code) = says.code {
        trailers.insert("grpc-status", code.parse().unwrap());
    }
    match says.message {
        Some(message) => {
            let mut stream = respond
                .send_response(head.body(()).unwrap(), false)
                .unwrap();
            let _ = stream.send_data(Bytes::from_static(message), false);
            let _ = stream.send_trailers(trailers);
        }
        None => {
            head.headers_mut().unwrap().extend(trailers);
            let _ = respond.send_response(head.body(()).unwrap(), true);
        }
    }
}

async fn server(
    says: impl Fn(&Request<()>, &[u8]) -> Says + Copy + Send + Sync + 'static,
) -> Server {
    Server::start(move |stream, _| serve(stream, says)).await
}

#[tokio::test]
async fn an_endpoint_that_serves_is_up() {
    let serving = watch::Sender::new(true);
    let now = serving.subscribe();
    let server = Server::start(move |stream, _| {
        let now = now.clone();
        serve(stream, move |_, _| match *now.borrow() {
            true => SERVING,
            false => message(&[0, 0, 0, 0, 2, 8, 2]),
        })
    })
    .await;
    let (_prober, target, mut ear) = super::watch(&check(""), server.address);
    assert_eq!(ear.next().await, Verdict::Up);
    assert_eq!(target.last().unwrap().said, "SERVING");
    serving.send_replace(false);
    assert_eq!(ear.next().await, Verdict::Down);
    assert_eq!(target.last().unwrap().said, "NOT_SERVING");
}

#[tokio::test]
async fn the_service_is_named_in_the_call() {
    let server = server(|request, asked| {
        let fields = request.headers();
        let is = |name: &str, value: &str| fields.get(name).is_some_and(|field| field == value);
        let called = request.method() == Method::POST
            && request.uri().path() == "/grpc.health.v1.Health/Check"
            && is("content-type", "application/grpc")
            && is("te", "trailers")
            && fields["user-agent"]
                .to_str()
                .unwrap()
                .starts_with("tidegate-health/");
        let authority = request.uri().authority().unwrap().as_str();
        match asked {
            b"\0\0\0\0\x06\x0a\x04shop" if called && authority == "shop.test" => SERVING,
            b"\0\0\0\0\0" if called && authority.starts_with("127.0.0.1:") => SERVING,
            _ => refuses("5"),
        }
    })
    .await;
    let shop = |authority: &str| {
        health(Check::Grpc(GrpcCheck {
            authority: Some(authority.to_owned()),
            ..grpc("shop")
        }))
    };
    assert_eq!(ask(check(""), server.address).await, passed("SERVING"));
    let answer = ask(shop("shop.test"), server.address).await;
    assert_eq!(answer, passed("SERVING"));
    let answer = ask(shop("another.test"), server.address).await;
    assert_eq!(answer, failed("grpc-status 5, NOT_FOUND"));
}

#[tokio::test]
async fn what_is_not_serving_fails() {
    for (says, answer) in [
        (message(&[0, 0, 0, 0, 0]), "UNKNOWN"),
        (message(&[0, 0, 0, 0, 2, 8, 2]), "NOT_SERVING"),
        (message(&[0, 0, 0, 0, 2, 8, 3]), "SERVICE_UNKNOWN"),
        (message(&[0, 0, 0, 0, 2, 8, 9]), "an unknown status, 9"),
        (message(&[1, 0, 0, 0, 2, 8, 1]), "the answer is garbled"),
        (message(&[0, 0, 0, 0, 9, 8, 1]), "the answer is garbled"),
        (message(&[]), "the answer is garbled"),
        (message(&[0; 8_000]), "the answer is too long"),
        (refuses("12"), "grpc-status 12, UNIMPLEMENTED"),
        (refuses("77"), "grpc-status 77, unknown to us"),
        (
            Says {
                code: Some("14"),
                ..SERVING
            },
            "grpc-status 14, UNAVAILABLE",
        ),
        (
            Says {
                code: None,
                ..SERVING
            },
            "the answer has no grpc-status",
        ),
        (
            Says {
                status: 404,
                ..SERVING
            },
            "404 instead of an answer of gRPC",
        ),
        (
            Says {
                kind: "text/html",
                ..SERVING
            },
            "the answer is not gRPC",
        ),
    ] {
        let server = server(move |_, _| says).await;
        assert_eq!(ask(check(""), server.address).await, failed(answer));
    }
}

#[tokio::test]
async fn a_server_that_does_not_speak_http2_fails() {
    let plain = Server::start(|stream, _| answer(stream, 200)).await;
    let plain = words(ask(check(""), plain.address).await);
    assert!(plain.starts_with("HTTP/2: "), "{plain}");
    // One that accepts and says nothing.
    let silent = Server::start(|mut stream, _| async move {
        read_head(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let short = Health {
        timeout: SHORT,
        ..check("")
    };
    assert_eq!(ask(short, silent.address).await, timed_out());
}

#[tokio::test]
async fn an_endless_answer_fails() {
    use tokio::io::AsyncWriteExt;
    // Settings that are right, and again, and again: each is acknowledged.
    let server = Server::start(|mut stream, _| async move {
        let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0].repeat(100);
        while stream.write_all(&settings).await.is_ok() {}
    })
    .await;
    let words = words(ask(check(""), server.address).await);
    assert_eq!(words, "HTTP/2: it sends more than 512 KiB");
}

#[tokio::test]
async fn a_call_over_tls_passes() {
    let directory = tempfile::tempdir().unwrap();
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let over_tls = health(Check::Grpc(GrpcCheck {
        tls: Some(trusting(ours.file(&directory))),
        ..grpc("")
    }));
    for (authority, passes) in [(&ours, true), (&theirs, false)] {
        let acceptor = authority.acceptor(b"h2");
        let server = Server::start(move |stream, _| {
            let acceptor = acceptor.clone();
            async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(stream, |_, _| SERVING).await;
                }
            }
        })
        .await;
        let answer = ask(over_tls.clone(), server.address).await;
        assert_eq!(answer.is_ok(), passes, "{answer:?}");
    }
    let acceptor = ours.acceptor(b"http/1.1");
    let old = Server::start(move |stream, _| {
        let acceptor = acceptor.clone();
        async move { drop(acceptor.accept(stream).await) }
    })
    .await;
    let old = words(ask(over_tls, old.address).await);
    assert!(old.contains("NoApplicationProtocol"), "{old}");
}
