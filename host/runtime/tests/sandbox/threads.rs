//! Many threads, few instances, faults in between: nothing is lost and nothing counted twice.

use crate::support::{Request, ask, by, endpoints, start};
use std::collections::BTreeMap;
use std::sync::Barrier;
use std::thread;
use tidegate_components::{LOOP, Selector};
use tidegate_runtime::FaultKind;

const THREADS: u32 = 8;
const CALLS: u32 = 10_000;
const ENDPOINTS: u32 = 4;

/// On attempt 1 it traps, on 2 it hangs, on 3 it answers nonsense; else it takes turns by a
/// shared counter.
fn turns_and_misdeeds() -> Selector {
    let mut made = Selector::counting(1);
    made.functions = format!(
        r#"
    (import "tidegate:plugin/request@0.1.0" "attempt" (func $attempt (result i32)))
    {}"#,
        made.functions
    );
    made.select = format!(
        "
        (if (i32.eq (call $attempt) (i32.const 1)) (then unreachable))
        (if (i32.eq (call $attempt) (i32.const 2)) (then {LOOP}))
        (if (i32.eq (call $attempt) (i32.const 3))
            (then (return (call $choose (i32.const 99)))))
        {}",
        made.select
    );
    made
}

/// Which calls of a thread go wrong, and how: 100 traps, 2 hangs, 50 wrong positions. What
/// is left over all threads is a multiple of the endpoints.
fn attempt(call: u32) -> u32 {
    match call {
        call if call % 100 == 7 => 1,
        call if call % 5_000 == 11 => 2,
        call if call % 200 == 13 => 3,
        _ => 0,
    }
}

fn counts_are_exact(upstream: &str, instances: u32) {
    let list = endpoints(ENDPOINTS);
    let mut purpose = by(upstream);
    purpose.limits.instances = instances;
    let selector = start(&turns_and_misdeeds(), purpose, &list).unwrap();
    let begin = Barrier::new(THREADS as usize);
    let work = || {
        let mut counts: BTreeMap<Result<u32, &str>, u32> = BTreeMap::new();
        begin.wait();
        for call in 0..CALLS {
            let answer = loop {
                match ask(&selector, &list, Request::new(attempt(call), &[])) {
                    // Not asked: the system lets the thread that has the instance wait.
                    Err(fault) if fault.kind == FaultKind::Busy => {}
                    answer => break answer,
                }
            };
            let answer = answer.map(|choice| choice.expect("an opinion").index);
            *counts
                .entry(answer.map_err(|fault| fault.kind.as_str()))
                .or_default() += 1;
        }
        counts
    };
    let mut sum = BTreeMap::new();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            for (answer, count) in thread.join().unwrap() {
                *sum.entry(answer).or_insert(0) += count;
            }
        }
    });
    let good = THREADS * (CALLS - 100 - 2 - 50);
    let turn = |position| (Ok(position), good / ENDPOINTS);
    let mut expected: BTreeMap<_, _> = (0..ENDPOINTS).map(turn).collect();
    expected.insert(Err("trap"), THREADS * 100);
    expected.insert(Err("deadline"), THREADS * 2);
    expected.insert(Err("index"), THREADS * 50);
    assert_eq!(sum, expected);
}

#[test]
fn counts_are_exact_with_an_instance_for_each_processor() {
    counts_are_exact("threads", 64);
}

#[test]
fn counts_are_exact_with_one_instance_for_all() {
    counts_are_exact("threads with one", 1);
}
