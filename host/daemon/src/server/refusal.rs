//! The answer to a connection for which there is no room: a whole response, and an end
//! that lets it arrive.
//!
//! A socket that is closed while something unread waits in it is reset, and a reset
//! destroys what the client has not read yet. So the answer is followed by the end of
//! our side only, and what the client still sends is read and thrown away, for a short
//! while.

use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// How long a refused client may take to read its answer and to leave.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long its request is waited for: clients with a pool take an answer that comes
/// before the question for an error.
const QUESTION: Duration = Duration::from_millis(250);
/// How much it may still send.
const MOST_DISCARDED: u64 = 16 << 10;

/// Nothing of the request is read before it is answered.
const ANSWER: &str = "HTTP/1.1 503 Service Unavailable\r\n\
    content-type: text/plain; charset=utf-8\r\n\
    content-length: 83\r\n\
    cache-control: no-store\r\n\
    retry-after: 1\r\n\
    connection: close\r\n\
    \r\n\
    503 Service Unavailable: the proxy has too many connections; try again in a moment\n";

/// Tells a client that there is no room, and closes its connection. With TLS that takes a
/// handshake; a client that wants HTTP/2 is told by the end alone.
pub async fn send(stream: TcpStream, tls: Option<&Arc<ServerConfig>>) {
    let telling = async {
        let Some(config) = tls else {
            // Peeking, not `readable`: that may say so of a socket where nothing has come yet.
            // Who sends nothing in that time is told all the same.
            let _ = timeout(QUESTION, stream.peek(&mut [0])).await;
            return tell(stream).await;
        };
        let stream = TlsAcceptor::from(config.clone()).accept(stream).await?;
        match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => Ok(0),
            _ => tell(stream).await,
        }
    };
    // Nobody is left to be told of an error, nor of a client that takes its time.
    let _ = timeout(PATIENCE, telling).await;
}

async fn tell(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<u64> {
    stream.write_all(ANSWER.as_bytes()).await?;
    stream.shutdown().await?;
    let mut rest = stream.take(MOST_DISCARDED);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;
    use tokio::time::Instant;

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, accepted) = tokio::join!(client, listener.accept());
        (client.unwrap(), accepted.unwrap().0)
    }

    async fn all(client: &mut TcpStream) -> String {
        let mut text = String::new();
        client.read_to_string(&mut text).await.unwrap();
        text
    }

    #[test]
    fn the_answer_is_as_long_as_it_says() {
        let (head, body) = ANSWER.split_once("\r\n\r\n").unwrap();
        let length = format!("content-length: {}", body.len());
        assert!(head.lines().any(|line| line == length), "{length}");
    }

    #[tokio::test]
    async fn a_client_that_is_still_sending_gets_the_whole_answer() {
        let (mut client, ours) = pair().await;
        client.write_all(&[b'x'; 8 << 10]).await.unwrap();
        let telling = tokio::spawn(send(ours, None));
        client.write_all(&[b'x'; 4 << 10]).await.unwrap();
        assert_eq!(all(&mut client).await, ANSWER);
        drop(client);
        telling.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_reads_is_left_after_a_second() {
        let (mut client, ours) = pair().await;
        let began = Instant::now();
        send(ours, None).await;
        assert_eq!(began.elapsed().as_secs(), 1);
        assert_eq!(all(&mut client).await, ANSWER, "it is there all the same");
    }

    #[tokio::test]
    async fn a_client_that_never_stops_sending_is_left() {
        let (mut client, ours) = pair().await;
        let sending = tokio::spawn(async move {
            let piece = [b'x'; 4 << 10];
            while client.write_all(&piece).await.is_ok() {}
        });
        assert_eq!(tell(ours).await.unwrap(), MOST_DISCARDED);
        sending.await.unwrap();
    }
}
