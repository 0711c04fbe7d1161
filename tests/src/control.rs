//! Talking to the admin listener.

use anyhow::{Context, bail};
use hyper::Method;
use serde_json::Value;
use test_backend::Endpoint;

use crate::client::{Answer, Request};
use crate::metrics::Metrics;
use crate::proxy::Proxy;

/// The problems for which a reload was refused: each with `file`, `line`, `column`,
/// `path`, `message` and `help`.
#[derive(Clone, Debug)]
pub struct Refused(pub Vec<Value>);

impl Refused {
    /// Whether one problem is about that path and says that word.
    pub fn mentions(&self, path: &str, word: &str) -> bool {
        self.0.iter().any(|problem| {
            let text = |name: &str| problem[name].as_str().unwrap_or("").to_lowercase();
            text("path").contains(&path.to_lowercase())
                && text("message").contains(&word.to_lowercase())
        })
    }
}

impl Proxy {
    /// Asks for a reload and waits for its end: the new generation, or why not.
    ///
    /// # Panics
    /// When the admin listener answers anything but these two.
    pub async fn reload(&self) -> Result<u64, Refused> {
        let answer = self.ask_admin(Method::POST, "/reload").await;
        let json = answer.json();
        match answer.status() {
            200 => Ok(json["generation"].as_u64().expect("a generation")),
            422 => Err(Refused(
                json["problems"].as_array().expect("problems").clone(),
            )),
            status => panic!("POST /reload answered {status}: {json}"),
        }
    }

    /// Replaces the configuration and reloads.
    ///
    /// # Panics
    /// As [`reload`](Self::reload).
    pub async fn reload_with(&self, config: &str) -> Result<u64, Refused> {
        self.write_config(config);
        self.reload().await
    }

    /// The metrics right now.
    ///
    /// # Panics
    /// When they cannot be had or read.
    pub async fn metrics(&self) -> Metrics {
        let answer = self.ask_admin(Method::GET, "/metrics").await;
        assert_eq!(answer.status(), 200);
        Metrics::parse(&answer.text()).expect("metrics in the text format")
    }

    /// The status document right now.
    ///
    /// # Panics
    /// When it cannot be had.
    pub async fn status(&self) -> Value {
        let answer = self.ask_admin(Method::GET, "/status").await;
        assert_eq!(answer.status(), 200);
        answer.json()
    }

    /// Any other question to the admin listener.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn ask_admin(&self, method: Method, path: &str) -> Answer {
        let request = Request {
            method,
            ..Request::get(path)
        };
        request
            .send(self.admin())
            .await
            .expect("the admin listener answers")
    }

    /// Waits until no request is in flight at any endpoint.
    ///
    /// # Panics
    /// When that does not come about.
    pub async fn wait_idle(&self) {
        crate::eventually("no request in flight", async || {
            let busy = self.metrics().await.sum("lb_active_connections", &[]);
            (busy == 0.0).then_some(())
        })
        .await;
    }

    /// Waits until no request is in flight at this endpoint: an answer is there a little
    /// before its request is settled.
    ///
    /// # Panics
    /// When that does not come about.
    pub async fn wait_idle_at(&self, endpoint: &Endpoint) {
        let address = endpoint.address().to_string();
        crate::eventually("no request in flight there", async || {
            let labels = [("backend", address.as_str())];
            let busy = self.metrics().await.sum("lb_active_connections", &labels);
            (busy == 0.0).then_some(())
        })
        .await;
    }

    /// The endpoint addresses of an upstream, from the status document.
    ///
    /// # Errors
    /// The upstream is not there.
    pub async fn endpoints(&self, upstream: &str) -> anyhow::Result<Vec<String>> {
        let status = self.status().await;
        let Some(endpoints) = status["upstreams"][upstream]["endpoints"].as_array() else {
            bail!("no upstream {upstream} in {status}");
        };
        let address = |endpoint: &Value| endpoint["address"].as_str().map(str::to_owned);
        endpoints
            .iter()
            .map(address)
            .collect::<Option<_>>()
            .context("an endpoint without address")
    }
}
