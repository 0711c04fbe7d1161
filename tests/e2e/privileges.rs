//! A process that root starts and that does not stay root. Only root can start one: otherwise these
//! tests say so and do nothing.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Command;

use rustix::process::{Pid, geteuid};
use tempfile::TempDir;
use tidegate_e2e::client::get;
use tidegate_e2e::curl::curl;
use tidegate_e2e::pki::Authority;
use tidegate_e2e::{Endpoint, Proxy, Signal, config, directory, eventually, run};

/// A user that every system has.
const RUN_AS: &str = "run_as: { user: nobody }\n";

fn is_root() -> bool {
    let root = geteuid().is_root();
    if !root {
        println!("skipped: only root can start a process that becomes another user");
    }
    root
}

/// Number and group of `nobody`.
fn nobody() -> (u32, u32) {
    let number = |what: &str| {
        let output = Command::new("id").args([what, "nobody"]).output();
        let output = output.expect("id(1) runs").stdout;
        let text = String::from_utf8(output).expect("a number");
        text.trim().parse().expect("a number")
    };
    (number("-u"), number("-g"))
}

/// A directory that others than root may look into.
fn open_directory() -> TempDir {
    let directory = directory();
    std::fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).expect("ours");
    directory
}

/// What proc_pid_status(5) says in that line, for every thread.
fn each_thread(pid: Pid, line: &str) -> Vec<String> {
    let tasks = format!("/proc/{}/task", pid.as_raw_nonzero());
    let tasks = std::fs::read_dir(tasks).expect("threads");
    let status =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("status")).ok());
    let said = status.map(|status| {
        let said = status.lines().find_map(|found| found.strip_prefix(line));
        said.expect("the line")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    });
    said.collect()
}

/// All threads are `nobody`, and none has a way back.
fn assert_nobody(pid: Pid) {
    let (uid, gid) = nobody();
    let four = |number: u32| [number; 4].map(|n| n.to_string()).join(" ");
    let nothing = "0000000000000000".to_owned();
    for (line, wanted) in [
        ("Uid:", four(uid)),
        ("Gid:", four(gid)),
        ("Groups:", String::new()),
        ("CapPrm:", nothing.clone()),
        ("CapEff:", nothing.clone()),
        ("CapAmb:", nothing),
    ] {
        let threads = each_thread(pid, line);
        assert!(threads.len() > 3, "{threads:?}");
        assert!(
            threads.iter().all(|said| *said == wanted),
            "{line} {threads:?}"
        );
    }
}

