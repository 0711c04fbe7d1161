//! What upstreams and configurations share.

use super::*;

#[tokio::test]
async fn two_upstreams_share_one_target_and_its_probes() {
    let server = Server::start(|stream, _| answer(stream, 503)).await;
    let mut check = health(Check::Http(get()));
    check.rule.initial = Verdict::Up;
    check.rule.fall = 5.try_into().unwrap();
    let prober = Prober::new();
    // Equal, but not the same: each upstream has its own copy.
    let web = target(&prober, &check, server.address);
    let api = target(&prober, &check, server.address);
    assert!(Arc::ptr_eq(&web, &api));

    let (mut web_ear, web_listener) = Ear::new("web");
    let (mut api_ear, mut api_listener) = Ear::new("api");
    let accepted = server.accepted.clone();
    let at_the_turn = watch::Sender::new(0);
    let count = at_the_turn.subscribe();
    let tell = api_listener.turned;
    api_listener.turned = Box::new(move |verdict| {
        at_the_turn.send_replace(*accepted.borrow());
        tell(verdict);
    });
    prober.follow(vec![(web, web_listener), (api, api_listener)]);
    assert_eq!(web_ear.next().await, Verdict::Down);
    assert_eq!(api_ear.next().await, Verdict::Down);
    assert_eq!(
        *count.borrow(),
        5,
        "one connection for each of five results"
    );
}

#[test]
fn what_differs_is_not_shared() {
    let prober = Prober::new();
    let address: SocketAddr = "127.0.0.1:80".parse().unwrap();
    let other: SocketAddr = "127.0.0.1:81".parse().unwrap();
    let tcp = health(Check::Tcp);
    let mut slower = tcp.clone();
    slower.rule.interval = LONG;
    let one = target(&prober, &tcp, address);
    for another in [
        target(&prober, &tcp, other),
        target(&prober, &slower, address),
        target(&prober, &health(Check::Http(get())), address),
    ] {
        assert!(!Arc::ptr_eq(&one, &another));
    }
}

#[tokio::test]
async fn what_was_found_out_survives_a_reload() {
    let server = Server::start(|stream, _| answer(stream, 200)).await;
    let check = health(Check::Http(get()));
    let (prober, before, mut ear) = watch(&check, server.address);
    assert_eq!(ear.next().await, Verdict::Up);

    // The next configuration names it again, with a listener of its own.
    let after = target(&prober, &check, server.address);
    assert!(Arc::ptr_eq(&before, &after) && after.proven());
    let (mut later, listener) = Ear::new("web");
    prober.follow(vec![(after, listener)]);
    drop(server);
    assert_eq!(later.next().await, Verdict::Down);
    assert!(ear.is_silent(), "it is not told any more");
}

#[tokio::test]
async fn a_changed_check_starts_from_the_verdict_of_the_last_one() {
    let mut server = Server::start(|stream, _| answer(stream, 200)).await;
    let tcp = health(Check::Tcp);
    let (prober, before, mut ear) = watch(&tcp, server.address);
    assert_eq!(ear.next().await, Verdict::Up);

    let changed = Arc::new(health(Check::Http(get())));
    let checker = prober.checker(&changed).unwrap();
    let after = prober.target(server.address, &checker, Some(before.verdict()));
    assert_eq!((after.verdict(), after.proven()), (Verdict::Up, true));
    let (mut later, listener) = Ear::new("web");
    prober.follow(vec![(after.clone(), listener)]);
    let so_far = server.accepted();
    server.until(so_far + 10).await;
    assert_eq!(after.verdict(), Verdict::Up);
    assert!(later.is_silent() && ear.is_silent(), "nothing has turned");

    // Without one, the rule says what is assumed.
    let fresh = health(Check::Http(HttpCheck {
        path: "/other".to_owned(),
        ..get()
    }));
    let fresh = target(&prober, &fresh, server.address);
    assert_eq!((fresh.verdict(), fresh.proven()), (Verdict::Down, false));
}
