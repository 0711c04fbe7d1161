//! gRPC through the proxy, with the real library on both sides.

use std::time::Duration;

use tidegate_e2e::client::Request;
use tidegate_e2e::frames::{self, Http2, flag};
use tidegate_e2e::pki::Authority;
use tidegate_e2e::{Proxy, config, directory, python};

const PATIENCE: Duration = Duration::from_secs(20);

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_from_browsers_are_translated() {
    let server = python::Server::start("grpc_server.py", &[]).await;
    let endpoint = format!("127.0.0.1:{}", server.port);
    let web = config::web_of("round-robin", &[endpoint]);
    let web = config::with_upstream_key(&web, "protocol: http2");
    let text = web.replace("{ upstream: web }", "{ upstream: web, grpc_web: true }");
    assert_ne!(text, web, "{web}");
    let proxy = Proxy::start(&text).await;
    let told = python::run("grpc_web_client.py", &[&proxy.address().to_string()]).await;
    assert_eq!(told.trim(), "ok");
    // A stream of HTTP/2 has no chunks, and the trailers are in its body all the same.
    let call = [&[0, 0, 0, 0, 5][..], b"hello"].concat();
    let mut connection = Http2::open_with(proxy.address(), &[], PATIENCE)
        .await
        .expect("prefaces");
    let head = frames::request(
        "POST",
        "/test.Echo/Unary",
        &[("content-type", "application/grpc-web")],
    );
    connection.write(
        [
            frames::headers(1, 0, head),
            frames::data(1, flag::END_STREAM, &call),
        ]
        .concat(),
    );
    let came = connection.stream(1, PATIENCE).await;
    assert_eq!(came.status(), 200, "{came:?}");
    let whole = b"\0\0\0\0\x0aecho hello\x80";
    assert!(came.body.starts_with(whole), "{came:?}");
    assert_eq!(came.trailers, None);
    proxy.wait_idle().await;

    // What the proxy answers itself.
    drop(server);
    let post = Request::post("/test.Echo/Unary", call);
    let post = post.header("content-type", "application/grpc-web+proto");
    let answer = post.send(proxy.address()).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.header("grpc-status"), Some("14"));
    assert_eq!(answer.header("content-type"), Some("application/grpc-web"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_its_server_ends_first_is_no_fault() {
    let server = python::Server::start("grpc_server.py", &[]).await;
    let endpoint = format!("127.0.0.1:{}", server.port);
    let web = config::web_of("round-robin", &[endpoint]);
    let proxy = Proxy::start(&config::with_upstream_key(&web, "protocol: http2")).await;
    let mut connection = Http2::open_with(proxy.address(), &[], PATIENCE)
        .await
        .expect("prefaces");
    // There is no such method, which the server says at once; the client has more to say.
    let kind = [("content-type", "application/grpc"), ("te", "trailers")];
    let head = frames::request("POST", "/test.Echo/Nothing", &kind);
    connection.write(frames::headers(1, 0, head));
    let came = connection.stream(1, PATIENCE).await;
    assert_eq!((came.status(), came.end), (200, Some(frames::End::Clean)));
    connection.write(frames::reset(1, 8));
    proxy.wait_idle().await;
    let line = proxy
        .access_log
        .wait("its line", |line| line.field("method") == Some("POST"));
    let line = line.await;
    assert_eq!(
        (line.field("fault"), line.value("status")),
        (None, &200.into())
    );
}
