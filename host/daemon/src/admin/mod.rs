//! The operator's listener: metrics, status, readiness, reload. Never on the traffic
//! listener, and not for strangers: what is asked of them is in `server/access.rs`.

mod gauges;
mod plugins;
mod serve;
mod status;
mod upstreams;

pub use serve::serve;
pub use status::problems;

use crate::reload::Reloader;
use crate::server::{Connections, Listeners};
use crate::snapshot::Current;
use crate::telemetry::{Metrics, metrics};
use http::{Method, Response, StatusCode, header};
use serde_json::json;
use std::sync::Arc;

/// What the operator can see and do.
pub struct Admin {
    /// The configuration that runs.
    pub current: Arc<Current>,
    /// The counts.
    pub metrics: Arc<Metrics>,
    /// The addresses.
    pub listeners: Arc<Listeners>,
    /// The connections.
    pub connections: Arc<Connections>,
    /// The way to a new configuration.
    pub reloader: Arc<Reloader>,
    /// When the process began to serve.
    pub started: std::time::SystemTime,
}

impl Admin {
    async fn answer(&self, method: &Method, path: &str) -> Response<Vec<u8>> {
        match (method, path) {
            (&Method::GET, "/metrics") => {
                self.read_gauges();
                reply(StatusCode::OK, metrics::CONTENT_TYPE, self.metrics.render())
            }
            (&Method::GET, "/status") => json(StatusCode::OK, &status::status(self)),
            (&Method::GET, "/upstreams") => {
                json(StatusCode::OK, &upstreams::all(&self.current.load()))
            }
            (&Method::GET, "/plugins") => json(StatusCode::OK, &plugins::all(&self.current.load())),
            (&Method::GET, "/healthz") => text(StatusCode::OK, "alive\n"),
            (&Method::GET, "/readyz") if self.connections.draining() => {
                text(StatusCode::SERVICE_UNAVAILABLE, "draining\n")
            }
            (&Method::GET, "/readyz") => text(StatusCode::OK, "ready\n"),
            (&Method::POST, "/reload") => match self.reloader.reload("admin").await {
                Ok(generation) => json(StatusCode::OK, &json!({ "generation": generation })),
                Err(problems) => json(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    &status::problems(&problems),
                ),
            },
            (_, "/metrics" | "/status" | "/upstreams" | "/plugins" | "/healthz" | "/readyz") => {
                allow("GET")
            }
            (_, "/reload") => allow("POST"),
            (_, "/") => text(
                StatusCode::OK,
                "GET /metrics /status /upstreams /upstreams/NAME /plugins /plugins/NAME/faults\n\
                 GET /healthz /readyz, POST /reload\n\
                 POST /upstreams/NAME/endpoints/ADDRESS/drain (or undrain)\n",
            ),
            _ if path.starts_with("/upstreams/") => self.answer_upstream(method, path),
            _ if path.starts_with("/plugins/") => self.answer_plugin(method, path),
            _ => text(StatusCode::NOT_FOUND, "there is nothing here; see /\n"),
        }
    }

    fn answer_upstream(&self, method: &Method, path: &str) -> Response<Vec<u8>> {
        let snapshot = self.current.load();
        if let Some(drain) = upstreams::parse(path) {
            return match upstreams::drain(&snapshot, &drain) {
                _ if method != Method::POST => allow("POST"),
                Ok(done) => json(StatusCode::OK, &done),
                Err(missing) => text(StatusCode::NOT_FOUND, &format!("{missing}\n")),
            };
        }
        let name = path.trim_start_matches("/upstreams/");
        match snapshot.upstreams.get(name) {
            Some(_) if method != Method::GET => allow("GET"),
            Some(upstream) => json(StatusCode::OK, &upstreams::upstream(upstream)),
            None => text(
                StatusCode::NOT_FOUND,
                "there is no such upstream; see /upstreams\n",
            ),
        }
    }

    fn answer_plugin(&self, method: &Method, path: &str) -> Response<Vec<u8>> {
        let name = path.strip_prefix("/plugins/");
        let name = name.and_then(|rest| rest.strip_suffix("/faults"));
        let faults = name.and_then(|name| plugins::faults(&self.current.load(), name));
        match faults {
            Some(_) if method != Method::GET => allow("GET"),
            Some(faults) => json(StatusCode::OK, &faults),
            None => text(
                StatusCode::NOT_FOUND,
                "no plugin of that name is in use; see /plugins, and /plugins/NAME/faults\n",
            ),
        }
    }

    /// Gauges of what is counted elsewhere are read when somebody looks.
    fn read_gauges(&self) {
        let snapshot = self.current.load();
        for upstream in snapshot.upstreams.values() {
            let selector = &upstream.selector;
            gauges::plugin(&upstream.warden, selector.instances(), selector.memory());
            gauges::read(upstream);
        }
        for each in snapshot.routes.iter().flat_map(|route| &route.filters) {
            gauges::plugin(&each.warden, each.filter.instances(), each.filter.memory());
        }
    }
}

/// Probes of orchestrators have no token, and learn nothing but that we live and serve.
fn is_for_all(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// RFC 6750, 3.
fn unauthorized() -> Response<Vec<u8>> {
    let mut response = text(
        StatusCode::UNAUTHORIZED,
        "a token is needed here: Authorization: Bearer TOKEN\n",
    );
    let bearer = header::HeaderValue::from_static("Bearer");
    let headers = response.headers_mut();
    headers.insert(header::WWW_AUTHENTICATE, bearer);
    response
}

fn reply(status: StatusCode, kind: &str, body: String) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into_bytes());
    *response.status_mut() = status;
    let length = response.body().len();
    let headers = response.headers_mut();
    if let Ok(kind) = kind.parse() {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert(header::CONTENT_LENGTH, length.into());
    response
}

fn text(status: StatusCode, body: &str) -> Response<Vec<u8>> {
    reply(status, "text/plain; charset=utf-8", body.into())
}

fn json(status: StatusCode, body: &serde_json::Value) -> Response<Vec<u8>> {
    reply(status, "application/json", format!("{body}\n"))
}

fn allow(method: &'static str) -> Response<Vec<u8>> {
    let mut response = text(
        StatusCode::METHOD_NOT_ALLOWED,
        "another method is allowed here\n",
    );
    response
        .headers_mut()
        .insert(header::ALLOW, header::HeaderValue::from_static(method));
    response
}
