//! Every language, as its author meets it: `new`, its own unit tests, `build`, `test`, and a proxy
//! that serves with it; and the examples in `examples/`.

use std::fs;
use std::path::Path;

use tidegate_e2e::client::{Request, get};
use tidegate_e2e::{Author, Endpoint, Load, LoadPlan, Proxy, config};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rust() {
    story("rust", &["cargo", "test", "--quiet"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn javascript() {
    story("js", &["npm", "test"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python() {
    story("python", &["python3", "-m", "unittest"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn go() {
    story("go", &["go", "test", "./rules"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c() {
    story("c", &[]).await;
}

/// From nothing to traffic, for both kinds.
async fn story(language: &str, unit_tests: &[&str]) {
    selector(language, unit_tests).await;
    filter(language, unit_tests).await;
}

async fn selector(language: &str, unit_tests: &[&str]) {
    let author = tested_project(language, "selector", unit_tests).await;
    let endpoints = [
        Endpoint::start("near").await,
        Endpoint::start("nearer").await,
        Endpoint::start("far").await,
    ];
    let proxy = serve(author, "mine", &endpoints).await;
    for _ in 0..20 {
        assert_eq!(get(proxy.address(), "/").await.status(), 200);
    }
    // Each of the proxy's threads has an instance, with a turn of its own.
    let hits = endpoints.each_ref().map(Endpoint::hits);
    assert_eq!((hits[0] + hits[1], hits[2]), (20, 0), "{hits:?}");
    assert!(hits[0] > 2 && hits[1] > 2, "{hits:?}");
    no_faults(&proxy).await;
}

async fn filter(language: &str, unit_tests: &[&str]) {
    let author = tested_project(language, "filter", unit_tests).await;
    let endpoints = [Endpoint::start("a").await];
    let proxy = serve(author, "mine", &endpoints).await;
    let answer = get(proxy.address(), "/echo").await;
    assert_eq!(
        (answer.status(), answer.echoed("x-tag")),
        (200, vec!["hello".to_owned()])
    );
    let answer = get(proxy.address(), "/private/papers").await;
    assert_eq!(
        (answer.status(), answer.text()),
        (403, "not here\n".to_owned())
    );
    assert_eq!(endpoints[0].hits(), 1);
    no_faults(&proxy).await;
}

async fn tested_project(language: &str, kind: &str, unit_tests: &[&str]) -> Author {
    let author = Author::equipped();
    let arguments = ["new", "mine", "--kind", kind, "--lang", language];
    author.plugin(".", &arguments).await.fine();
    test(&author, "mine", unit_tests).await;
    author
}

/// Unit tests, build and scenarios of the project in that folder.
async fn test(author: &Author, folder: &str, unit_tests: &[&str]) {
    if let [program, arguments @ ..] = unit_tests {
        let told = author.command(Path::new(program), folder, arguments).await;
        told.fine();
    }
    author.plugin(folder, &["build"]).await.fine();
    let component = format!("build/{folder}.wasm");
    let told = author
        .plugin(folder, &["test", &component, "scenarios/basic.yaml"])
        .await
        .fine();
    assert!(told.contains("passed") && !told.contains("FAIL"), "{told}");
}

/// A proxy with the project's own configuration, but for the addresses.
async fn serve(author: Author, folder: &str, endpoints: &[Endpoint]) -> Proxy {
    let file = author.folder().join(folder).join("tidegate.yaml");
    let sample = fs::read_to_string(file).expect("it is there");
    let addresses: Vec<_> = endpoints.iter().map(Endpoint::address).collect();
    let text = config::adapt(&sample, &addresses);
    let text = text.replace("source: build/", &format!("source: {folder}/build/"));
    let text = format!("{text}\nadmin: {{ address: 127.0.0.9:0 }}\n");
    Proxy::start_in(author.into_directory(), &text, &[]).await
}

async fn no_faults(proxy: &Proxy) {
    let metrics = proxy.metrics().await;
    assert_eq!(metrics.sum("lb_plugin_faults_total", &[]), 0.0);
}

/// JavaScript: a visitor gets a variant, and keeps it by a cookie.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn example_ab_header() {
    let author = tested_example("ab-header", &["npm", "test"]).await;
    let endpoints = [Endpoint::start("a").await];
    let proxy = serve(author, "ab-header", &endpoints).await;
    for _ in 0..20 {
        let answer = get(proxy.address(), "/echo").await;
        let variant = answer.echoed("x-ab-checkout").concat();
        assert!(["old", "new"].contains(&variant.as_str()), "{variant}");
        let cookie = answer.header("set-cookie").expect("a new visitor gets one");
        assert!(
            cookie.starts_with(&format!("ab-checkout={variant};")),
            "{cookie}"
        );
        let back = Request::get("/echo").header("cookie", &format!("ab-checkout={variant}"));
        let answer = back.send(proxy.address()).await.expect("an answer");
        assert_eq!(answer.echoed("x-ab-checkout"), [variant]);
        assert_eq!(answer.header("set-cookie"), None);
    }
    no_faults(&proxy).await;
}

/// Python: a bad order is answered with all that is wrong, and the shop does not see it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn example_order_rules() {
    let author = tested_example("order-rules", &["python3", "-m", "unittest"]).await;
    let endpoints = [Endpoint::start("shop").await];
    let proxy = serve(author, "order-rules", &endpoints).await;
    let order = |country: &str| {
        let items = r#"[{"sku": "a-1", "price": 10, "quantity": 2}]"#;
        let body = format!(r#"{{"country": "{country}", "items": {items}}}"#);
        Request::post("/orders", body).send(proxy.address())
    };
    let answer = order("fr").await.expect("an answer");
    assert_eq!((answer.status(), answer.endpoint()), (200, "shop"));
    let answer = order("us").await.expect("an answer");
    assert_eq!(answer.status(), 422);
    assert_eq!(answer.json()["problems"]["country"], "we deliver to fr, de");
    assert_eq!(endpoints[0].hits(), 1);
    no_faults(&proxy).await;
}

/// C: requests stay in the zone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn example_zone_spill() {
    let author = tested_example("zone-spill", &[]).await;
    let endpoints = [
        Endpoint::start("a1").await,
        Endpoint::start("a2").await,
        Endpoint::start("b1").await,
    ];
    let proxy = serve(author, "zone-spill", &endpoints).await;
    for _ in 0..50 {
        assert_eq!(get(proxy.address(), "/").await.status(), 200);
    }
    assert_eq!(endpoints[0].hits() + endpoints[1].hits(), 50);
    let series = [("plugin", "zone-spill")];
    assert_eq!(proxy.metrics().await.sum("lb_plugin_spilled", &series), 0.0);
    no_faults(&proxy).await;
}

/// Go: closed is closed, for as many requests as its collector needs to run several times.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn example_maintenance() {
    let author = tested_example("maintenance", &["go", "test", "./rules"]).await;
    let endpoints = [Endpoint::start("a").await];
    let proxy = serve(author, "maintenance", &endpoints).await;
    let plan = LoadPlan {
        count: Some(5_000),
        request: Request::get("/staff"),
        ..LoadPlan::default()
    };
    for _ in 0..10 {
        let answer = get(proxy.address(), "/closed").await;
        assert_eq!((answer.status(), endpoints[0].hits()), (503, 0));
        assert!(answer.header("retry-after").is_some());
    }
    Load::run(proxy.address(), plan).await.assert_clean();
    no_faults(&proxy).await;
}

async fn tested_example(name: &str, unit_tests: &[&str]) -> Author {
    let author = Author::equipped();
    author.copy_example(name);
    test(&author, name, unit_tests).await;
    author
}
