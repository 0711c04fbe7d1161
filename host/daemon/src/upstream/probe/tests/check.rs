//! TCP, and what all kinds of check have in common.

use super::*;
use test_backend::{Endpoint, Unreachable};

#[tokio::test]
async fn an_endpoint_is_up_while_it_accepts_connections() {
    let mut endpoint = Endpoint::start("a").await;
    let (_prober, target, mut ear) = watch(&health(Check::Tcp), endpoint.address());
    assert_eq!((target.verdict(), target.proven()), (Verdict::Down, false));

    assert_eq!(ear.next().await, Verdict::Up);
    assert_eq!((target.verdict(), target.proven()), (Verdict::Up, true));
    let last = target.last().unwrap();
    assert!(last.passed && last.said == "connected", "{last:?}");

    endpoint.stop().await;
    assert_eq!(ear.next().await, Verdict::Down);
    let last = target.last().unwrap();
    assert!(
        !last.passed && last.said == "connection refused",
        "{last:?}"
    );

    endpoint.restart().unwrap();
    assert_eq!(ear.next().await, Verdict::Up);
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_at_all_is_down() {
    let nowhere = Unreachable::start().await.unwrap();
    let check = Health {
        timeout: SHORT,
        ..health(Check::Tcp)
    };
    assert_eq!(ask(check, nowhere.address()).await, timed_out());
}

#[tokio::test]
async fn the_check_may_have_a_port_of_its_own() {
    let probed = Endpoint::start("probed").await;
    let serving: SocketAddr = "127.0.0.1:1".parse().unwrap();
    for check in [Check::Tcp, Check::Http(get())] {
        let check = Health {
            port: Some(probed.address().port()),
            ..health(check)
        };
        let (_prober, target, mut ear) = watch(&check, serving);
        assert_eq!(ear.next().await, Verdict::Up);
        assert_eq!(target.endpoint(), serving);
        assert_eq!(target.address(), probed.address());
    }
}

#[tokio::test]
async fn so_many_results_in_a_row_make_a_turn() {
    // Down at the seventh, up at the tenth; what is odd in between starts the count again.
    let script = [200, 503, 503, 200, 503, 503, 503, 200, 503, 200, 200];
    let server = Server::start(move |stream, before| {
        answer(stream, script.get(before).copied().unwrap_or(200))
    })
    .await;
    let mut check = health(Check::Http(get()));
    check.rule.initial = Verdict::Up;
    check.rule.fall = 3.try_into().unwrap();
    check.rule.rise = 2.try_into().unwrap();

    let prober = Prober::new();
    let target = target(&prober, &check, server.address);
    let (tell, mut turns) = mpsc::unbounded_channel();
    let accepted = server.accepted.clone();
    let turned = move |verdict| {
        let _ = tell.send((verdict, *accepted.borrow()));
    };
    let listener = Listener {
        upstream: "web".into(),
        turned: Box::new(turned),
    };
    prober.follow(vec![(target, listener)]);
    assert_eq!(soon(turns.recv()).await, Some((Verdict::Down, 7)));
    assert_eq!(soon(turns.recv()).await, Some((Verdict::Up, 11)));
}

#[tokio::test]
async fn a_failure_of_ours_says_nothing_about_the_endpoint() {
    let address: SocketAddr = "127.0.0.1:1".parse().unwrap();
    let target = target(&Prober::new(), &health(Check::Tcp), address);
    let (mut ear, listener) = Ear::new("web");
    target.set_listeners(vec![listener]);
    let learn = |answer| target.learn(answer, std::time::Instant::now(), INTERVAL);
    learn(passed("connected"));
    assert_eq!(ear.next().await, Verdict::Up);
    learn(Err(Failure::Ours("too many open files".into())));
    assert!(ear.is_silent() && target.verdict() == Verdict::Up);
    assert!(target.last().unwrap().passed, "it was no probe");
    learn(failed("connection refused"));
    assert_eq!(ear.next().await, Verdict::Down);
}
