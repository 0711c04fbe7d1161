//! What is accepted and told all the same.

use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use super::load;

/// Keeps what is logged on the thread of the test.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
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

/// The lines that loading this file logs, from the level on.
pub(super) fn logged(text: &str) -> Vec<String> {
    let kept = Kept::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(kept.clone())
        .with_ansi(false)
        .with_target(false)
        .without_time()
        .finish();
    let _ = tracing::subscriber::with_default(subscriber, || load("t.yaml", text, &[]));
    let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    text.lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn a_probe_that_trusts_everybody_is_told_once_with_its_place() {
    let text = "
listeners: [{ address: 127.0.0.1:8080 }]
upstreams:
  a: &a { endpoints: [10.0.0.1:80], health: { https: { verify: false } } }
  b: *a
  c: { endpoints: [10.0.0.1:80], health: { grpc: { tls: { verify: false } } } }
  d: { endpoints: [10.0.0.1:80], health: { https: { verify: true } } }
  e: { endpoints: [10.0.0.1:80], health: { https: {} } }
routes: [{ upstream: a }]
";
    let rest = "no certificate is checked: whoever answers at the address passes the probe \
                (to check one that is not public, name who signed it with `ca`)";
    assert_eq!(
        logged(text),
        [
            format!("WARN t.yaml:4:64: upstreams.a.health.https.verify: {rest}"),
            format!("WARN t.yaml:6:67: upstreams.c.health.grpc.tls.verify: {rest}"),
        ]
    );
    // A file that is refused changes nothing, and so there is nothing to warn of.
    assert!(logged(&format!("{text}threads: 0\n")).is_empty());
}
