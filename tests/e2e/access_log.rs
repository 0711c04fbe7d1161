//! One line for each request, with what happened to it.

use tidegate_e2e::client::{Request, get};
use tidegate_e2e::raw::exchange;
use tidegate_e2e::{Endpoint, Proxy, Signal, config, directory, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_tells_what_happened() {
    let a = Endpoint::start("a").await;
    let text = config::web("round-robin", &[&a])
        .replace("{ upstream: web }", "{ name: everything, upstream: web }");
    let proxy = Proxy::start(&text).await;
    let body = "x".repeat(300);
    let request = Request::post("/p?size=1000&delay=20ms", body)
        .header("host", "shop.example")
        .header("user-agent", "e2e \"quoted\"");
    assert_eq!(
        request
            .send(proxy.address())
            .await
            .expect("an answer")
            .status(),
        200
    );

    let line = proxy.access_log.wait("a line", |_| true).await;
    let address = a.address().to_string();
    for (field, expected) in [
        ("client", "127.0.0.1"),
        ("method", "POST"),
        ("host", "shop.example"),
        ("path", "/p?size=1000&delay=20ms"),
        ("protocol", "HTTP/1.1"),
        ("route", "everything"),
        ("upstream", "web"),
        ("endpoint", &address),
        ("user_agent", "e2e \"quoted\""),
    ] {
        assert_eq!(
            line.field(field),
            Some(expected),
            "{field} in {}",
            line.text()
        );
    }
    assert_eq!(line.value("status"), 200);
    assert_eq!(line.value("attempts"), 1);
    assert_eq!(line.value("bytes_in"), 300);
    assert_eq!(line.value("bytes_out"), 1000);
    assert!(line.value("fault").is_null());
    assert_eq!(line.value("plugin_fault"), false);
    let number = |field: &str| line.value(field).as_f64().expect("a number");
    assert!(
        number("upstream_ms") >= 20.0 && number("duration_ms") >= number("upstream_ms"),
        "{}",
        line.text()
    );
    // RFC 3339 with milliseconds.
    let time = line.field("time").expect("a time");
    assert!(
        time.len() >= 24 && time.as_bytes()[10] == b'T' && time.as_bytes()[19] == b'.',
        "{time}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_cannot_forge_a_line() {
    let a = Endpoint::start("a").await;
    let json = config::web("round-robin", &[&a]);
    let forged = "GET /%0a%22 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
        user-agent: x\" 200 \"\u{1b}[31m\t/other\r\n\r\n";
    for text in [json.replace("format: json", "format: text"), json] {
        let proxy = Proxy::start(&text).await;
        exchange(proxy.address(), forged).await;
        Request::get("/last")
            .send(proxy.address())
            .await
            .expect("an answer");
        eventually("the last line", async || {
            proxy
                .access_log
                .raw(0)
                .iter()
                .any(|line| line.contains("/last"))
                .then_some(())
        })
        .await;
        let lines = proxy.access_log.raw(0);
        assert!(lines.len() <= 2, "{lines:?}");
        assert!(
            lines.iter().all(|line| !line.contains('\u{1b}')),
            "{lines:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_to_a_file_or_nowhere() {
    let a = Endpoint::start("a").await;
    let front = "access_log: { format: json, path: \"-\" }";
    let text = config::web("round-robin", &[&a]);

    let to_file = text.replace(front, "access_log: { format: json, path: access.log }");
    let proxy = Proxy::start_in(directory(), &to_file, &[]).await;
    for _ in 0..3 {
        Request::get("/in-file")
            .send(proxy.address())
            .await
            .expect("an answer");
    }
    let file = proxy.directory().join("access.log");
    eventually("three lines", async || {
        let text = std::fs::read_to_string(&file).ok()?;
        (text
            .lines()
            .filter(|line| line.contains("/in-file"))
            .count()
            == 3)
            .then_some(())
    })
    .await;
    assert!(proxy.access_log.is_empty());

    let mut proxy = Proxy::start(&text.replace(front, "access_log: off")).await;
    Request::get("/")
        .send(proxy.address())
        .await
        .expect("an answer");
    proxy.signal(Signal::TERM);
    proxy.wait_exit().await;
    proxy.access_log.ended().await;
    assert!(proxy.access_log.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_moved_is_begun_anew() {
    let a = Endpoint::start("a").await;
    let text = config::web("round-robin", &[&a]).replace("path: \"-\"", "path: access.log");
    let proxy = Proxy::start(&text).await;
    let file = |name: &str| proxy.directory().join(name);
    let lines = |name: &str| {
        let text = std::fs::read_to_string(file(name)).unwrap_or_default();
        text.lines().count()
    };
    get(proxy.address(), "/").await;
    eventually("the first line", async || {
        (lines("access.log") == 1).then_some(())
    })
    .await;

    std::fs::rename(file("access.log"), file("access.log.1")).expect("moved");
    get(proxy.address(), "/").await;
    eventually("a line in the moved file", async || {
        (lines("access.log.1") == 2).then_some(())
    })
    .await;
    assert!(!file("access.log").exists(), "nobody told it yet");

    proxy.signal(Signal::USR1);
    let mut sent = 2;
    eventually("a new file", async || {
        get(proxy.address(), "/").await;
        sent += 1;
        (lines("access.log") > 0).then_some(())
    })
    .await;
    eventually("every line in one of the two", async || {
        (lines("access.log") + lines("access.log.1") == sent).then_some(())
    })
    .await;
}
