//! The built-in filters, each in a route of the real binary: what a client gets, what the endpoint
//! gets, what the operator reads of it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use tidegate_e2e::client::{Connection, Request, get};
use tidegate_e2e::{Endpoint, Proxy, config};

/// One upstream `web`, and one route through these filters, as they stand in a file.
fn through(endpoints: &[&Endpoint], filters: &str) -> String {
    let text = config::web("round-robin", endpoints);
    let route = format!("{{ upstream: web, filters: [{filters}] }}");
    text.replace("{ upstream: web }", &route)
}

/// The same with another upstream.
fn beside(text: &str, name: &str, endpoint: &Endpoint) -> String {
    let other = format!(
        "upstreams:\n  {name}: {{ endpoints: [\"{}\"] }}\n",
        endpoint.address()
    );
    text.replace("upstreams:\n", &other)
}

fn options(target: &str) -> Request {
    Request {
        method: "OPTIONS".parse().expect("a method"),
        ..Request::get(target)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_is_told_who_may_ask_also_by_the_hosts_own_error() {
    let mut a = Endpoint::start("a").await;
    let cors = "{ plugin: cors, config: { allow_origins: [\"https://app.example.com\"], \
                allow_methods: [GET, PUT], credentials: true, max_age: 10m } }";
    let proxy = Proxy::start(&through(&[&a], cors)).await;
    let allowed = Some("https://app.example.com");

    let preflight = options("/data")
        .header("origin", "https://app.example.com")
        .header("access-control-request-method", "PUT");
    let answer = preflight.send(proxy.address()).await.unwrap();
    assert_eq!(answer.status(), 204);
    assert_eq!(answer.header("access-control-allow-origin"), allowed);
    assert_eq!(
        answer.header("access-control-allow-methods"),
        Some("GET, PUT")
    );
    assert_eq!(answer.header("access-control-max-age"), Some("600"));
    assert_eq!(a.hits(), 0, "a preflight goes to no endpoint");
    let line = proxy.access_log.wait("a line", |_| true).await;
    assert_eq!(line.value("answered_by"), "cors");

    let from = |origin: &str| Request::get("/").header("origin", origin);
    let answer = from("https://app.example.com")
        .send(proxy.address())
        .await
        .unwrap();
    assert_eq!(answer.header("access-control-allow-origin"), allowed);
    assert_eq!(answer.header("vary"), Some("Origin"));
    let answer = from("https://evil.example")
        .send(proxy.address())
        .await
        .unwrap();
    assert_eq!((answer.status(), answer.endpoint()), (200, "a"));
    assert_eq!(answer.header("access-control-allow-origin"), None);

    // Without these fields a script could not tell an error from a network that is down.
    a.stop().await;
    let answer = from("https://app.example.com")
        .send(proxy.address())
        .await
        .unwrap();
    assert_eq!(answer.status(), 502);
    assert_eq!(answer.header("access-control-allow-origin"), allowed);
    assert_eq!(
        answer.header("access-control-allow-credentials"),
        Some("true")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_too_often_is_told_when_to_come_back_on_every_connection() {
    let a = Endpoint::start("a").await;
    let limit = "{ plugin: rate-limit, config: { rate: 0.01, burst: 3 } }";
    let proxy = Proxy::start(&through(&[&a], limit)).await;
    let mut connections = [
        Connection::open(proxy.address()).await.unwrap(),
        Connection::open(proxy.address()).await.unwrap(),
    ];
    for turn in [0, 1, 0] {
        let answer = connections[turn].send(Request::get("/")).await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    for connection in &mut connections {
        let answer = connection.send(Request::get("/")).await.unwrap();
        assert_eq!(answer.status(), 429);
        let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=100).contains(&wait), "{wait}");
        assert_eq!(
            answer.header("ratelimit-policy"),
            Some("\"default\";q=3;w=300")
        );
    }
    let neighbour = Request::get("/")
        .send_from(Ipv4Addr::new(127, 0, 0, 77), proxy.address())
        .await
        .unwrap();
    assert_eq!(neighbour.status(), 200, "each client has its own bucket");
    assert_eq!(a.hits(), 4);
    let deeds = [("plugin", "rate-limit"), ("deed", "answer")];
    assert_eq!(
        proxy.metrics().await.sum("lb_plugin_deeds_total", &deeds),
        2.0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_is_exact_over_all_threads() {
    let a = Endpoint::start("a").await;
    let limit = "{ plugin: rate-limit, config: { rate: 0.000001, burst: 100 } }";
    let text = format!("{}threads: 4\n", through(&[&a], limit));
    let proxy = Proxy::start(&text).await;
    let address = proxy.address();
    let clients: Vec<_> = (0..8)
        .map(|_| {
            tokio::spawn(async move {
                let mut connection = Connection::open(address).await.unwrap();
                let mut passed = 0;
                for _ in 0..40 {
                    let answer = connection.send(Request::get("/")).await.unwrap();
                    passed += u32::from(answer.status() == 200);
                }
                passed
            })
        })
        .collect();
    let mut passed = 0;
    for client in clients {
        passed += client.await.unwrap();
    }
    assert_eq!((passed, a.hits()), (100, 100), "of 320");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_outlives_a_reload_and_a_refused_file_does_not_change_it() {
    let a = Endpoint::start("a").await;
    let text = |burst: u32| {
        let limit =
            format!("{{ plugin: rate-limit, config: {{ rate: 0.000001, burst: {burst} }} }}");
        through(&[&a], &limit)
    };
    let proxy = Proxy::start(&text(3)).await;
    let statuses = async |count: usize| {
        let mut statuses = Vec::new();
        for _ in 0..count {
            statuses.push(get(proxy.address(), "/").await.status());
        }
        statuses
    };
    assert_eq!(statuses(2).await, [200, 200]);

    // The limit is higher here, and something else is wrong.
    let wrong = text(1_000).replace(
        "selector: round-robin",
        "selector: { plugin: sticky, config: { a: 1 } }",
    );
    let refused = proxy.reload_with(&wrong).await.unwrap_err();
    assert!(refused.mentions("selector", "unknown field"), "{refused:?}");
    assert_eq!(statuses(3).await, [200, 429, 429], "the burst is three");

    proxy.reload_with(&text(4)).await.expect("a good file");
    assert_eq!(statuses(1).await, [429], "what was used up stays so");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_says_who_may_pass_and_without_it_nobody_does() {
    let a = Endpoint::start("a").await;
    let mut auth = Endpoint::start("auth").await;
    let started = async |check: &str, more: &str| {
        let guard = format!(
            "{{ plugin: guard, config: {{ upstream: auth, path: \"{check}\", copy: [x-user]{more} }} }}"
        );
        let text = beside(&through(&[&a], &guard), "auth", &auth);
        let text = format!(
            "{text}plugins: {{ guard: {{ builtin: ext-auth, grant: {{ http: [auth] }} }} }}\n"
        );
        Proxy::start(&text).await
    };

    let proxy = started("/?header=x-user:ann", "").await;
    let request = Request::get("/echo/a?x-b=c").header("x-user", "root");
    let answer = request.send(proxy.address()).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.echoed("x-user"), ["ann"], "the service names it");

    let denying = started("/?status=403&header=x-why:closed", "").await;
    let hits = a.hits();
    let answer = get(denying.address(), "/").await;
    assert_eq!(answer.status(), 403);
    assert_eq!(
        answer.header("x-why"),
        Some("closed"),
        "its refusal is the client's"
    );
    assert_eq!(answer.text(), "auth\n");
    let line = denying.access_log.wait("a line", |_| true).await;
    assert_eq!(line.value("answered_by"), "guard");

    let broken = started("/?status=500", "").await;
    assert_eq!(get(broken.address(), "/").await.status(), 503);
    let slow = started("/?delay=2s", ", timeout: 50ms").await;
    assert_eq!(get(slow.address(), "/").await.status(), 503);
    let open = started("/?status=500", ", on_error: allow").await;
    assert_eq!(get(open.address(), "/").await.status(), 200);

    auth.stop().await;
    assert_eq!(a.hits(), hits + 1, "only the open one let somebody in");
    let answer = get(proxy.address(), "/echo").await;
    assert_eq!(answer.status(), 503);
    assert_eq!(a.hits(), hits + 1);
    let line = proxy
        .log
        .wait("why", |line| line.message().contains("did not say whether"))
        .await;
    assert!(
        line.message()
            .contains("no endpoint of the upstream answered"),
        "{}",
        line.text()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_of_the_requests_go_elsewhere_and_a_key_stays() {
    let (web, next) = (Endpoint::start("web").await, Endpoint::start("next").await);
    let split = "{ plugin: traffic-split, config: { key: { cookie: id }, \
                 upstreams: [{ name: web, weight: 80 }, { name: next, weight: 20 }] } }";
    let text = beside(&through(&[&web], split), "next", &next);
    let proxy = Proxy::start(&text).await;
    let mut connection = Connection::open(proxy.address()).await.unwrap();
    let mut homes = BTreeMap::new();
    for round in 0..2 {
        for client in 0..500 {
            let request = Request::get("/").header("cookie", &format!("id=client-{client}"));
            let answer = connection.send(request).await.unwrap();
            let home = answer.endpoint().to_owned();
            let before = homes.insert(client, home.clone());
            assert!(round == 0 || before == Some(home), "client {client} moved");
        }
    }
    let moved = homes.values().filter(|home| *home == "next").count();
    // A fifth, ± five standard deviations of 9.
    assert!((55..=145).contains(&moved), "{moved} of 500");

    // The last answer may be here before it is counted.
    proxy.wait_idle().await;
    let metrics = proxy.metrics().await;
    for (upstream, count) in [("next", moved), ("web", 500 - moved)] {
        let labels = [("route", "route-1"), ("upstream", upstream)];
        let requests = metrics.sum("lb_requests_total", &labels);
        assert_eq!(requests, 2.0 * count as f64, "{upstream}");
    }
    let line = proxy
        .access_log
        .wait("one that went elsewhere", |line| {
            line.value("upstream") == "next"
        })
        .await;
    assert_eq!(line.value("attributes")["split"], "next");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_are_sent_to_another_address() {
    let a = Endpoint::start("a").await;
    let redirect =
        "{ plugin: redirect, config: { to: \"https://{host}{path}{query}\", status: 308 } }";
    let proxy = Proxy::start(&through(&[&a], redirect)).await;
    let request = Request::post("/a%20b/c?d=e", "body").header("host", "Example.com:8080");
    let answer = request.send(proxy.address()).await.unwrap();
    assert_eq!(answer.status(), 308);
    let location = answer.header("location");
    assert_eq!(location, Some("https://example.com/a%20b/c?d=e"));
    let evil = Request::get("//evil.example/").header("host", "example.com");
    let answer = evil.send(proxy.address()).await.unwrap();
    let location = answer.header("location").unwrap();
    assert!(location.starts_with("https://example.com/"), "{location}");
    assert_eq!(a.hits(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_endpoint_gets_another_path_and_the_log_keeps_the_clients() {
    let a = Endpoint::start("a").await;
    let rewrite = "{ plugin: rewrite, config: { prefix: { from: /api, to: /echo/v1 } } }, \
                   { plugin: rewrite, config: { regex: { pattern: \"/users/([0-9]+)$\", \
                     replacement: \"/user?x-id=$1\" } } }";
    let proxy = Proxy::start(&through(&[&a], rewrite)).await;
    let answer = get(proxy.address(), "/api/users/7").await;
    assert_eq!(answer.json()["path"], "/echo/v1/user");
    assert_eq!(answer.json()["query"], "x-id=7");
    let line = proxy.access_log.wait("a line", |_| true).await;
    assert_eq!(line.value("path"), "/api/users/7");
    let answer = get(proxy.address(), "/echo/api?x-a=b").await;
    assert_eq!(answer.json()["path"], "/echo/api", "it does not begin so");
    assert_eq!(answer.json()["query"], "x-a=b");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_gets_in_by_its_address_and_by_nothing_that_it_says() {
    let a = Endpoint::start("a").await;
    let allow = "{ plugin: ip-allow, config: { allow: [127.0.0.0/24], deny: [127.0.0.66] } }";
    let proxy = Proxy::start(&through(&[&a], allow)).await;
    for (last, status) in [([0, 1], 200), ([0, 66], 403), ([1, 1], 403)] {
        let from = Ipv4Addr::new(127, 0, last[0], last[1]);
        let request = Request::get("/").header("x-forwarded-for", "127.0.0.1");
        let answer = request.send_from(from, proxy.address()).await.unwrap();
        assert_eq!(answer.status(), status, "{from}");
    }
    assert_eq!(a.hits(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_a_key_is_in_the_log_by_name_and_the_key_is_not() {
    let a = Endpoint::start("a").await;
    // SHA-256 of `abc`.
    let guard = "{ plugin: api-key, config: { forward: false, keys: { billing: \
                 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad } } }";
    let proxy = Proxy::start(&through(&[&a], guard)).await;
    let answer = get(proxy.address(), "/echo").await;
    assert_eq!(answer.status(), 401);
    let challenge = answer.header("www-authenticate");
    assert_eq!(challenge, Some("ApiKey realm=\"tidegate\""));
    assert_eq!(a.hits(), 0);
    let request = Request::get("/echo").header("x-api-key", "abc");
    let answer = request.send(proxy.address()).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.echoed("x-api-key"), [""; 0]);
    let line = proxy
        .access_log
        .wait("the second", |line| line.value("status") == 200)
        .await;
    assert_eq!(line.value("attributes")["api_key"], "billing");
    let line = proxy
        .access_log
        .wait("the first", |line| line.value("status") == 401)
        .await;
    assert_eq!(line.value("answered_by"), "api-key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_checked_by_a_plugin_without_an_entry_and_names_its_user() {
    let a = Endpoint::start("a").await;
    // `password`, with 19 MiB: ten times what another plugin's deadline would allow.
    let login = "{ plugin: basic-auth, config: { realm: staff, forward: false, users: { ann: \
                 \"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$PL01amPyeUuxG7H0vIr5X+qHkZvWnHmGBGXFYvh8z2E\" } } }";
    let proxy = Proxy::start(&through(&[&a], login)).await;
    let with =
        |token: &str| Request::get("/echo").header("authorization", &format!("Basic {token}"));
    // `ann:wrong`, and `bob:password`.
    for token in ["YW5uOndyb25n", "Ym9iOnBhc3N3b3Jk"] {
        let answer = with(token).send(proxy.address()).await.unwrap();
        assert_eq!(answer.status(), 401);
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge, Some("Basic realm=\"staff\", charset=\"UTF-8\""));
    }
    assert_eq!(a.hits(), 0);
    for _ in 0..5 {
        let answer = with("YW5uOnBhc3N3b3Jk")
            .send(proxy.address())
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.echoed("authorization"), [""; 0]);
    }
    let line = proxy
        .access_log
        .wait("the user", |line| line.value("status") == 200)
        .await;
    assert_eq!(line.value("attributes")["user"], "ann");
    let metrics = proxy.metrics().await;
    assert_eq!(metrics.sum("lb_plugin_faults_total", &[]), 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_are_changed_both_ways_also_on_the_hosts_own_answers() {
    let mut a = Endpoint::start("a").await;
    let headers = "{ plugin: headers, config: { request: { remove: [x-debug], set: { x-proxy: tidegate } }, \
                   response: { set: { x-frame-options: deny }, remove: [x-endpoint] } } }";
    let proxy = Proxy::start(&through(&[&a], headers)).await;
    let request = Request::get("/echo")
        .header("x-debug", "1")
        .header("x-proxy", "a client");
    let answer = request.send(proxy.address()).await.unwrap();
    assert_eq!(answer.echoed("x-debug"), [""; 0]);
    assert_eq!(answer.echoed("x-proxy"), ["tidegate"]);
    assert_eq!(answer.header("x-frame-options"), Some("deny"));
    assert_eq!(answer.header("x-endpoint"), None);
    a.stop().await;
    let answer = get(proxy.address(), "/").await;
    assert_eq!(answer.status(), 502);
    assert_eq!(answer.header("x-frame-options"), Some("deny"));
}

/// What belongs together: who asks is known by a key, limited by its name, and told so by the log;
/// a browser asks beforehand without any of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_work_together_in_the_order_of_the_route() {
    let a = Endpoint::start("a").await;
    let filters = "{ plugin: cors, config: { allow_origins: [\"https://app.example.com\"] } }, \
                   { plugin: api-key, config: { keys: { \
                     one: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad, \
                     two: ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb } } }, \
                   { plugin: rate-limit, config: { rate: 0.01, burst: 2, key: { attribute: api_key } } }";
    let proxy = Proxy::start(&through(&[&a], filters)).await;
    let origin = "https://app.example.com";
    let ask = async |key: &str| {
        let request = Request::get("/").header("origin", origin);
        let answer = request.header("x-api-key", key).send(proxy.address()).await;
        let answer = answer.unwrap();
        let allowed = answer.header("access-control-allow-origin");
        assert_eq!(allowed, Some(origin), "refusals can be read by the script");
        answer.status()
    };
    let preflight = options("/")
        .header("origin", origin)
        .header("access-control-request-method", "GET");
    let answer = preflight.send(proxy.address()).await.unwrap();
    assert_eq!(answer.status(), 204, "it has no key");
    // The keys are `abc` and `a`.
    assert_eq!(
        [ask("abc").await, ask("abc").await, ask("abc").await],
        [200, 200, 429]
    );
    assert_eq!(ask("nobody's").await, 401);
    assert_eq!(ask("a").await, 200, "another has a bucket of its own");
    let line = proxy
        .access_log
        .wait("the refusal", |line| line.value("status") == 429)
        .await;
    assert_eq!(line.value("attributes")["api_key"], "one");
    assert_eq!(line.value("answered_by"), "rate-limit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_config_that_a_filter_refuses_is_told_with_its_place() {
    let a = Endpoint::start("a").await;
    let good = through(&[&a], "{ plugin: rate-limit, config: { rate: 1 } }");
    let proxy = Proxy::start(&good).await;
    for (filter, key, why) in [
        ("rate-limit", "", "missing field `rate`"),
        (
            "{ plugin: redirect, config: { to: /a, status: 200 } }",
            ".config.status",
            "200 is not that of a redirect",
        ),
        (
            "{ plugin: basic-auth, config: { users: { ann: \"$argon2id$v=19$m=131072,t=1,p=1$c29tZXNhbHQ$PL01amPyeUuxG7H0vIr5X+qHkZvWnHmGBGXFYvh8z2E\" } } }",
            ".config.users.ann",
            "to check this password takes 131072 KiB",
        ),
    ] {
        let refused = proxy
            .reload_with(&through(&[&a], filter))
            .await
            .unwrap_err();
        let path = format!("routes[0].filters[0]{key}");
        assert!(refused.mentions(&path, why), "{refused:?}");
    }
    assert_eq!(get(proxy.address(), "/").await.status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_says_who_somebody_is_and_a_forged_one_nothing() {
    let a = Endpoint::start("a").await;
    let guard = "{ plugin: jwt, config: { keys: [{ secret: 0123456789abcdef0123456789abcdef }], \
                 audience: api, require_exp: false, attributes: { user: sub }, \
                 headers: { x-user: sub } } }";
    let proxy = Proxy::start(&through(&[&a], guard)).await;
    // Of HS256: `ann`, for `api`, without an end.
    let ann = "eyJhbGciOiAiSFMyNTYifQ.eyJzdWIiOiAiYW5uIiwgImF1ZCI6ICJhcGkifQ.baBBRGlURmlUsbsm5ldDqCK65O6k4tkrXaYUbexy6ac";
    let with =
        |token: &str| Request::get("/echo").header("authorization", &format!("Bearer {token}"));
    let request = with(ann).header("x-user", "root");
    let answer = request.send(proxy.address()).await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert_eq!(answer.echoed("x-user"), ["ann"]);
    let line = proxy.access_log.wait("a line", |_| true).await;
    assert_eq!(line.value("attributes")["user"], "ann");
    for token in [&ann[..ann.len() - 2], "", "x.y.z"] {
        let answer = with(token).send(proxy.address()).await.unwrap();
        assert_eq!(answer.status(), 401, "{token}");
        assert!(
            answer
                .header("www-authenticate")
                .is_some_and(|field| field.starts_with("Bearer"))
        );
    }
    assert_eq!(a.hits(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_cannot_take_away_what_a_filter_sets() {
    let a = Endpoint::start("a").await;
    let headers = "{ plugin: headers, config: { request: { set: { x-user: ann } } } }";
    let proxy = Proxy::start(&through(&[&a], headers)).await;
    let request = Request::get("/echo")
        .header("connection", "keep-alive, x-user, x-mine")
        .header("x-mine", "1");
    let answer = request.send(proxy.address()).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.echoed("x-user"), ["ann"]);
    assert_eq!(answer.echoed("x-mine"), [""; 0]);
}
