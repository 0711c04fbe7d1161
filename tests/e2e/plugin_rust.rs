//! A plugin in Rust that does what programs do elsewhere: its author finds in the log what
//! it printed, where it panicked and how it came there, and nothing of the machine is seen.

use tidegate_e2e::client::get;
use tidegate_e2e::{Endpoint, Line, Proxy, config, directory, test_plugin};

const SOURCE: &str = include_str!("../plugins/careless/src/lib.rs");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_is_told_with_its_place_and_how_it_came_there() {
    let (a, proxy) = careless().await;
    let answer = get(proxy.address(), "/panic").await;
    assert_eq!((answer.status(), answer.endpoint()), (200, "a"));
    assert_eq!(a.hits(), 1);

    let message = "this cannot happen";
    let told = wait(&proxy, message).await;
    assert_of_plugin(&told);
    let line = SOURCE.lines().position(|line| line.contains("panic!(\""));
    let place = format!("src/lib.rs:{}:", line.expect("it panics") + 1);
    assert!(told.message().contains(&place), "{}", told.text());

    let trace = wait(&proxy, "careless::give_up").await;
    let text = trace.text();
    assert!(text.contains("mine") && text.contains("web"), "{text}");
    for line in proxy.log.raw(0) {
        let mangled = line.contains("_ZN") || line.contains("_R");
        assert!(!mangled, "a mangled name: {line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_it_prints_is_in_the_log() {
    let (_a, proxy) = careless().await;
    assert_eq!(get(proxy.address(), "/print").await.endpoint(), "a");
    for text in ["printed on the output", "printed on the error output"] {
        let line = wait(&proxy, text).await;
        assert_eq!(line.message(), text);
        assert_of_plugin(&line);
    }
    assert!(
        proxy.access_log.lines(0).len() <= 1 && proxy.access_log.raw(0).len() <= 1,
        "and nowhere else: {:?}",
        proxy.access_log.raw(0)
    );
    let labels = [("plugin", "mine")];
    let faults = proxy.metrics().await.sum("lb_plugin_faults_total", &labels);
    assert_eq!(faults, 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_sees_nothing_of_the_machine() {
    let (_a, proxy) = careless().await;
    assert_eq!(get(proxy.address(), "/look").await.endpoint(), "a");
    let line = wait(&proxy, "variables").await;
    assert_eq!(
        line.message(),
        "no file, no directory, no network, 0 variables, 0 arguments"
    );
    assert_of_plugin(&line);
}

async fn careless() -> (Endpoint, Proxy) {
    let a = Endpoint::start("a").await;
    let beside = directory();
    std::fs::copy(test_plugin("careless"), beside.path().join("mine.wasm")).expect("copied");
    let text = config::with_plugin(&config::web("mine", &[&a]), "mine", "mine.wasm", "");
    let proxy = Proxy::start_in(beside, &text, &[]).await;
    (a, proxy)
}

async fn wait(proxy: &Proxy, text: &str) -> Line {
    let says = |line: &Line| line.text().contains(text);
    proxy.log.wait(text, says).await
}

fn assert_of_plugin(line: &Line) {
    let of = (line.field("plugin"), line.field("upstream"));
    assert_eq!(of, (Some("mine"), Some("web")), "{}", line.text());
}
