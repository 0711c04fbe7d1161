//! `filter`: the time of one call into a filter through the sandbox: the exchange is lent, the
//! filter asked, its answer checked, the exchange comes back.

use crate::samples::{SAMPLES, Samples};
use crate::world::World;
use anyhow::{Context as _, Result, anyhow};
use pingora::http::RequestHeader;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use tidegate::upstream::View;
use tidegate_components::Filter as Made;
use tidegate_runtime::{Ambient, Exchange, Filter, Isolation, Limits, NoSeries, Place, Use, Visit};

/// Options of `filter`.
#[derive(clap::Args)]
pub struct Arguments {
    /// The component of `tests/plugins/bench-filter`; built when not given.
    #[arg(long)]
    component: Option<PathBuf>,
    /// Samples of each case.
    #[arg(long, default_value_t = SAMPLES)]
    samples: usize,
}

impl Default for Arguments {
    fn default() -> Self {
        Self {
            component: None,
            samples: SAMPLES,
        }
    }
}

/// Bytes of a piece of a body.
const PIECE: usize = 64 << 10;

/// Prints one table.
pub fn run(arguments: &Arguments) -> Result<()> {
    let world = World::new()?;
    let component = match &arguments.component {
        Some(path) => path.clone(),
        None => build()?,
    };
    let hashing = std::fs::read(&component).context("reading the component")?;
    let idle = Made::default().component();
    let waiting = Made::asking("nobody", "/", 1);
    let waiting = Made {
        on_request: "(call $pass)".into(),
        functions: waiting.functions.clone() + KEEP,
        ..Made::default()
    };
    let bodies = |statements: &str| Made {
        interest: [0, 0, 1, 1],
        on_response_body: statements.into(),
        pages: 8,
        ..Made::default()
    };
    let same = bodies("(call $pass)").component();
    let other = bodies("(call $replace (local.get $chunk) (local.get $length))").component();
    println!("\n### One call of a filter, one thread: ns, median (p10–p90)\n");
    println!("| call | ns |\n|---|---|");
    let requests = [
        ("`on-request` that does nothing", &idle, Isolation::Reuse),
        (
            "the same, of a filter that may call out",
            &waiting.component(),
            Isolation::Reuse,
        ),
        (
            "reads three fields, hashes, sets one",
            &hashing,
            Isolation::Reuse,
        ),
        ("does nothing, `per_request`", &idle, Isolation::PerRequest),
        (
            "reads, hashes, sets, `per_request`",
            &hashing,
            Isolation::PerRequest,
        ),
    ];
    for (name, bytes, isolation) in requests {
        let filter = start(&world, bytes, isolation)?;
        let mut line = Line::new()?;
        let samples = Samples::take(arguments.samples, || line.request(&filter));
        println!("| {name} | {samples} |");
    }
    for (name, bytes) in [
        ("64 KiB of a body that pass", &same),
        ("64 KiB replaced by 64 KiB", &other),
    ] {
        let filter = start(&world, bytes, Isolation::Reuse)?;
        let mut line = Line::new()?;
        let piece = vec![b'x'; PIECE];
        let samples = Samples::take(arguments.samples, || line.piece(&filter, &piece));
        println!("| {name} | {samples} |");
    }
    Ok(())
}

/// Keeps an import that is never called.
const KEEP: &str = r#"
    (func (export "keep") (call $send (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0)))"#;

fn build() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let target = target.join("plugins");
    let status = Command::new("cargo")
        .args([
            "build",
            "--quiet",
            "--profile",
            "plugin",
            "--package",
            "bench-filter",
        ])
        .args(["--target", "wasm32-wasip2", "--target-dir"])
        .arg(&target)
        .current_dir(&root)
        .status()?;
    anyhow::ensure!(status.success(), "the filter does not build");
    Ok(target.join("wasm32-wasip2/plugin/bench_filter.wasm"))
}

fn start(world: &World, bytes: &[u8], isolation: Isolation) -> Result<Arc<Filter>> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let component = world
        .sandbox
        .component(bytes)
        .map_err(|error| anyhow!("{error}"))?;
    let purpose = Use {
        plugin: "bench".into(),
        place: Place::Route("bench".into(), NUMBER.fetch_add(1, Ordering::Relaxed)),
        config: "{}".into(),
        limits: Limits {
            isolation,
            ..Limits::default()
        },
        series: Box::new(NoSeries),
        warm: 1,
        ambient: Ambient::Real,
    };
    let filter = world.sandbox.filter(&component, purpose);
    Ok(Arc::new(filter.map_err(|error| anyhow!("{error}"))?))
}

/// One request, again and again.
struct Line {
    view: Option<Box<dyn Exchange>>,
}

impl Line {
    fn new() -> Result<Self> {
        let mut head = RequestHeader::build("GET", b"/cart/items?page=2", None)?;
        let fields = [
            ("host", "shop.example.com"),
            (
                "user-agent",
                "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101",
            ),
            (
                "accept",
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            ),
            ("x-user", "user-1234567"),
            ("x-tenant", "tenant-77"),
            ("x-session", "0b64f2a1-6f3b-4c58-9f0e-1f1a8a0cbb11"),
        ];
        for (name, value) in fields {
            head.append_header(name, value)?;
        }
        let client = [192, 0, 2, 1].into();
        let mut view = View::new("http", "shop.example.com".into(), client, "bench".into());
        view.lend(&mut head);
        Ok(Self { view: Some(view) })
    }

    fn request(&mut self, filter: &Arc<Filter>) {
        let Some(view) = self.view.take() else { return };
        let mut visit = Visit::new(filter.clone());
        let (view, verdict) = at_once(visit.on_request(view));
        assert!(verdict.is_ok(), "{verdict:?}");
        std::hint::black_box(&verdict.ok());
        self.view = Some(view);
    }

    fn piece(&mut self, filter: &Arc<Filter>, piece: &[u8]) {
        let Some(view) = self.view.take() else { return };
        let mut visit = Visit::new(filter.clone());
        let (view, verdict) = visit.on_response_body(view, piece, false);
        assert!(verdict.is_ok(), "{verdict:?}");
        std::hint::black_box(verdict.ok());
        self.view = Some(view);
    }
}

/// Nothing is waited for here: no call out is made.
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a call that waits for nothing is ready"),
    }
}