fn with_log_file(text: &str) -> String {
    text.replace("path: \"-\"", "path: logs/access.log")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_becomes_the_user_serves_and_reloads() {
    if !is_root() {
        return;
    }
    let (a, b) = (Endpoint::start("a").await, Endpoint::start("b").await);
    let beside = open_directory();
    let (uid, gid) = nobody();
    let logs = beside.path().join("logs");
    std::fs::create_dir(&logs).expect("made");
    chown(&logs, Some(uid), Some(gid)).expect("root may");
    let text =
        |endpoint: &Endpoint| with_log_file(&config::web("round-robin", &[endpoint])) + RUN_AS;
    let arguments = ["--pid-file", "tidegate.pid"];
    let mut proxy = Proxy::start_in(beside, &text(&a), &arguments).await;
    assert_nobody(proxy.pid());
    assert_eq!(get(proxy.address(), "/").await.endpoint(), "a");
    proxy.reload_with(&text(&b)).await.expect("a reload");
    assert_eq!(get(proxy.address(), "/").await.endpoint(), "b");
    assert_nobody(proxy.pid());

    // The log that root opened is the user's, who opens it again when it was moved away.
    let owner = |name: &str| std::fs::metadata(logs.join(name)).map(|file| file.uid());
    assert_eq!(owner("access.log").ok(), Some(uid));
    std::fs::rename(logs.join("access.log"), logs.join("yesterday.log")).expect("moved");
    proxy.signal(Signal::USR1);
    eventually("a new log", async || owner("access.log").ok()).await;
    assert_eq!(owner("access.log").ok(), Some(uid));

    // Root signals whom the pid file names: so it stays root's, and in a directory of root's it
    // stays behind.
    let file = proxy.directory().join("tidegate.pid");
    assert_eq!(std::fs::metadata(&file).expect("a pid file").uid(), 0);
    proxy.signal(Signal::TERM);
    assert_eq!(proxy.wait_exit().await.code(), Some(0));
    assert!(file.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_root_may_read_is_read_at_the_start_and_refused_at_a_reload() {
    if !is_root() {
        return;
    }
    let a = Endpoint::start("a").await;
    let beside = open_directory();
    let ca = Authority::new("tests");
    ca.write(beside.path());
    ca.sign(&["site.test"]).write(beside.path(), "site");
    let private = Permissions::from_mode(0o600);
    std::fs::set_permissions(beside.path().join("site.key"), private).expect("ours");
    let text = config::web("round-robin", &[&a]) + RUN_AS;
    let plain = "address: \"127.0.0.1:0\" }]";
    let text = text.replace(
        plain,
        "address: \"127.0.0.1:0\", tls: { certificates: [{ certificate: site.pem, key: site.key }] } }]",
    );
    let proxy = Proxy::start_in(beside, &text, &[]).await;
    assert_nobody(proxy.pid());
    let warned = proxy.log.lines(0);
    let warned = warned
        .iter()
        .find(|line| line.message().contains("cannot be read any more"));
    assert_eq!(warned.and_then(|line| line.field("path")), Some("site.key"));
    let served = async || {
        let url = "https://site.test/";
        curl(
            proxy.directory(),
            proxy.address(),
            url,
            &["--cacert", "ca.pem"],
        )
        .await
        .status
    };
    assert_eq!(served().await, 200);
    let refused = proxy
        .reload()
        .await
        .expect_err("nobody cannot read the key");
    assert!(
        refused.mentions("certificates[0].key", "cannot read site.key"),
        "{refused:?}"
    );
    assert_eq!(served().await, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn root_replaces_a_process_that_is_root_no_longer() {
    if !is_root() {
        return;
    }
    let a = Endpoint::start("a").await;
    let text = config::web("round-robin", &[&a]) + RUN_AS;
    let meeting_place = open_directory();
    let socket = meeting_place.path().join("upgrade.sock");
    let arguments = ["--upgrade-sock", socket.to_str().expect("a path in UTF-8")];
    let mut old = Proxy::start_in(open_directory(), &text, &arguments).await;
    let address = old.address();
    for _ in 0..2 {
        let with_upgrade = [&arguments[..], &["--upgrade"]].concat();
        let mut new = Proxy::launch(open_directory(), &text, &with_upgrade);
        eventually("the upgrade socket", async || socket.exists().then_some(())).await;
        old.signal(Signal::QUIT);
        new.wait_ready().await;
        assert_eq!(new.address(), address, "the same socket");
        assert_eq!(old.wait_exit().await.code(), Some(0));
        assert_nobody(new.pid());
        assert_eq!(get(address, "/").await.endpoint(), "a");
        old = new;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_serves_as_a_user_that_is_not_there() {
    let a = Endpoint::start("a").await;
    let text = config::web("round-robin", &[&a]);
    for (run_as, told) in [
        (
            "user: no-such-user",
            "run_as.user: this system knows no user `no-such-user`",
        ),
        (
            "user: nobody, group: no-such-group",
            "run_as.group: this system knows no group `no-such-group`",
        ),
        ("user: root", "run_as.user: `root` is root"),
    ] {
        let text = format!("{text}run_as: {{ {run_as} }}\n");
        let mut proxy = Proxy::launch(directory(), &text, &[]);
        assert_eq!(proxy.wait_exit().await.code(), Some(1));
        proxy.log.ended().await;
        let said = proxy.log.raw(0).join("\n");
        assert!(said.contains(told), "{said}");
        assert!(said.contains("tidegate.yaml:"), "with its place: {said}");
        assert!(!said.contains("listening"), "{said}");
    }
}

/// A file may be checked where it does not run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_does_not_need_the_user() {
    let a = Endpoint::start("a").await;
    let beside = directory();
    let text = config::web("round-robin", &[&a]) + "run_as: { user: no-such-user }\n";
    write(beside.path(), &text);
    let output = run(beside.path(), &["check", "-c", "c.yaml"]).await;
    assert_eq!(output.status.code(), Some(0), "another machine may have it");
}

fn write(directory: &Path, text: &str) {
    std::fs::write(directory.join("c.yaml"), text).expect("written");
}
