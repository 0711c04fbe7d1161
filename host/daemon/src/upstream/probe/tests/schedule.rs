//! Who is probed, when, and how many at a time.

use super::*;
use tokio::sync::Semaphore;

#[tokio::test]
async fn who_is_not_named_any_more_is_left_alone() {
    let dropped = Server::start(|stream, _| answer(stream, 200)).await;
    let mut kept = Server::start(|stream, _| answer(stream, 200)).await;
    let check = health(Check::Http(get()));
    let prober = Prober::new();
    let targets = [&dropped, &kept].map(|server| target(&prober, &check, server.address));
    let (mut ears, listeners): (Vec<_>, Vec<_>) = ["a", "b"].into_iter().map(Ear::new).unzip();
    prober.follow(targets.iter().cloned().zip(listeners).collect());
    for ear in &mut ears {
        assert_eq!(ear.next().await, Verdict::Up);
    }

    let (mut later, listener) = Ear::new("b");
    prober.follow(vec![(targets[1].clone(), listener)]);
    let (before, so_far) = (dropped.accepted(), kept.accepted());
    kept.until(so_far + 20).await;
    let after = dropped.accepted();
    assert!(
        after <= before + 1,
        "at most one was under way: {before}, {after}"
    );
    assert!(later.is_silent(), "whoever stays has not turned");

    // Named again, it goes on from what was known.
    let (_ear, listener) = Ear::new("a");
    let mut dropped = dropped;
    assert!(targets[0].proven());
    prober.follow(vec![(targets[0].clone(), listener)]);
    dropped.until(after + 5).await;
}

#[tokio::test]
async fn what_a_probe_finds_out_too_late_is_ignored() {
    let gate = Arc::new(Semaphore::new(0));
    let held = gate.clone();
    let mut server = Server::start(move |stream, _| {
        let held = held.clone();
        async move {
            held.acquire().await.unwrap().forget();
            answer(stream, 200).await;
        }
    })
    .await;
    let mut other = Server::start(|stream, _| answer(stream, 200)).await;
    let check = health(Check::Http(get()));
    let (prober, slow, mut ear) = watch(&check, server.address);
    server.until(1).await;
    let (_other_ear, listener) = Ear::new("other");
    prober.follow(vec![(target(&prober, &check, other.address), listener)]);
    gate.add_permits(1);
    other.until(20).await;
    assert!(slow.last().is_none() && slow.verdict() == Verdict::Down);
    assert!(ear.is_silent());
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_prober_that_is_dropped_probes_no_more() {
    let dropped = Server::start(|stream, _| answer(stream, 200)).await;
    let mut other = Server::start(|stream, _| answer(stream, 200)).await;
    let check = health(Check::Http(get()));
    let (prober, _target, mut ear) = watch(&check, dropped.address);
    assert_eq!(ear.next().await, Verdict::Up);
    drop(prober);
    let before = dropped.accepted();
    let (_prober, _other, _ear) = watch(&check, other.address);
    other.until(20).await;
    assert!(dropped.accepted() <= before + 1);
}

#[tokio::test]
async fn so_many_are_probed_at_a_time_and_all_in_turn() {
    const AT_ONCE: usize = 3;
    let (open, peak) = (watch::Sender::new(0), watch::Sender::new(0));
    let (now, most) = (open.subscribe(), peak.subscribe());
    let gate = Arc::new(Semaphore::new(0));
    let held = gate.clone();
    let server = Server::start(move |stream, _| {
        open.send_modify(|open| *open += 1);
        let high = *open.borrow();
        peak.send_modify(|peak| *peak = high.max(*peak));
        let (open, held) = (open.clone(), held.clone());
        async move {
            held.acquire().await.unwrap().forget();
            open.send_modify(|open| *open -= 1);
            answer(stream, 200).await;
        }
    })
    .await;
    let prober = Prober::with_places(AT_ONCE);
    let mut check = health(Check::Http(get()));
    check.rule.interval = LONG;
    let mut ears = Vec::new();
    let mut targets = Vec::new();
    for path in 0..12 {
        // Another path makes another target at the same address.
        let check = Health {
            check: Check::Http(HttpCheck {
                path: format!("/{path}"),
                ..get()
            }),
            ..check.clone()
        };
        let (ear, listener) = Ear::new("web");
        ears.push(ear);
        targets.push((target(&prober, &check, server.address), listener));
    }
    prober.follow(targets);
    for _ in 0..ears.len() - AT_ONCE {
        soon(now.clone().wait_for(|open| *open == AT_ONCE))
            .await
            .unwrap();
        gate.add_permits(1);
        soon(now.clone().wait_for(|open| *open < AT_ONCE))
            .await
            .unwrap();
    }
    gate.add_permits(AT_ONCE);
    for ear in &mut ears {
        assert_eq!(ear.next().await, Verdict::Up);
    }
    assert_eq!(*most.borrow(), AT_ONCE);
    assert_eq!(server.accepted(), ears.len());
}

#[tokio::test]
async fn a_listener_that_panics_ends_no_schedule() {
    let mut server = Server::start(|stream, _| answer(stream, 200)).await;
    let prober = Prober::new();
    let target = target(&prober, &health(Check::Http(get())), server.address);
    let listener = Listener {
        upstream: "web".into(),
        turned: Box::new(|_| panic!("as this test wants it")),
    };
    prober.follow(vec![(target.clone(), listener)]);
    server.until(5).await;
    assert_eq!(target.verdict(), Verdict::Up);
}

#[test]
fn the_work_goes_on_in_another_runtime() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let prober = Prober::new();
    for _ in 0..2 {
        runtime().block_on(async {
            let server = Server::start(|stream, _| answer(stream, 200)).await;
            let target = target(&prober, &health(Check::Http(get())), server.address);
            let (mut ear, listener) = Ear::new("web");
            prober.follow(vec![(target, listener)]);
            assert_eq!(ear.next().await, Verdict::Up);
        });
    }
}
