//! Filters that mean harm, on one route, while innocent requests run on another: each gets
//! the answer that is documented, and the innocent ones do not notice.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tidegate_e2e::client::{Answer, Request, get};
use tidegate_e2e::components::Filter;
use tidegate_e2e::components::hostile::{self, METHOD, on_post};
use tidegate_e2e::{Endpoint, Load, LoadPlan, Proxy, Report, config, directory, eventually};
use tokio::sync::{Mutex, MutexGuard};

/// Each test here measures its neighbours, so they take turns.
static TURN: Mutex<()> = Mutex::const_new(());

/// Below this nobody is slow: the processors are shared with the clients, the endpoints and
/// whatever else runs on the machine. How much a hostile filter really costs is a question
/// for a benchmark; a thread that is held up shows here all the same.
const FLOOR: Duration = Duration::from_millis(20);

/// One slow moment may be anybody's. Harm is slow each time.
const ATTEMPTS: u32 = 3;

/// Innocent requests that must have passed beside each kind of harm.
const INNOCENT: u64 = 300;

/// Memory that all the harm of one test may cost, in bytes.
const MEMORY: f64 = (64 << 20) as f64;

/// Instances of the filter, in the configuration.
const INSTANCES: u32 = 4;

/// An exchange that is bounded ends within this, on a busy machine.
const PROMPT: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_filter_does_it_harms_nobody_else() {
    let stage = Stage::new().await;
    for harm in hostile::all() {
        for (keys, status) in [("", 503), ("on_fault: skip", 200)] {
            // What does not loop is given the time for its harm.
            let deadline = match harm.kind {
                "deadline" => "2ms",
                _ => "20ms",
            };
            let all = format!("deadline: {deadline}, {keys}");
            stage.swap(&harm.filter, &all).await;
            let before = (stage.faults("").await, stage.faults(harm.kind).await);
            let what = format!("{} {keys}", harm.what);
            let rounds = stage
                .beside(&what, async || {
                    for _ in 0..2 {
                        let answer = get(stage.proxy.address(), "/").await;
                        assert_eq!((answer.status(), answer.endpoint()), (200, "web"), "{what}");
                    }
                    let answer = stage.post("/", "").await;
                    assert_eq!(answer.status(), status, "{what}");
                    assert_eq!(answer.header("x-forged"), None, "{what}");
                })
                .await;
            let faults = stage.faults("").await - before.0;
            assert_eq!(faults, f64::from(rounds), "{what}: each is a fault");
            let kind = stage.faults(harm.kind).await - before.1;
            // A busy machine may make one of them late.
            assert!(
                kind >= 0.9 * faults,
                "{what}: {kind} of {faults} of its kind"
            );
        }
    }
    stage.is_as_before().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trap_in_any_phase_ends_as_the_operator_said() {
    let stage = Stage::new().await;
    let modes = [("streamed", 1), ("whole", 2)];
    for phase in ["request", "request_body", "response", "response_body"] {
        for (mode, number) in modes {
            let trap = |this: &str, go_on: &str| {
                let trap = if this == phase {
                    on_post("unreachable")
                } else {
                    String::new()
                };
                format!("{trap} {go_on}")
            };
            let filter = Filter {
                interest: [1, 1, number, number],
                functions: METHOD.into(),
                on_request: trap("request", "(call $pass)"),
                on_request_body: trap("request_body", "(call $pass)"),
                on_response: trap("response", "(call $no_edit)"),
                on_response_body: trap("response_body", "(call $pass)"),
                ..Filter::default()
            };
            for keys in [
                "",
                "on_fault: skip",
                "isolation: per_request, on_fault: skip",
            ] {
                let what = format!("a trap at the {phase}, bodies {mode}, {keys}");
                stage.swap(&filter, keys).await;
                let before = stage.faults("trap").await;
                stage
                    .beside(&what, async || {
                        for _ in 0..4 {
                            let answer = get(stage.proxy.address(), "/").await;
                            assert_eq!(answer.status(), 200, "{what}");
                            assert_eq!(answer.text(), "web\n", "{what}");
                        }
                        let request = Request::post("/echo", "12345678");
                        match request.send(stage.proxy.address()).await {
                            Ok(answer) if keys.is_empty() => {
                                assert_eq!(answer.status(), 503, "{what}");
                            }
                            Ok(answer) => {
                                assert_eq!(answer.status(), 200, "{what}");
                                assert_eq!(answer.json()["body"], "12345678", "{what}");
                            }
                            // What has begun can only be cut.
                            Err(error) => assert!(
                                phase == "response_body" && mode == "streamed" && keys.is_empty(),
                                "{what}: {error:#}"
                            ),
                        }
                    })
                    .await;
                assert!(stage.faults("trap").await > before, "{what} is counted");
            }
        }
    }
    stage.is_as_before().await;
}

/// Each call of each phase traps with 10 %: no request fails, and no innocent one either.
/// `TIDEGATE_REQUESTS` says how many, for a longer look.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traps_in_one_of_ten_calls_fail_nobody() {
    let requests = std::env::var("TIDEGATE_REQUESTS").ok();
    let requests = requests.map_or(5_000, |number| number.parse().expect("a number"));
    let stage = Stage::new().await;
    let draw = "(if (i64.lt_u (i64.rem_u (call $random) (i64.const 1000)) (i64.const 100))
        (then (call $deliberately_trapping)))";
    let filter = Filter {
        interest: [1, 1, 1, 1],
        functions: r#"
    (import "tidegate:plugin/random@0.1.0" "next" (func $random (result i64)))
    (func $deliberately_trapping unreachable)"#
            .into(),
        on_request: format!("{draw} (call $pass)"),
        on_request_body: format!("{draw} (call $pass)"),
        on_response: format!("{draw} (call $no_edit)"),
        on_response_body: format!("{draw} (call $pass)"),
        ..Filter::default()
    };
    for keys in ["on_fault: skip", "isolation: per_request, on_fault: skip"] {
        stage.swap(&filter, keys).await;
        let before = (stage.faults("trap").await, stage.calls().await);
        let busy = stage.faults("busy").await;
        let plan = LoadPlan {
            keep_alive: 6,
            fresh: 2,
            count: Some(requests),
            request: Request::post("/", "a body of some bytes"),
            ..LoadPlan::default()
        };
        let mut sent = 0;
        for attempt in 1.. {
            let innocent = stage.innocent();
            let report = Load::run(stage.proxy.address(), plan.clone()).await;
            report.assert_clean();
            sent += report.sent;
            println!("{keys}: {:.0}/s", report.rate());
            if stage.unharmed(keys, innocent.stop().await) {
                break;
            }
            assert!(attempt < ATTEMPTS, "beside {keys} it is slow each time");
        }
        let calls = stage.calls().await - before.1;
        let faults = stage.faults("trap").await - before.0;
        println!("{keys}: {calls} calls, {faults} faults");
        assert!(
            calls >= 4.0 * sent as f64,
            "{calls} calls: it is never set aside"
        );
        // Ten standard deviations of a draw with 10 %. Where no instance was free nothing was
        // drawn.
        let expected = (calls - (stage.faults("busy").await - busy)) * 0.1;
        let bound = 10.0 * (calls * 0.09).sqrt();
        assert!((faults - expected).abs() < bound, "{faults} of {calls}");
    }
    stage.is_as_before().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_lines_is_cut_and_the_exchange_goes_on() {
    let stage = Stage::new().await;
    let write = r#"
    (import "tidegate:plugin/log@0.1.0" "write" (func $write (param i32 i32 i32)))"#;
    let mut filter = Filter::default();
    let line = filter.literal("how very interesting");
    let line = format!("(call $write (i32.const 2) {line})");
    let some = filter.clone().harming(write, &Filter::times(500, &line));
    let endless = filter.harming(write, &format!("(loop $again {line} (br $again))"));
    let began = Instant::now();
    for (what, filter, status) in [("500 lines", some, 200), ("endless lines", endless, 503)] {
        stage.swap(&filter, "deadline: 5ms").await;
        stage
            .beside(what, async || {
                assert_eq!(get(stage.proxy.address(), "/").await.status(), 200);
                assert_eq!(get(stage.proxy.address(), "/").await.status(), 200);
                assert_eq!(stage.post("/", "").await.status(), status, "{what}");
            })
            .await;
    }
    eventually("the rest is counted", async || {
        stage.post("/", "").await;
        let lines = stage.proxy.log.raw(0);
        let mut lines = lines.iter();
        lines
            .find(|line| line.contains("lines were dropped"))
            .map(drop)
    })
    .await;
    let lines = stage.proxy.log.raw(0);
    let written = lines
        .iter()
        .filter(|line| line.contains("how very interesting"))
        .count();
    // A hundred in each second that has begun; each version counts for itself.
    let bound = 100 * (usize::try_from(began.elapsed().as_secs()).unwrap() + 3);
    assert!(
        (100..=bound).contains(&written),
        "{written} lines, at most {bound}"
    );
    stage.is_as_before().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_spoilt_its_memory_spoils_one_call_and_no_other() {
    let stage = Stage::new().await;
    let mut filter = Filter::default();
    let mark = filter.set("x-mark", "sound");
    // The answer to the POST is written after the damage, and is sound.
    filter = filter.harming(
        "",
        "(memory.fill (i32.const 0) (i32.const 0xff) (i32.const 65536))
        (return (call $pass))",
    );
    filter.on_request = format!(
        "{} {mark} (call $edit)",
        filter.on_request.trim_end_matches("(call $pass)")
    );
    // One instance, so that the next call meets it.
    stage.swap(&filter, "instances: 1").await;
    for _ in 0..5 {
        let answer = get(stage.proxy.address(), "/echo").await;
        assert_eq!(answer.echoed("x-mark"), ["sound"]);
        assert_eq!(stage.post("/", "").await.status(), 200);
        let answer = get(stage.proxy.address(), "/echo").await;
        assert_eq!(answer.status(), 503, "a name that is no text");
    }
    stage
        .beside("spoilt memory", async || {
            let first = stage.post("/", "").await.status();
            let second = get(stage.proxy.address(), "/echo").await.status();
            let third = get(stage.proxy.address(), "/echo").await.status();
            for status in [first, second, third] {
                assert!([200, 503].contains(&status), "{status}");
            }
        })
        .await;
    stage.is_as_before().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_state_answers_an_error_and_the_host_keeps_no_more() {
    let stage = Stage::new().await;
    let state = r#"
    (import "tidegate:plugin/state@0.1.0" "set"
        (func $keep (param i32 i32 i32 i32 i32 i64 i32)))
    (import "tidegate:plugin/state@0.1.0" "[constructor]counter"
        (func $counter (param i32 i32) (result i32)))
    (import "tidegate:plugin/state@0.1.0" "[resource-drop]counter" (func $close (param i32)))
    (import "tidegate:plugin/state@0.1.0" "[constructor]bucket"
        (func $bucket (param i32 i32 f64 f64) (result i32)))
    (import "tidegate:plugin/state@0.1.0" "[method]bucket.take"
        (func $take (param i32 i32 i32 i32 i32)))
    (import "tidegate:plugin/state@0.1.0" "[resource-drop]bucket" (func $empty (param i32)))
    (import "tidegate:plugin/random@0.1.0" "next" (func $random (result i64)))
    (global $open (mut i32) (i32.const 0))
    ;; Eight letters at the beginning of the large text, another time others.
    (func $vary (i64.store (i32.const 200000) (i64.or (i64.const 0x6161616161616161)
        (i64.and (call $random) (i64.const 0x0f0f0f0f0f0f0f0f)))))"#;
    let large = |statements: &str| {
        // A text of 256 KiB: zeros are letters too.
        let filter = Filter::default().harming(
            state,
            &Filter::times(4, &format!("(call $vary) {statements}")),
        );
        Filter {
            pages: 16,
            ..filter
        }
    };
    let text = "(i32.const 200000) (i32.const 262144)";
    let set = format!(
        "(call $keep (i32.const 200000) (i32.const 16) {text} (i32.const 0) (i64.const 0)
            (i32.const 2048))
        (if (i32.load8_u (i32.const 2048)) (then (return (call $abort (i32.const 507)))))"
    );
    let counters = format!("(call $close (call $counter {text}))");
    let buckets = format!("(call $empty (call $bucket {text} (f64.const 1) (f64.const 1)))");
    let name = "(i32.const 200000) (i32.const 0) (f64.const 1) (f64.const 1)";
    let keys = format!(
        "(global.set $open (call $bucket {name}))
        (call $take (global.get $open) {text} (i32.const 1) (i32.const 2048))
        (call $empty (global.get $open))"
    );
    for (what, statements, status) in [
        ("values", set, 507),
        ("names of counters", counters, 200),
        ("names of buckets", buckets, 200),
        ("keys of a bucket", keys, 200),
    ] {
        // Not its time, what it has the host keep is the harm here.
        stage
            .swap(&large(&statements), "deadline: 50ms, memory: 4MiB")
            .await;
        // A quota of 1 MiB is full with the first requests.
        for _ in 0..3 {
            stage.post("/", "").await;
        }
        let before = stage.resident().await;
        stage
            .beside(what, async || {
                for _ in 0..10 {
                    assert_eq!(stage.post("/", "").await.status(), status, "{what}");
                }
                assert_eq!(get(stage.proxy.address(), "/").await.status(), 200);
            })
            .await;
        let grown = stage.resident().await - before;
        println!("{what}: {grown} bytes more");
        assert!(grown < MEMORY, "{what}: {grown} bytes more");
    }
    stage.is_as_before().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_out_that_is_not_granted_is_denied() {
    let stage = Stage::new().await;
    stage.swap(&Filter::asking("calm", "/", 1_000), "").await;
    let hits = stage.calm.hits();
    let asked = get(stage.proxy.address(), "/").await;
    assert_eq!(asked.status(), 590, "denied");
    assert_eq!((stage.calm.hits(), stage.web.hits()), (hits, 0));
    stage
        .beside("a call out that is denied", async || {
            assert_eq!(get(stage.proxy.address(), "/").await.status(), 590);
        })
        .await;
    assert_eq!(stage.web.hits(), 0);
    stage.is_as_before().await;
}

/// More exchanges wait for an upstream that never answers than there are instances, while
/// responses stream through the same filter.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_out_to_a_silent_upstream_holds_up_only_its_own() {
    const DOWNLOADS: u64 = 8;
    let stage = Stage::new().await;
    let mut filter = Filter::asking("silent", "/", 60_000);
    let functions = std::mem::take(&mut filter.functions);
    let send = format!("(return (block (result i32) {}))", filter.on_request);
    let filter = Filter {
        interest: [1, 1, 0, 1],
        ..filter.harming(&functions, &send)
    };
    let grant = "instances: 2, grant: { http: [silent], callout_timeout: 300ms }";
    stage.swap(&filter, grant).await;

    // Their heads are through before the first call out takes its instance.
    let address = stage.proxy.address();
    let download = || tokio::spawn(async move { get(address, "/?size=4000&trickle=100ms").await });
    let downloads: Vec<_> = (0..DOWNLOADS).map(|_| download()).collect();
    stage.web.in_flight().until(|n| n == DOWNLOADS).await;
    let timed_out = AtomicU32::new(0);
    let ask = async || {
        let began = Instant::now();
        let status = stage.post("/", "").await.status();
        assert!(began.elapsed() < PROMPT, "{:?}", began.elapsed());
        match status {
            591 => drop(timed_out.fetch_add(1, Relaxed)),
            // No instance was free for as long as a call may take.
            status => assert_eq!(status, 503),
        }
    };
    stage
        .beside("a silent upstream", async || {
            tokio::join!(ask(), ask(), ask());
        })
        .await;
    assert!(timed_out.into_inner() >= 2);
    for download in downloads {
        let answer = download.await.expect("it does not panic");
        assert_eq!((answer.status(), answer.body().len()), (200, 4_000));
    }
    assert_eq!(get(stage.proxy.address(), "/").await.status(), 200);
    stage.is_as_before().await;
}

/// A proxy with two routes: `/calm` for the innocent, all else through the filter `mine`.
struct Stage {
    proxy: Proxy,
    web: Endpoint,
    calm: Endpoint,
    silent: Endpoint,
    /// 99 % of the innocent requests are as quick as this when they are alone.
    alone: Duration,
    /// Memory at the beginning.
    began_with: f64,
    _turn: MutexGuard<'static, ()>,
}

impl Stage {
    async fn new() -> Self {
        let turn = TURN.lock().await;
        let (web, calm) = (Endpoint::start("web").await, Endpoint::start("calm").await);
        let silent = Endpoint::start("silent").await;
        // It accepts and never answers.
        silent.freeze();
        let beside = directory();
        let file = beside.path().join("mine.wasm");
        std::fs::write(file, Filter::default().component()).expect("written");
        let text = text([&web, &calm, &silent], "");
        let proxy = Proxy::start_in(beside, &text, &[]).await;
        let mut stage = Self {
            proxy,
            web,
            calm,
            silent,
            alone: Duration::ZERO,
            began_with: 0.0,
            _turn: turn,
        };
        let alone = stage.innocent();
        alone.progress(INNOCENT).await;
        let alone = alone.stop().await;
        alone.assert_clean();
        stage.alone = alone.percentile(0.99);
        stage.began_with = stage.resident().await;
        stage
    }

    /// That filter in the place of the one before.
    async fn swap(&self, filter: &Filter, keys: &str) {
        self.proxy.write("mine.wasm", &filter.component());
        let text = text([&self.web, &self.calm, &self.silent], keys);
        let swapped = self.proxy.reload_with(&text).await;
        swapped.expect("harm is done while it serves, not before");
    }

    fn innocent(&self) -> Load {
        let plan = LoadPlan {
            keep_alive: 3,
            fresh: 1,
            rate: Some(1_000),
            request: Request::get("/calm"),
            ..LoadPlan::default()
        };
        Load::start(self.proxy.address(), plan)
    }

    /// Does this again and again, twice at a time, until enough innocent requests have
    /// passed beside it; answers how often.
    async fn beside(&self, what: &str, harm: impl AsyncFn()) -> u32 {
        let mut times = 0;
        for attempt in 1.. {
            let load = self.innocent();
            let again = async || {
                let mut times = 0;
                while times < 3 || load.answered() < INNOCENT {
                    harm().await;
                    times += 1;
                }
                times
            };
            let (one, other) = tokio::join!(again(), again());
            times += one + other;
            if self.unharmed(what, load.stop().await) {
                break;
            }
            assert!(attempt < ATTEMPTS, "beside {what} it is slow each time");
        }
        self.proxy.wait_idle().await;
        eventually("few instances", async || {
            let alive = self.of_mine("lb_plugin_instances", &[]).await;
            (alive <= f64::from(INSTANCES + 1)).then_some(())
        })
        .await;
        times
    }

    /// None of them failed; answers whether they were quick.
    fn unharmed(&self, what: &str, report: Report) -> bool {
        report.assert_clean();
        let (alone, now) = (self.alone, report.percentile(0.99));
        let sent = report.sent;
        println!("{what}: 99 % of {sent} below {now:?}, alone {alone:?}");
        now <= FLOOR.max(2 * alone)
    }

    /// It serves through a decent filter, and nothing has piled up.
    async fn is_as_before(&self) {
        self.swap(&Filter::default(), "").await;
        assert_eq!(get(self.proxy.address(), "/").await.endpoint(), "web");
        self.proxy.wait_idle().await;
        for endpoint in [&self.web, &self.calm] {
            endpoint.in_flight().until(|n| n == 0).await;
        }
        let grown = self.resident().await - self.began_with;
        println!("{grown} bytes more in the end");
        assert!(grown < MEMORY, "{grown} bytes more");
    }

    async fn post(&self, target: &str, body: &'static str) -> Answer {
        let request = Request::post(target, body);
        request.send(self.proxy.address()).await.expect("an answer")
    }

    /// Faults of that kind; of any, when it is empty.
    async fn faults(&self, kind: &str) -> f64 {
        let labels: &[_] = if kind.is_empty() {
            &[]
        } else {
            &[("kind", kind)]
        };
        self.of_mine("lb_plugin_faults_total", labels).await
    }

    async fn calls(&self) -> f64 {
        self.of_mine("lb_plugin_calls_total", &[]).await
    }

    async fn of_mine(&self, series: &str, labels: &[(&str, &str)]) -> f64 {
        let labels = [&[("plugin", "mine")], labels].concat();
        self.proxy.metrics().await.sum(series, &labels)
    }

    async fn resident(&self) -> f64 {
        let metrics = self.proxy.metrics().await;
        metrics.sum("process_resident_memory_bytes", &[])
    }
}

fn text(endpoints: [&Endpoint; 3], keys: &str) -> String {
    let [web, calm, silent] = endpoints.map(Endpoint::address);
    let front = config::FRONT.replace("{ format: json, path: \"-\" }", "off");
    // Of two `instances` the last one would be refused.
    let instances = if keys.contains("instances") {
        String::new()
    } else {
        format!("instances: {INSTANCES}, ")
    };
    let text = format!(
        "{front}upstreams:
  web: {{ endpoints: [\"{web}\"] }}
  calm: {{ endpoints: [\"{calm}\"] }}
  silent: {{ endpoints: [\"{silent}\"], breaker: off }}
routes:
  - {{ match: {{ path: /calm }}, upstream: calm }}
  - {{ upstream: web, filters: [mine] }}
"
    );
    config::with_plugin(&text, "mine", "mine.wasm", &format!("{instances}{keys}"))
}
