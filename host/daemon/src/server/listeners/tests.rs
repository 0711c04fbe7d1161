//! Over real sockets: who is served, who is refused, and what is counted.

use super::*;
use async_trait::async_trait;
use std::io::Read;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// Gives back what it gets, until the client has enough.
struct Echo;

#[async_trait]
impl App for Echo {
    async fn serve(
        self: Arc<Self>,
        mut stream: TcpStream,
        _: SocketAddr,
        _: Arc<Meeting>,
        _: tokio::sync::watch::Receiver<bool>,
    ) {
        while let Ok(byte) = stream.read_u8().await {
            if stream.write_u8(byte).await.is_err() {
                return;
            }
        }
    }

    async fn refuse(&self, stream: TcpStream, _: Arc<Meeting>) {
        crate::server::refusal::send(stream, None).await;
    }

    async fn cleanup(&self) {}
}

/// One listener of a process.
struct Proxy {
    metrics: Arc<Metrics>,
    connections: Arc<Connections<Echo>>,
    listeners: Arc<Listeners<Echo>>,
}

const ANYWHERE: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

impl Proxy {
    fn start(max_connections: impl Into<Option<u32>>) -> Self {
        let metrics = Metrics::new("test");
        let connections = Connections::new(Echo);
        let listeners = Listeners::new(connections.clone(), metrics.clone());
        let proxy = Self {
            metrics,
            connections,
            listeners,
        };
        proxy.reload(max_connections);
        proxy
    }

    fn reload(&self, max_connections: impl Into<Option<u32>>) {
        let wanted = [Wanted {
            address: ANYWHERE,
            max_connections: max_connections.into(),
            max_connections_per_client: None,
            first: First::default(),
        }];
        let bound = self.listeners.bind(&wanted, &mut Inherited::new());
        self.listeners.switch(&wanted, bound.unwrap());
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address()).await.unwrap()
    }

    fn address(&self) -> SocketAddr {
        self.listeners.addresses()[0].1
    }

    /// A client that is served, and stays.
    async fn enter(&self) -> TcpStream {
        let mut client = self.connect().await;
        assert!(is_served(&mut client).await);
        client
    }

    /// The answer to a client that is not served.
    async fn refusal(&self) -> String {
        let mut text = String::new();
        self.connect()
            .await
            .read_to_string(&mut text)
            .await
            .unwrap();
        text
    }

    fn count(&self, family: &str) -> u64 {
        let start = format!("{family}{{listener=\"{ANYWHERE}\"}} ");
        let page = self.metrics.render();
        let value = page.lines().find_map(|line| line.strip_prefix(&start));
        value.unwrap().parse().unwrap()
    }

    /// Waits until so many connections are open.
    async fn until_open(&self, n: u64) {
        let reached = async {
            while self.count("lb_connections") != n {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(10), reached).await.unwrap();
    }
}

async fn is_served(client: &mut TcpStream) -> bool {
    client.write_u8(b'x').await.is_ok() && client.read_u8().await.is_ok_and(|byte| byte == b'x')
}

#[tokio::test]
async fn the_last_that_fits_is_served_and_the_next_is_told() {
    let proxy = Proxy::start(2);
    let mut first = proxy.enter().await;
    let mut second = proxy.enter().await;
    let refusal = proxy.refusal().await;
    assert!(refusal.starts_with("HTTP/1.1 503 "), "{refusal}");
    assert!(refusal.ends_with(" try again in a moment\n"), "{refusal}");
    assert!(is_served(&mut first).await && is_served(&mut second).await);
    assert_eq!(proxy.count("lb_connections"), 2);
    assert_eq!(proxy.count("lb_connections_total"), 2);
    assert_eq!(proxy.count("lb_connections_refused_total"), 1);

    drop(first);
    proxy.until_open(1).await;
    let _third = proxy.enter().await;
    assert!(proxy.refusal().await.starts_with("HTTP/1.1 503 "));
}

#[tokio::test]
async fn a_lower_limit_closes_nobody_and_a_higher_one_counts_at_once() {
    let proxy = Proxy::start(None);
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(proxy.enter().await);
    }
    proxy.reload(1);
    for client in &mut clients {
        assert!(is_served(client).await);
    }
    assert!(proxy.refusal().await.starts_with("HTTP/1.1 503 "));

    // Room is there again when fewer than the new limit are left, not before.
    clients.truncate(1);
    proxy.until_open(1).await;
    assert!(proxy.refusal().await.starts_with("HTTP/1.1 503 "));
    clients.clear();
    proxy.until_open(0).await;
    clients.push(proxy.enter().await);

    proxy.reload(2);
    clients.push(proxy.enter().await);
    assert!(proxy.refusal().await.starts_with("HTTP/1.1 503 "));
    proxy.reload(None);
    clients.push(proxy.enter().await);
}

#[tokio::test]
async fn connections_outlive_their_listener_and_are_found_by_its_successor() {
    let proxy = Proxy::start(1);
    let mut client = proxy.enter().await;
    proxy.listeners.switch(&[], Vec::new());
    assert!(is_served(&mut client).await);
    proxy.reload(1);
    assert!(proxy.refusal().await.starts_with("HTTP/1.1 503 "));
    drop(client);
    proxy.until_open(0).await;
    proxy.enter().await;
}

#[tokio::test(start_paused = true)]
async fn refused_clients_that_never_read_hold_nothing_for_long() {
    let proxy = Proxy::start(0);
    // All of them wait before the first is accepted: nothing else runs meanwhile.
    let connect = |_| std::net::TcpStream::connect(proxy.address()).unwrap();
    let idle: Vec<std::net::TcpStream> = (0..200).map(connect).collect();
    while proxy.count("lb_connections_refused_total") < 200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(proxy.count("lb_connections"), 0);
    // A drain lets the answers arrive. The clock goes on when nothing else does.
    let began = tokio::time::Instant::now();
    assert_eq!(proxy.connections.drain(Duration::from_secs(5)).await, 0);
    assert_eq!(began.elapsed().as_secs(), 1);

    let answers = idle.into_iter().map(|mut client| {
        let mut text = String::new();
        client.read_to_string(&mut text).unwrap();
        text
    });
    let (told, closed): (Vec<_>, Vec<_>) = answers.partition(|text| !text.is_empty());
    assert_eq!(
        (told.len(), closed.len()),
        (128, 72),
        "only so many get a word"
    );
}
