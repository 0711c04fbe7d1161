//! Every language, as its author meets it: `new`, its own unit tests, `build`, `test`, and a proxy
//! that serves with it; and the examples in `examples/`.

use std::fs;
use std::path::Path;

use tidegate_e2e::client::get;
use tidegate_e2e::{Author, Endpoint, Proxy, config};

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
    let mut seen = Vec::new();
    for _ in 0..20 {
        let answer = get(proxy.address(), "/").await;
        assert_eq!(answer.status(), 200);
        seen.push(answer.endpoint().to_owned());
    }
    let of = |name: &str| seen.iter().filter(|seen| *seen == name).count();
    assert_eq!(
        (of("near"), of("nearer"), of("far")),
        (10, 10, 0),
        "{seen:?}"
    );
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
