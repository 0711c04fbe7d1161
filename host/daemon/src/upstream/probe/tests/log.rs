//! What the operator reads.

use super::*;
use parking_lot::Mutex;
use std::io;
use test_backend::Endpoint;
use tracing_subscriber::fmt::MakeWriter;

/// Keeps what is logged on the thread of the test, where everything runs.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Kept {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn each_turn_is_logged_once_with_its_cause() {
    let kept = Kept::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(kept.clone())
        .with_ansi(false)
        .without_time()
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let endpoint = Endpoint::start("a").await;
    let serving: SocketAddr = "127.0.0.1:1".parse().unwrap();
    let check = Health {
        port: Some(endpoint.address().port()),
        ..health(Check::Http(get()))
    };
    let prober = Prober::new();
    let target = target(&prober, &check, serving);
    let (mut ear, web) = Ear::new("web");
    let (mut last_ear, api) = Ear::new("api");
    prober.follow(vec![(target.clone(), web), (target, api)]);
    let mut both = async || (ear.next().await, last_ear.next().await);
    assert_eq!(both().await, (Verdict::Up, Verdict::Up));
    endpoint.set_healthy(false);
    assert_eq!(both().await, (Verdict::Down, Verdict::Down));

    let text = String::from_utf8(kept.0.lock().clone()).unwrap();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("endpoint is"))
        .collect();
    let address = endpoint.address();
    assert_eq!(lines.len(), 2, "{text}");
    for (line, parts) in lines.iter().zip([
        ["INFO", "endpoint is up", r#"cause="200""#],
        [
            "WARN",
            "endpoint is down",
            r#"cause="503 instead of 200-299""#,
        ],
    ]) {
        let common = [r#"upstreams="api,web""#, "endpoint=127.0.0.1:1"];
        for part in parts.into_iter().chain(common) {
            assert!(line.contains(part), "{part} is not in {line}");
        }
        assert!(line.contains(&format!("probed={address}")), "{line}");
    }
}
