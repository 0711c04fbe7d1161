//! `tidegate demo`: what it tells a newcomer to try works.

use tidegate_e2e::client::get;
use tidegate_e2e::{Demo, Signal};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_it_proposes_works_and_it_leaves_nothing_behind() {
    let mut demo = Demo::start().await;
    let directory = demo.file().parent().expect("a directory").to_owned();
    assert_eq!(directory.parent(), Some(demo.temporary()));

    let mut first = Vec::new();
    for n in 0..9 {
        let answer = get(demo.address(), "/").await;
        assert_eq!(answer.status(), 200);
        let said = answer.text();
        if n < 3 {
            first.push(said);
        } else {
            assert_eq!(said, first[n % 3], "they take turns");
        }
    }
    for name in ["one", "two", "three"] {
        assert!(first.iter().any(|said| said.contains(name)), "{first:?}");
    }

    let text = std::fs::read_to_string(demo.file()).expect("the file that it named");
    assert!(text.contains("selector: round-robin"), "{text}");
    std::fs::write(demo.file(), text.replace("round-robin", "ip-hash")).expect("edited");
    demo.log
        .wait("reloaded", |line| line.message() == "reloaded")
        .await;
    let chosen = get(demo.address(), "/").await.text();
    for _ in 0..9 {
        assert_eq!(get(demo.address(), "/").await.text(), chosen);
    }

    demo.signal(Signal::INT);
    assert_eq!(demo.wait_exit().await.code(), Some(0));
    assert!(!directory.exists(), "its directory is gone");
}
