//! Filters on bodies, piece by piece and whole, both ways: framing stays right, bounds hold,
//! connections live on.

use tidegate_e2e::client::{Connection, Request, get};
use tidegate_e2e::components::Filter;
use tidegate_e2e::raw::Raw;
use tidegate_e2e::{Endpoint, Proxy, config, directory};

const STREAMED: u8 = 1;
const BUFFERED: u8 = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_body_is_replaced_on_its_way() {
    let a = Endpoint::start("a").await;
    for mode in [STREAMED, BUFFERED] {
        let filter = Filter {
            interest: [1, 1, mode, 0],
            on_request_body:
                "(call $replace (local.get $chunk) (i32.div_u (local.get $length) (i32.const 2)))"
                    .into(),
            ..Filter::default()
        };
        let proxy = start(&config::through_mine(&[&a], ""), &filter).await;
        let mut connection = Connection::open(proxy.address()).await.unwrap();
        for _ in 0..3 {
            let answer = connection
                .send(Request::post("/echo", "12345678"))
                .await
                .unwrap();
            assert_eq!(answer.json()["body"], "1234", "mode {mode}");
            let length = answer.echoed("content-length");
            if mode == BUFFERED {
                assert_eq!(length, ["4"]);
            } else {
                assert_eq!(length, [""; 0], "it is not known before the end");
            }
            let answer = connection.send(Request::get("/echo")).await.unwrap();
            assert_eq!(answer.json()["body"], "", "no body, no call");
        }
        let calls = [("plugin", "mine"), ("phase", "on_request_body")];
        assert!(proxy.metrics().await.sum("lb_plugin_calls_total", &calls) >= 3.0);
        proxy.wait_idle().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_body_passes_whole_and_may_be_sent_again() {
    let (mut a, b) = (Endpoint::start("a").await, Endpoint::start("b").await);
    let filter = Filter {
        interest: [1, 0, BUFFERED, 0],
        pages: 40,
        ..Filter::default()
    };
    let text = config::through_mine(&[&a, &b], "");
    let text = text.replace(
        "filters: [mine]",
        "filters: [mine], retry: { attempts: 3, on: [connect_failure, \"503\"], non_idempotent: true }",
    );
    let proxy = start(&text, &filter).await;
    // Beyond the 64 KiB that Pingora could repeat.
    let body = vec![b'x'; 300_000];
    let answer = Request::post("/echo", body.clone())
        .send(proxy.address())
        .await
        .unwrap();
    assert_eq!(answer.echoed("content-length"), ["300000"]);
    a.stop().await;
    for _ in 0..4 {
        let request = Request::post("/echo", body.clone());
        let answer = request.send(proxy.address()).await.unwrap();
        assert_eq!((answer.status(), answer.endpoint()), (200, "b"));
        assert_eq!(answer.echoed("content-length"), ["300000"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_over_the_bound_is_refused_before_anything_is_sent() {
    let a = Endpoint::start("a").await;
    let filter = Filter {
        interest: [1, 0, BUFFERED, 0],
        ..Filter::default()
    };
    let proxy = start(&config::through_mine(&[&a], "body: 1KiB"), &filter).await;
    let answer = Request::post("/", vec![b'x'; 1_024])
        .send(proxy.address())
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let hits = a.hits();
    let answer = Request::post("/", vec![b'x'; 1_025])
        .send(proxy.address())
        .await
        .unwrap();
    assert_eq!(answer.status(), 413, "announced");
    let mut raw = Raw::open(proxy.address()).await;
    raw.write("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    raw.write(format!("401\r\n{}\r\n", "x".repeat(1_025))).await;
    assert!(raw.head().await.starts_with("HTTP/1.1 413"), "counted");
    assert_eq!(a.hits(), hits);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_may_be_answered() {
    let a = Endpoint::start("a").await;
    for (mode, reached) in [(BUFFERED, 0), (STREAMED, 1)] {
        let filter = Filter {
            interest: [1, 0, mode, 0],
            on_request_body: "(call $abort (i32.const 422))".into(),
            ..Filter::default()
        };
        let proxy = start(&config::through_mine(&[&a], ""), &filter).await;
        let answer = Request::post("/?delay=100ms", "bad")
            .send(proxy.address())
            .await
            .unwrap();
        assert_eq!(answer.status(), 422, "mode {mode}");
        assert!(a.hits() <= reached);
        let line = proxy.access_log.wait("a line", |_| true).await;
        assert_eq!(line.value("answered_by"), "mine");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_waits_for_leave_gets_it() {
    let a = Endpoint::start("a").await;
    let filter = Filter {
        interest: [1, 0, BUFFERED, 0],
        ..Filter::default()
    };
    let proxy = start(&config::through_mine(&[&a], ""), &filter).await;
    let mut raw = Raw::open(proxy.address()).await;
    raw.write(
        "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n",
    )
    .await;
    assert!(raw.head().await.starts_with("HTTP/1.1 100"));
    raw.write("body").await;
    assert!(raw.head().await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_response_body_is_replaced_on_its_way() {
    let a = Endpoint::start("a").await;
    for mode in [STREAMED, BUFFERED] {
        let mut filter = Filter {
            interest: [1, 1, 0, mode],
            ..Filter::default()
        };
        let text = filter.literal("replaced");
        // The first piece is replaced, the end adds nothing.
        filter.on_response_body = format!(
            "(if (result i32) (local.get $length)
                (then (call $replace {text})) (else (call $pass)))"
        );
        let proxy = start(&config::through_mine(&[&a], ""), &filter).await;
        let mut connection = Connection::open(proxy.address()).await.unwrap();
        for _ in 0..3 {
            let answer = connection.send(Request::get("/")).await.unwrap();
            assert_eq!(
                (answer.status(), &*answer.text()),
                (200, "replaced"),
                "mode {mode}"
            );
            let length = answer.header("content-length");
            assert_eq!(length, (mode == BUFFERED).then_some("8"), "mode {mode}");
        }
        let mut raw = Raw::open(proxy.address()).await;
        raw.write("HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await;
        assert!(raw.rest().await.ends_with("\r\n\r\n"), "a head has no body");
        let mut raw = Raw::open(proxy.address()).await;
        raw.write("GET / HTTP/1.0\r\nhost: x\r\n\r\n").await;
        let text = raw.rest().await;
        assert!(
            text.ends_with("\r\n\r\nreplaced"),
            "HTTP/1.0 knows no chunks: {text}"
        );
        assert_eq!(get(proxy.address(), "/?status=204").await.text(), "");
        let answer = get(proxy.address(), "/?size=0").await;
        assert_eq!(
            (answer.header("content-length"), &*answer.text()),
            (Some("0"), "")
        );
        let answer = get(proxy.address(), "/?size=3000&chunked").await;
        assert!(answer.text().starts_with("replaced"), "mode {mode}");
        proxy.wait_idle().await;
    }
    // Connections to the endpoint are used again, whatever the filters do.
    assert!(a.accepted() <= 12, "{} connections", a.accepted());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_response_may_be_refused_or_answered_otherwise() {
    let a = Endpoint::start("a").await;
    let judge = |statements: &str| Filter {
        interest: [1, 1, 0, BUFFERED],
        on_response_body: statements.into(),
        ..Filter::default()
    };
    for (filter, keys, status) in [
        (judge("(call $abort (i32.const 451))"), "", 451),
        (judge("(call $pass)"), "body: 1KiB", 502),
        (judge("(unreachable)"), "", 503),
        (judge("(unreachable)"), "on_fault: skip", 200),
    ] {
        let proxy = start(&config::through_mine(&[&a], keys), &filter).await;
        let answer = get(proxy.address(), "/?size=5000").await;
        assert_eq!(
            answer.status(),
            status,
            "{keys} {}",
            filter.on_response_body
        );
        proxy.wait_idle().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_streamed_response_that_is_aborted_is_seen_to_be_cut() {
    let a = Endpoint::start("a").await;
    let filter = Filter {
        interest: [1, 1, 0, STREAMED],
        on_response_body: "(call $abort (i32.const 500))".into(),
        ..Filter::default()
    };
    let proxy = start(&config::through_mine(&[&a], ""), &filter).await;
    let cut = Request::get("/?size=100000&trickle=10ms")
        .send(proxy.address())
        .await;
    match cut {
        Err(_) => {}
        Ok(answer) => assert_eq!(answer.status(), 500, "before the head was sent"),
    }
    assert_eq!(get(proxy.admin(), "/readyz").await.status(), 200);
}

async fn start(text: &str, filter: &Filter) -> Proxy {
    let beside = directory();
    std::fs::write(beside.path().join("mine.wasm"), filter.component()).expect("written");
    Proxy::start_in(beside, text, &[]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_mebibytes_pass_piece_by_piece_and_are_not_kept() {
    let a = Endpoint::start("a").await;
    let filter = Filter {
        interest: [1, 1, STREAMED, STREAMED],
        ..Filter::default()
    };
    let proxy = start(&config::through_mine(&[&a], ""), &filter).await;
    let mib = |mib: usize| mib << 20;
    let fetch = async |size: usize| {
        let answer = get(proxy.address(), &format!("/?size={size}")).await;
        assert_eq!(answer.body().len(), size);
    };
    // Connections, buffers and instances are there.
    fetch(mib(2)).await;
    let before = resident(&proxy).await;
    fetch(mib(100)).await;
    let grown = resident(&proxy).await - before;
    println!("{grown:.1} MiB more after 100 MiB");
    assert!(grown <= 5.0, "{grown:.1} MiB more");
}

/// Resident memory of the proxy, in MiB.
async fn resident(proxy: &Proxy) -> f64 {
    let bytes = proxy
        .metrics()
        .await
        .sum("process_resident_memory_bytes", &[]);
    bytes / f64::from(1 << 20)
}
