//! `tidegate demo`: the smallest sample, with its endpoints inside this process.

use super::run::{self, Serving};
use super::signals::{self, Signals};
use crate::reload;
use anyhow::{Context, Result};
use async_trait::async_trait;
use http::Response;
use pingora::apps::ServerApp;
use pingora::apps::http_app::{HttpServer, ServeHttp};
use pingora::protocols::http::ServerSession;
use pingora::protocols::l4::stream::Stream;
use std::fs::DirBuilder;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// The sample that the demo serves.
const SAMPLE: &str = include_str!("../../../../config/smallest.yaml");

/// Serves until a signal.
pub fn demo(port: u16) -> Result<()> {
    // Ours alone, or not at all: others can write to the directory above it.
    let name = format!("tidegate-demo-{}", std::process::id());
    let directory = std::env::temp_dir().join(name);
    DirBuilder::new()
        .mode(0o700)
        .create(&directory)
        .context("cannot make a directory for the demo's file")?;
    let file = directory.join("tidegate.yaml");
    let result = serve(&file, port);
    // What stays is in a directory for temporary files.
    let _ = std::fs::remove_dir_all(&directory);
    result
}

fn serve(file: &Path, port: u16) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut text = SAMPLE.replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"));
        for (position, name) in ["one", "two", "three"].into_iter().enumerate() {
            let address = endpoint(name).await?;
            text = text.replace(
                &format!("127.0.0.1:800{}", position + 1),
                &address.to_string(),
            );
        }
        text.push_str("admin: { address: 127.0.0.1:0 }\naccess_log: off\n");
        std::fs::write(file, text).context("cannot write the demo's file")?;
        let signals = Signals::listen()?;
        let serving = run::start(reload::load(file)?, None, None)
            .await
            .context("the demo cannot start (another port: --port N)")?;
        explain(file, &serving);
        signals::wait(signals, &serving, &file.with_extension("sock")).await;
        serving.stop(Duration::from_secs(1)).await;
        Ok(())
    })
}

fn explain(file: &Path, serving: &Serving) {
    let address = serving
        .listeners
        .addresses()
        .first()
        .map(|(_, bound)| bound.to_string())
        .unwrap_or_default();
    let admin = serving
        .admin
        .as_ref()
        .and_then(|socket| socket.local_addr().ok());
    let admin = admin.map(|address| address.to_string()).unwrap_or_default();
    println!(
        "\nTidegate is running, with three endpoints inside this process. Try, in another terminal:\n\n\
         \x20 curl http://{address}/                  three times: one, two, three take turns\n\
         \x20 curl http://{admin}/status           what runs now\n\
         \x20 curl http://{admin}/metrics          what was counted\n\n\
         Then change `round-robin` to `ip-hash` in this file and ask again; no request notices:\n\n\
         \x20 {}\n\n\
         Ctrl-C ends it.\n",
        file.display(),
    );
}

/// An endpoint that answers with its name.
async fn endpoint(name: &'static str) -> Result<SocketAddr> {
    let socket = TcpListener::bind("127.0.0.1:0")
        .await
        .context("cannot listen on the loopback address")?;
    let address = socket.local_addr()?;
    let app = Arc::new(HttpServer::new_app(Named(name)));
    tokio::spawn(async move {
        let (_open, never) = tokio::sync::watch::channel(false);
        while let Ok((stream, _)) = socket.accept().await {
            // Without it small answers wait for the client's delayed acknowledgement.
            let _ = stream.set_nodelay(true);
            let (app, never, stream) = (app.clone(), never.clone(), Stream::from(stream));
            tokio::spawn(async move { app.process_new(Box::new(stream), &never).await });
        }
    });
    Ok(address)
}

struct Named(&'static str);

#[async_trait]
impl ServeHttp for Named {
    async fn response(&self, _: &mut ServerSession) -> Response<Vec<u8>> {
        let body = format!("hello from endpoint {}\n", self.0).into_bytes();
        let length = body.len();
        let mut response = Response::new(body);
        response
            .headers_mut()
            .insert(http::header::CONTENT_LENGTH, length.into());
        response
    }
}
