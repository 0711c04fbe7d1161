//! The duties of a selector.

use std::collections::HashMap;
use std::thread;

use fastrand::Rng;

use super::{Check, Conformance, draw, told, unknown_key};
use crate::{Component, Plugin, Request, endpoints};

pub(super) const CHECKS: [(&str, Check); 9] = [
    ("a choice is in the list and is not excluded", eligible),
    ("the only one that is left is chosen, or none", the_last_one),
    ("new work does not go to a draining endpoint", draining),
    ("a retry goes elsewhere", retries),
    (
        "a request stays, in any order of the list and on any instance",
        stable,
    ),
    (
        "a storm of updates is survived, and takes no memory with it",
        storm,
    ),
    ("threads and updates at the same time", threads),
    ("the longest list", longest),
    ("a key that is not known is refused", unknown),
];

/// Lists, exclusions, loads and requests by chance. The sandbox holds each choice against the
/// list and the exclusions.
fn eligible(kit: &Conformance, component: &Component) -> Result<(), String> {
    let mut random = Rng::with_seed(kit.seed);
    for _ in 0..60 {
        let length = draw::length(&mut random);
        let list = draw::list(&mut random, length);
        let started = kit.started(component, &list);
        let (host, plugin) = started.map_err(|error| format!("{length} endpoints: {error}"))?;
        for _ in 0..20 {
            host.in_flight(&draw::load(&mut random, list.len()));
            host.latency(&draw::load(&mut random, list.len()));
            let excluded = random.u32(..length);
            let positions: Vec<u32> = random.choose_multiple(0..length, excluded as usize);
            let request = draw::request(&mut random).excluding(positions.iter().copied());
            let context = format!("{length} endpoints, {excluded} excluded, {request:?}");
            let choice = plugin.select_for(request);
            choice.map_err(|fault| format!("{}; {context}", told(&fault)))?;
        }
    }
    Ok(())
}

fn the_last_one(kit: &Conformance, component: &Component) -> Result<(), String> {
    let (_, plugin) = started(kit, component, 5)?;
    for last in 0..5 {
        let request = Request::get("/").excluding((0..5).filter(|position| *position != last));
        let choice = choose(&plugin, request)?;
        if choice.is_some_and(|choice| choice != last) {
            return Err(format!(
                "position {choice:?} of five, with all but {last} excluded"
            ));
        }
    }
    Ok(())
}

fn draining(kit: &Conformance, component: &Component) -> Result<(), String> {
    let mut list = endpoints(4);
    list[1].draining = true;
    list[2].draining = true;
    let (host, plugin) = kit
        .started(component, &list)
        .map_err(|error| error.to_string())?;
    // The draining ones look as attractive as can be.
    host.in_flight(&[50, 0, 0, 50]);
    host.latency(&[90_000, 1, 1, 90_000]);
    for n in 0..200 {
        let choice = choose(&plugin, client(n))?;
        if let Some(position @ (1 | 2)) = choice {
            return Err(format!(
                "a new client went to position {position}, which drains"
            ));
        }
    }
    Ok(())
}

fn retries(kit: &Conformance, component: &Component) -> Result<(), String> {
    let (_, plugin) = started(kit, component, 6)?;
    for n in 0..50 {
        let mut tried = Vec::new();
        for attempt in 0..6 {
            let request = client(n).attempt(attempt).excluding(tried.iter().copied());
            match choose(&plugin, request)? {
                Some(position) => tried.push(position),
                None => break,
            }
        }
    }
    Ok(())
}

/// The choice by the endpoint's id, over rotations of the list and fresh instances.
fn stable(kit: &Conformance, component: &Component) -> Result<(), String> {
    if !kit.stable {
        return Ok(());
    }
    let mut list = endpoints(20);
    let mut homes = HashMap::new();
    let mut random = Rng::with_seed(kit.seed);
    for round in 0..4 {
        let (_, plugin) = kit
            .started(component, &list)
            .map_err(|error| error.to_string())?;
        for n in 0..100 {
            let Some(position) = choose(&plugin, client(n))? else {
                continue;
            };
            let home = &list[position as usize].address;
            let known = homes.entry(n).or_insert_with(|| home.clone());
            if known != home {
                return Err(format!(
                    "client {n} went to {known} and, in order {round} of the same list, to {home}"
                ));
            }
        }
        random.shuffle(&mut list);
    }
    Ok(())
}

fn storm(kit: &Conformance, component: &Component) -> Result<(), String> {
    let mut random = Rng::with_seed(kit.seed);
    let (_, mut plugin) = started(kit, component, 10)?;
    let mut first = 0;
    for round in 0..400 {
        let length = draw::length(&mut random);
        let list = draw::list(&mut random, length);
        let updated = plugin.update(&list);
        updated.map_err(|error| format!("update {round}, {length} endpoints: {error}"))?;
        choose(&plugin, draw::request(&mut random))?;
        if round == 99 {
            first = plugin.memory();
        }
    }
    let last = plugin.memory();
    if last > first + (4 << 20) {
        let mib = |bytes| bytes >> 20;
        return Err(format!(
            "{} MiB after 100 updates, {} MiB after 400",
            mib(first),
            mib(last)
        ));
    }
    Ok(())
}

fn threads(kit: &Conformance, component: &Component) -> Result<(), String> {
    let (_, plugin) = started(kit, component, 16)?;
    thread::scope(|scope| {
        let choosing = |seed| {
            let plugin = &plugin;
            move || {
                let mut random = Rng::with_seed(seed);
                (0..300).try_for_each(|_| choose(plugin, draw::request(&mut random)).map(drop))
            }
        };
        let threads: Vec<_> = (0..4).map(|seed| scope.spawn(choosing(seed))).collect();
        let mut ended = threads.into_iter().map(|thread| {
            let panicked = |_| Err("a thread panicked".to_owned());
            thread.join().unwrap_or_else(panicked)
        });
        ended.find(Result::is_err).unwrap_or(Ok(()))
    })
}

fn longest(kit: &Conformance, component: &Component) -> Result<(), String> {
    let list = endpoints(kit.longest.clamp(1, 65_536));
    let started = kit.started(component, &list);
    let (host, plugin) = started.map_err(|error| format!("{} endpoints: {error}", list.len()))?;
    host.in_flight(&vec![3; list.len()]);
    for n in 0..20 {
        let choice = choose(&plugin, client(n));
        choice.map_err(|fault| format!("{} endpoints: {fault}", list.len()))?;
    }
    Ok(())
}

fn unknown(kit: &Conformance, component: &Component) -> Result<(), String> {
    let Some(config) = unknown_key(&kit.config) else {
        return Ok(());
    };
    match kit.host().plugin(component, &config, &endpoints(3)) {
        Ok(_) => Err(format!("it took {config}")),
        Err(_) => Ok(()),
    }
}

fn started(
    kit: &Conformance,
    component: &Component,
    count: u32,
) -> Result<(crate::Host, Plugin), String> {
    let started = kit.started(component, &endpoints(count));
    started.map_err(|error| error.to_string())
}

fn choose(plugin: &Plugin, request: Request) -> Result<Option<u32>, String> {
    let choice = plugin.select_for(request).map_err(|fault| told(&fault))?;
    Ok(choice.map(|choice| choice.index))
}

/// A client that can be told from others by whatever a selector looks at.
fn client(n: u32) -> Request {
    Request::get(&format!("/{n}?user={n}"))
        .client(&format!("192.0.{}.{}", n / 256, n % 256))
        .header("x-user", n.to_string())
        .header("authorization", format!("Bearer {n}"))
        .cookie("session", &n.to_string())
}
