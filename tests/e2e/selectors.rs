//! Each built-in selector, by what it does to real traffic.
//!
//! Exact where the selector promises a number. Where it draws lots the bound is six
//! standard deviations: a false alarm once in 500 million runs.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use tidegate_e2e::client::{Answer, Connection, Request, get};
use tidegate_e2e::{Endpoint, Load, LoadPlan, Proxy, config};
use tokio::task::JoinHandle;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn weighted_is_smooth_and_exact() {
    let endpoints = abc().await;
    let proxy = weighted("weighted", &endpoints, [5, 1, 1]).await;
    let mut connection = Connection::open(proxy.address())
        .await
        .expect("a connection");
    let mut chosen = String::new();
    for _ in 0..14 {
        chosen += connection
            .send(Request::get("/"))
            .await
            .expect("an answer")
            .endpoint();
    }
    assert_eq!(chosen, "aabacaa".repeat(2));

    load(&proxy, 16, 7 * 300 - 14).await;
    assert_eq!(endpoints.each_ref().map(Endpoint::hits), [1500, 300, 300]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn round_robin_starts_over_for_nobody() {
    let endpoints = abc().await;
    let [a, b, c] = &endpoints;
    let proxy = Proxy::start(&config::web("round-robin", &[a, b, c])).await;
    // Many short connections on all threads: still one turn for all.
    let plan = LoadPlan {
        keep_alive: 0,
        fresh: 12,
        count: Some(900),
        ..LoadPlan::default()
    };
    Load::run(proxy.address(), plan).await.assert_clean();
    assert_eq!(endpoints.each_ref().map(Endpoint::hits), [300; 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn weighted_random_follows_the_weights() {
    let endpoints = abc().await;
    let proxy = weighted("weighted-random", &endpoints, [5, 1, 1]).await;
    load(&proxy, 16, 7000).await;
    let [a, b, c] = endpoints.each_ref().map(Endpoint::hits);
    // sqrt(7000 × 5/7 × 2/7) = 37.8, sqrt(7000 × 1/7 × 6/7) = 29.3.
    assert!(
        a.abs_diff(5000) <= 227 && b.abs_diff(1000) <= 176 && c.abs_diff(1000) <= 176,
        "{a} {b} {c}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_is_uniform() {
    let endpoints = abc().await;
    let proxy = weighted("random", &endpoints, [5, 1, 1]).await;
    load(&proxy, 16, 6000).await;
    // sqrt(6000 × 1/3 × 2/3) = 36.5. The weights do not matter.
    for hits in endpoints.each_ref().map(Endpoint::hits) {
        assert!(hits.abs_diff(2000) <= 219, "{hits}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn least_connections_fills_evenly() {
    let endpoints = abc().await;
    let proxy = weighted("least-connections", &endpoints, [2, 1, 1]).await;
    let held = hold(&proxy, &endpoints, 12).await;
    assert_eq!(endpoints.each_ref().map(Endpoint::hits), [6, 3, 3]);
    release(held, &endpoints).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p2c_fills_nearly_evenly() {
    let endpoints = abc().await;
    let proxy = weighted("p2c", &endpoints, [1, 1, 1]).await;
    let held = hold(&proxy, &endpoints, 60).await;
    // Each step takes the fuller of two with probability 0: the gap between the fullest and
    // the emptiest decays geometrically, and 12 is far out.
    for hits in endpoints.each_ref().map(Endpoint::hits) {
        assert!(hits.abs_diff(20) <= 6, "{hits} of 60");
    }
    release(held, &endpoints).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_endpoint_gets_less() {
    for (selector, most) in [("least-connections", 20), ("p2c", 20), ("peak-ewma", 10)] {
        let endpoints = abc().await;
        endpoints[0].set_delay(Duration::from_millis(100));
        let proxy = weighted(selector, &endpoints, [1, 1, 1]).await;
        load(&proxy, 6, 1200).await;
        let slow = endpoints[0].hits();
        assert!(slow * 100 <= 1200 * most, "{selector}: {slow} of 1200");
        assert!(slow > 0, "{selector} never tried it");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ip_hash_keeps_clients_and_moves_few() {
    let endpoints = abc().await;
    let [a, b, c] = &endpoints;
    let all = config::web("ip-hash", &[a, b, c]);
    let proxy = Proxy::start(&all).await;
    let clients: Vec<_> = (1..=80).map(|n| Ipv4Addr::new(127, 0, 1, n)).collect();
    let map = async || {
        let mut map = BTreeMap::new();
        for client in &clients {
            let answer = Request::get("/")
                .send_from(*client, proxy.address())
                .await
                .expect("an answer");
            map.insert(*client, answer.endpoint().to_owned());
        }
        map
    };
    let before = map().await;
    assert_eq!(map().await, before, "a client stays");
    for endpoint in &endpoints {
        let share = before
            .values()
            .filter(|name| *name == endpoint.name())
            .count();
        assert!(share >= 4, "{} has {share} of 80", endpoint.name());
    }

    proxy
        .reload_with(&config::web("ip-hash", &[a, c]))
        .await
        .expect("a good file");
    for (client, now) in map().await {
        if before[&client] == "b" {
            assert_ne!(now, "b");
        } else {
            assert_eq!(now, before[&client], "{client} moved for nothing");
        }
    }
    proxy.reload_with(&all).await.expect("a good file");
    assert_eq!(map().await, before, "they come back with it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ip_hash_does_not_believe_what_a_client_says() {
    let [a, b, c] = abc().await;
    let proxy = Proxy::start(&config::web("ip-hash", &[&a, &b, &c])).await;
    let honest = get(proxy.address(), "/").await;
    for n in 0..20 {
        let request = Request::get("/").header("x-forwarded-for", &format!("203.0.113.{n}"));
        let answer = request.send(proxy.address()).await.expect("an answer");
        assert_eq!(answer.endpoint(), honest.endpoint());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consistent_hash_moves_few() {
    let endpoints = abc().await;
    let [a, b, c] = &endpoints;
    let selector = consistent_hash("header", "x-user");
    let all = config::web(&selector, &[a, b, c]);
    let proxy = Proxy::start(&all).await;
    let map = async || {
        let mut map = BTreeMap::new();
        for user in 0..150 {
            let request = Request::get("/").header("x-user", &format!("user-{user}"));
            map.insert(user, name(request, &proxy).await);
        }
        map
    };
    let before = map().await;
    assert_eq!(map().await, before);
    proxy
        .reload_with(&config::web(&selector, &[c, a]))
        .await
        .expect("a good file");
    for (user, now) in map().await {
        let stays = before[&user] != "b";
        assert_eq!(
            now == before[&user],
            stays,
            "user-{user}: {} to {now}",
            before[&user]
        );
    }
    proxy.reload_with(&all).await.expect("a good file");
    assert_eq!(map().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consistent_hash_takes_its_key_from_where_it_is_told() {
    let [a, b, c] = abc().await;
    type Make = fn(u32, u32) -> Request;
    let keys: [(&str, &str, Make); 4] = [
        ("header", "x-user", |key, noise| {
            Request::get(&format!("/?x-n={noise}")).header("x-user", &key.to_string())
        }),
        ("cookie", "session", |key, noise| {
            Request::get("/").header("cookie", &format!("n={noise}; session={key}"))
        }),
        ("query", "x-user", |key, noise| {
            Request::get(&format!("/?x-n={noise}&x-user={key}"))
        }),
        ("path", "", |key, noise| {
            Request::get(&format!("/{key}?x-n={noise}"))
        }),
    ];
    for (from, what, make) in keys {
        let proxy = Proxy::start(&config::web(&consistent_hash(from, what), &[&a, &b, &c])).await;
        let mut used = BTreeMap::<_, u32>::new();
        for key in 0..60 {
            let first = name(make(key, 0), &proxy).await;
            for noise in 1..4 {
                assert_eq!(name(make(key, noise), &proxy).await, first, "{from}");
            }
            *used.entry(first).or_default() += 1;
        }
        assert_eq!(used.len(), 3, "{from}: different keys spread: {used:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hot_key_spills_over_at_its_bound() {
    let endpoints = abc().await;
    let [a, b, c] = &endpoints;
    let selector = "{ plugin: consistent-hash, config: { key: path, bounded_load: 1.25 } }";
    let proxy = Proxy::start(&config::web(selector, &[a, b, c])).await;
    let held = hold(&proxy, &endpoints, 12).await;
    let mut hits = endpoints.each_ref().map(Endpoint::hits);
    hits.sort_unstable();
    // ceil(1.25 × 12 / 3) = 5 for the owner, then the next along the ring.
    assert_eq!(hits, [2, 5, 5]);
    release(held, &endpoints).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sticky_sessions_stay() {
    let [a, b, c] = abc().await;
    let proxy = Proxy::start(&config::web(STICKY, &[&a, &b, &c])).await;
    let first = get(proxy.address(), "/").await;
    let (cookie, attributes) = cookie(&first).expect("a new client gets a cookie");
    assert!(cookie.starts_with("tg="), "{cookie}");
    assert!(!cookie.contains("127.0.0.1") && !cookie.contains(&a.address().port().to_string()));
    for attribute in [
        "path=/shop",
        "max-age=3600",
        "httponly",
        "secure",
        "samesite=strict",
    ] {
        assert!(
            attributes.iter().any(|has| has == attribute),
            "{attribute} in {attributes:?}"
        );
    }
    for n in 0..20 {
        let request = Request::get("/").header("cookie", &format!("n={n}; {cookie}; m=1"));
        let answer = request.send(proxy.address()).await.expect("an answer");
        assert_eq!(answer.endpoint(), first.endpoint());
    }
    // Other processes and later generations know the cookie as well.
    let other = Proxy::start(&config::web(STICKY, &[&c, &b, &a])).await;
    assert_eq!(
        with_cookie(&other, &cookie).await.endpoint(),
        first.endpoint()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_cookie_is_a_new_client() {
    let [a, b, c] = abc().await;
    let proxy = Proxy::start(&config::web(STICKY, &[&a, &b, &c])).await;
    let mut used = BTreeMap::<_, u32>::new();
    for forged in [
        "tg=1",
        "tg=",
        "tg=0000000000000000",
        "tg=ffffffffffffffff",
        "tg=../..",
        "tg=a",
    ] {
        let answer = with_cookie(&proxy, forged).await;
        assert_eq!(answer.status(), 200);
        let (fresh, _) = cookie(&answer).unwrap_or_else(|| panic!("{forged} was believed"));
        assert_ne!(fresh, forged);
        *used.entry(answer.endpoint().to_owned()).or_default() += 1;
    }
    assert!(used.len() > 1, "new clients are spread: {used:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sessions_of_a_dead_endpoint_move_once() {
    let mut endpoints = abc().await;
    let proxy = {
        let [a, b, c] = &endpoints;
        Proxy::start(&config::web(STICKY, &[a, b, c])).await
    };
    let first = get(proxy.address(), "/").await;
    let (old, _) = cookie(&first).expect("a cookie");
    let dead = endpoints
        .iter_mut()
        .find(|e| e.name() == first.endpoint())
        .expect("one of them");
    dead.stop().await;
    let moved = with_cookie(&proxy, &old).await;
    assert_eq!(moved.status(), 200);
    assert_ne!(moved.endpoint(), first.endpoint());
    let (new, _) = cookie(&moved).expect("a new cookie");
    for _ in 0..10 {
        assert_eq!(with_cookie(&proxy, &new).await.endpoint(), moved.endpoint());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draining_endpoint_keeps_its_sessions_and_takes_no_new_ones() {
    let endpoints = abc().await;
    let [a, b, c] = &endpoints;
    let proxy = Proxy::start(&config::web(STICKY, &[a, b, c])).await;
    let mut sessions = BTreeMap::new();
    for _ in 0..12 {
        let answer = get(proxy.address(), "/").await;
        let (cookie, _) = cookie(&answer).expect("a cookie");
        sessions.insert(answer.endpoint().to_owned(), cookie);
    }
    assert_eq!(sessions.len(), 3, "new clients are spread");

    let draining = [
        config::endpoint(a, "draining: true"),
        b.address().to_string(),
        c.address().to_string(),
    ];
    proxy
        .reload_with(&config::web_of(STICKY, &draining))
        .await
        .expect("a good file");
    for (endpoint, cookie) in &sessions {
        assert_eq!(with_cookie(&proxy, cookie).await.endpoint(), endpoint);
    }
    let before = a.hits();
    for _ in 0..30 {
        assert_ne!(get(proxy.address(), "/").await.endpoint(), "a");
    }
    assert_eq!(a.hits(), before);
}

const STICKY: &str = "{ plugin: sticky, config: { cookie: tg, path: /shop, ttl: 1h, secure: true, http_only: true, same_site: strict } }";

/// The selector's value for a key from a `header`, `cookie` or `query` of a name, or the `path`.
fn consistent_hash(from: &str, name: &str) -> String {
    let key = if name.is_empty() {
        from.to_owned()
    } else {
        format!("{{ {from}: {name} }}")
    };
    format!("{{ plugin: consistent-hash, config: {{ key: {key} }} }}")
}

async fn abc() -> [Endpoint; 3] {
    [
        Endpoint::start("a").await,
        Endpoint::start("b").await,
        Endpoint::start("c").await,
    ]
}

async fn weighted(selector: &str, endpoints: &[Endpoint; 3], weights: [u32; 3]) -> Proxy {
    let endpoints: Vec<_> = std::iter::zip(endpoints, weights)
        .map(|(endpoint, weight)| config::endpoint(endpoint, &format!("weight: {weight}")))
        .collect();
    Proxy::start(&config::web_of(selector, &endpoints)).await
}

async fn load(proxy: &Proxy, workers: usize, count: u64) {
    let plan = LoadPlan {
        keep_alive: workers,
        count: Some(count),
        ..LoadPlan::default()
    };
    Load::run(proxy.address(), plan).await.assert_clean();
}

/// Sends requests that are not answered, each when the one before has arrived.
async fn hold(proxy: &Proxy, endpoints: &[Endpoint], count: u64) -> Vec<JoinHandle<Answer>> {
    endpoints.iter().for_each(Endpoint::freeze);
    let address = proxy.address();
    let mut held = Vec::new();
    for n in 1..=count {
        held.push(tokio::spawn(async move { get(address, "/").await }));
        tidegate_e2e::eventually("the request at its endpoint", async || {
            let arrived: u64 = endpoints.iter().map(|e| e.in_flight().value()).sum();
            (arrived == n).then_some(())
        })
        .await;
    }
    held
}

async fn release(held: Vec<JoinHandle<Answer>>, endpoints: &[Endpoint]) {
    endpoints.iter().for_each(Endpoint::thaw);
    for request in held {
        assert_eq!(request.await.expect("no panic").status(), 200);
    }
}

async fn name(request: Request, proxy: &Proxy) -> String {
    request
        .send(proxy.address())
        .await
        .expect("an answer")
        .endpoint()
        .to_owned()
}

async fn with_cookie(proxy: &Proxy, cookie: &str) -> Answer {
    Request::get("/")
        .header("cookie", cookie)
        .send(proxy.address())
        .await
        .expect("an answer")
}

/// `name=value` and the attributes in lower case.
fn cookie(answer: &Answer) -> Option<(String, Vec<String>)> {
    let mut parts = answer.header("set-cookie")?.split(';').map(str::trim);
    let pair = parts.next()?.to_owned();
    Some((pair, parts.map(str::to_lowercase).collect()))
}
