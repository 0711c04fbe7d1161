//! What a service manager hears on `NOTIFY_SOCKET` (sd_notify(3)).

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;

use tidegate_e2e::{Endpoint, PATIENCE, Proxy, Signal, config, directory};

/// A manager's end: each datagram as its lines.
struct Manager(UnixDatagram);

impl Manager {
    fn at(path: &Path) -> Self {
        Self::of(UnixDatagram::bind(path).expect("a socket"))
    }

    fn named(name: &str) -> Self {
        let address = SocketAddr::from_abstract_name(name).expect("a name");
        Self::of(UnixDatagram::bind_addr(&address).expect("a socket"))
    }

    fn of(socket: UnixDatagram) -> Self {
        socket.set_read_timeout(Some(PATIENCE)).expect("a bound");
        Self(socket)
    }

    /// The next word; blocks.
    fn hears(&self) -> Vec<String> {
        let mut bytes = [0; 4096];
        let length = tokio::task::block_in_place(|| self.0.recv(&mut bytes)).expect("a word");
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        text.lines().map(str::to_owned).collect()
    }
}

fn monotonic() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec.cast_unsigned() * 1_000_000 + now.tv_nsec.cast_unsigned() / 1_000
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_hears_of_the_start_of_reloads_and_of_the_end() {
    let a = Endpoint::start("a").await;
    let beside = directory();
    let socket = beside.path().join("notify");
    let manager = Manager::at(&socket);
    let text = config::web("round-robin", &[&a]);
    let socket = socket.to_str().expect("a path");
    let mut proxy = Proxy::launch_with(beside, &text, &[], &[("NOTIFY_SOCKET", socket)]);
    proxy.wait_ready().await;
    assert_eq!(manager.hears(), ["READY=1", "STATUS=generation 1 serves"]);

    let before = monotonic();
    proxy.signal(Signal::HUP);
    let reloading = manager.hears();
    assert_eq!((reloading.len(), &*reloading[0]), (3, "RELOADING=1"));
    let at: u64 = reloading[1]
        .strip_prefix("MONOTONIC_USEC=")
        .and_then(|at| at.parse().ok())
        .expect("a time");
    assert!(before <= at && at <= monotonic(), "{before} {at}");
    assert_eq!(manager.hears(), ["READY=1", "STATUS=generation 2 serves"]);

    // What is refused ends the reload as well: we serve.
    proxy.write_config(&text.replace("round-robin", "round-rubin"));
    proxy.signal(Signal::HUP);
    assert_eq!(manager.hears()[0], "RELOADING=1");
    assert_eq!(
        manager.hears(),
        [
            "READY=1",
            "STATUS=reload refused (1 problems): generation 2 serves on"
        ]
    );

    proxy.signal(Signal::TERM);
    assert_eq!(
        manager.hears(),
        ["STOPPING=1", "STATUS=finishing what is under way"]
    );
    assert_eq!(proxy.wait_exit().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watchdog_hears_that_it_lives_on_an_abstract_socket_too() {
    let a = Endpoint::start("a").await;
    let name = format!("tidegate-e2e-{}", std::process::id());
    let manager = Manager::named(&name);
    let mut proxy = Proxy::launch_with(
        directory(),
        &config::web("round-robin", &[&a]),
        &[],
        &[
            ("NOTIFY_SOCKET", &format!("@{name}")),
            ("WATCHDOG_USEC", "100000"),
        ],
    );
    proxy.wait_ready().await;
    let mut heard = Vec::new();
    while heard.len() < 4 {
        heard.extend(manager.hears());
    }
    assert_eq!(heard.iter().filter(|word| *word == "READY=1").count(), 1);
    assert!(heard.iter().any(|word| word == "WATCHDOG=1"), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_needs_to_listen() {
    let a = Endpoint::start("a").await;
    let text = config::web("round-robin", &[&a]);
    let gone = [("NOTIFY_SOCKET", "/nowhere/at/all")];
    let mut proxy = Proxy::launch_with(directory(), &text, &[], &gone);
    proxy.wait_ready().await;
    assert!(proxy.reload().await.is_ok());
}
