//! The smallest file, and every other sample that serves plain requests: they start and serve.

use std::path::Path;

use tidegate_e2e::{Endpoint, Load, LoadPlan, Proxy, client, config, directory, plugin};

/// The file that the documentation calls the smallest useful one.
const SMALLEST: &str = "\
listeners: [{ address: 127.0.0.1:8080 }]
upstreams:
  web:
    endpoints: [127.0.0.1:8001, 127.0.0.1:8002, 127.0.0.1:8003]
    selector: round-robin
routes: [{ upstream: web }]
";

/// The sample list of endpoints.
const LIST: &str = "endpoints";

/// Samples that need certificates, endpoints of another protocol or clients that do not speak
/// HTTP: `protocols/samples.rs` runs them.
const ELSEWHERE: [&str; 4] = ["tls", "mtls", "grpc", "tcp"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn six_lines_share_requests_exactly() {
    let endpoints = [
        Endpoint::start("a").await,
        Endpoint::start("b").await,
        Endpoint::start("c").await,
    ];
    let addresses = endpoints.each_ref().map(Endpoint::address);
    let proxy = Proxy::start(&config::adapt(SMALLEST, &addresses)).await;

    let answer = client::get(proxy.address(), "/").await;
    assert_eq!(
        (answer.status(), answer.endpoint(), answer.text().as_str()),
        (200, "a", "a\n")
    );

    let plan = LoadPlan {
        keep_alive: 12,
        fresh: 4,
        count: Some(2999),
        ..LoadPlan::default()
    };
    let report = Load::run(proxy.address(), plan).await;
    report.assert_clean();
    for endpoint in &endpoints {
        assert_eq!(endpoint.hits(), 1000, "{}", endpoint.name());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_sample_starts_and_answers() {
    let endpoints = [
        Endpoint::start("a").await,
        Endpoint::start("b").await,
        Endpoint::start("c").await,
    ];
    let addresses = endpoints.each_ref().map(Endpoint::address);
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config");
    let canary = plugin("header-canary");
    let mut started = 0;
    for entry in std::fs::read_dir(&samples).expect("the samples") {
        let path = entry.expect("an entry").path();
        // A list of endpoints is no configuration: a sample refers to it.
        let list = path.file_stem().is_some_and(|name| name == LIST);
        let elsewhere = path
            .file_stem()
            .is_some_and(|name| ELSEWHERE.iter().any(|known| name == *known));
        if list || elsewhere || path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        println!("sample {}", path.display());
        let sample = std::fs::read_to_string(&path).expect("a text");
        // Where the reader's own build would put it, the test's build has not.
        let built = "../examples/header-canary/target/wasm32-wasip2/release/header_canary.wasm";
        let sample = sample.replace(built, &canary.display().to_string());
        let beside = directory();
        copy_files(&samples, beside.path());
        let list = beside.path().join(LIST).with_extension("yaml");
        let listed = std::fs::read_to_string(&list).expect("a list");
        std::fs::write(&list, config::adapt(&listed, &addresses)).expect("it can be written");
        let proxy = Proxy::start_in(beside, &config::adapt(&sample, &addresses), &[]).await;
        for address in proxy.addresses() {
            let status = client::get(*address, "/").await.status();
            assert!(status < 500, "{} answered {status}", path.display());
        }
        started += 1;
    }
    assert!(started > 0, "no samples in {}", samples.display());
}

/// Samples may refer to files beside them.
fn copy_files(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir(&target).expect("the directory can be written");
            copy_files(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("the directory can be written");
        }
    }
}
