//! gRPC through the proxy, with the real library on both sides.

use tidegate_e2e::pki::Authority;
use tidegate_e2e::{Proxy, config, directory, python};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_call_passes_in_the_clear() {
    let server = python::Server::start("grpc_server.py", &[]).await;
    let endpoint = format!("127.0.0.1:{}", server.port);
    let text = config::with_upstream_key(
        &config::web_of("round-robin", &[endpoint]),
        "protocol: http2",
    );
    let proxy = Proxy::start(&text).await;
    let told = python::run("grpc_client.py", &[&proxy.address().to_string()]).await;
    assert_eq!(told.trim(), "ok");
    proxy.wait_idle().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_call_passes_over_tls_on_both_sides() {
    let directory = directory();
    let ca = Authority::new("tests");
    let pem = ca.write(directory.path());
    for name in ["outer.test", "inner.test"] {
        let file = name.strip_suffix(".test").unwrap_or(name);
        ca.sign(&[name]).write(directory.path(), file);
    }
    let (pem, at) = (
        pem.display().to_string(),
        directory.path().display().to_string(),
    );
    let pair = [format!("{at}/inner.pem"), format!("{at}/inner.key")];
    let server = python::Server::start("grpc_server.py", &[&pair[0], &pair[1]]).await;
    let text = format!(
        "listeners: [{{ address: \"127.0.0.1:0\", tls: {{ certificates: [{{ certificate: outer.pem, key: outer.key }}] }} }}]\n\
         admin: {{ address: \"127.0.0.1:0\" }}\n\
         upstreams: {{ web: {{ endpoints: [\"127.0.0.1:{}\"], protocol: http2, tls: {{ ca: ca.pem, server_name: inner.test }} }} }}\n\
         routes: [{{ upstream: web }}]\n",
        server.port
    );
    let proxy = Proxy::start_in(directory, &text, &[]).await;
    let target = proxy.address().to_string();
    let told = python::run("grpc_client.py", &[&target, &pem, "outer.test"]).await;
    assert_eq!(told.trim(), "ok");
}
