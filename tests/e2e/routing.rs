//! Which route a request takes: the most specific one, wherever it stands in the file.

use hyper::Method;
use tidegate_e2e::client::Request;
use tidegate_e2e::{Endpoint, Proxy, config};

/// Every name is an upstream with one endpoint of that name.
const NAMES: [&str; 9] = [
    "rest", "exact", "prefix", "deeper", "glob", "host", "wild", "post", "beta",
];

const ROUTES: &str = "\
routes:
  - { upstream: rest }
  - { match: { path: /a }, upstream: exact }
  - { match: { path: /a/* }, upstream: prefix }
  - { match: { path: /a/b/* }, upstream: deeper }
  - { match: { path: /img/*/small.png }, upstream: glob }
  - { match: { host: shop.example }, upstream: host }
  - { match: { host: \"*.example\" }, upstream: wild }
  - { match: { path: /form, methods: [POST] }, upstream: post }
  - { match: { path: /form, headers: { x-beta: \"1\" } }, upstream: beta }
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_most_specific_route_is_taken() {
    let mut endpoints = Vec::new();
    for name in NAMES {
        endpoints.push(Endpoint::start(name).await);
    }
    let address = |n: usize| [endpoints[n].address().to_string()];
    let addresses: Vec<_> = (0..NAMES.len()).map(address).collect();
    let upstreams: Vec<_> = NAMES
        .iter()
        .zip(&addresses)
        .map(|(name, one)| (*name, "round-robin", &one[..]))
        .collect();
    let text = format!("{}{}{ROUTES}", config::FRONT, config::upstreams(&upstreams));
    let proxy = Proxy::start(&text).await;

    let get = |host: &str, path: &str| Request::get(path).header("host", host);
    for (request, expected) in [
        (get("test", "/"), "rest"),
        (get("test", "/ab"), "rest"),
        (get("test", "/A"), "rest"),
        (get("test", "/a"), "exact"),
        (get("test", "/a?x-q=/a/b"), "exact"),
        (get("test", "/a/"), "prefix"),
        (get("test", "/a/bc"), "prefix"),
        (get("test", "/a/b"), "deeper"),
        (get("test", "/a/b/c/d"), "deeper"),
        (get("test", "/img/7/small.png"), "glob"),
        (get("test", "/img/7/8/small.png"), "rest"),
        (get("shop.example", "/"), "host"),
        (get("SHOP.Example:8080", "/"), "host"),
        (get("www.shop.example", "/"), "wild"),
        (get("example", "/"), "rest"),
        (get("shop.example.test", "/"), "rest"),
        (get("test", "/form"), "rest"),
        (
            Request {
                method: Method::POST,
                ..get("test", "/form")
            },
            "post",
        ),
        (get("test", "/form").header("x-beta", "1"), "beta"),
        (get("test", "/form").header("x-beta", "2"), "rest"),
    ] {
        let asked = format!("{request:?}");
        let answer = request.send(proxy.address()).await.expect("an answer");
        assert_eq!(
            (answer.status(), answer.endpoint()),
            (200, expected),
            "{asked}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_order_in_the_file_does_not_matter() {
    let (first, second) = (
        Endpoint::start("first").await,
        Endpoint::start("second").await,
    );
    let (one, two) = (
        [first.address().to_string()],
        [second.address().to_string()],
    );
    let upstreams =
        config::upstreams(&[("one", "round-robin", &one), ("two", "round-robin", &two)]);
    let specific = "  - { match: { path: /a/* }, upstream: one }\n";
    let general = "  - { upstream: two }\n";
    for routes in [[specific, general], [general, specific]] {
        let text = format!("{}{upstreams}routes:\n{}", config::FRONT, routes.concat());
        let proxy = Proxy::start(&text).await;
        for (path, expected) in [("/a/x", "first"), ("/b", "second")] {
            let answer = Request::get(path)
                .send(proxy.address())
                .await
                .expect("an answer");
            assert_eq!(answer.endpoint(), expected);
        }
    }
}
