//! Tests of [`super::stand_out`]: single tables, then chance, with fixed seeds.

use super::*;
use proptest::prelude::*;

fn rule() -> SuccessRate {
    SuccessRate::default()
}

/// Endpoints numbered from 0, with so many good and bad requests each.
fn seen(rows: &[(u32, u32)]) -> Vec<(u64, Seen)> {
    let rows = rows.iter().map(|(good, bad)| Seen {
        good: *good,
        bad: *bad,
    });
    (0..).zip(rows).collect()
}

fn out(rows: &[(u32, u32)]) -> Vec<u64> {
    stand_out(&rule(), &seen(rows))
}

#[test]
fn one_of_three_that_fails_half_its_requests_stands_out() {
    assert_eq!(out(&[(20, 0), (10, 10), (20, 0)]), [1]);
    assert_eq!(out(&[(500, 0), (500, 0), (250, 250)]), [2]);
    assert_eq!(out(&[(480, 20), (250, 250), (470, 30)]), [1]);
    assert_eq!(out(&[(15, 15), (30, 0)]), [0], "two are a comparison");
}

#[test]
fn where_all_are_equally_bad_nobody_stands_out() {
    assert_eq!(out(&[(0, 100); 3]), []);
    assert_eq!(out(&[(50, 50); 5]), []);
    assert_eq!(out(&[(40, 60), (60, 40), (50, 50)]), []);
    assert_eq!(out(&[(0, 100), (0, 90), (0, 80)]), []);
}

#[test]
fn few_requests_prove_nothing() {
    assert_eq!(out(&[(0, 19), (20, 0), (20, 0)]), [], "below the minimum");
    assert_eq!(out(&[(18, 2), (20, 0), (20, 0)]), [], "chance");
    assert_eq!(out(&[(0, 20)]), []);
    assert_eq!(out(&[]), []);
    let any = SuccessRate {
        minimum_requests: 0,
        minimum_endpoints: 0,
        ..rule()
    };
    assert_eq!(stand_out(&any, &seen(&[(0, 0), (20, 0), (10, 10)])), []);
    assert_eq!(stand_out(&any, &seen(&[(0, 0), (40, 0), (20, 20)])), [2]);
    let five = SuccessRate {
        minimum_endpoints: 5,
        ..rule()
    };
    assert_eq!(stand_out(&five, &seen(&[(0, 20), (20, 0), (20, 0)])), []);
}

#[test]
fn a_small_difference_is_no_reason_however_sure() {
    assert_eq!(out(&[(96_000, 4_000), (100_000, 0), (100_000, 0)]), []);
    assert_eq!(out(&[(94_000, 6_000), (100_000, 0), (100_000, 0)]), [0]);
}

#[test]
fn others_that_differ_widely_excuse_one_more() {
    let wide = [(1_000, 0), (700, 300), (1_000, 0), (700, 300), (600, 400)];
    assert_eq!(out(&wide), []);
    let strict = SuccessRate {
        deviations_percent: 0,
        ..rule()
    };
    assert_eq!(stand_out(&strict, &seen(&wide)), [4, 1, 3]);
}

#[test]
fn the_worst_is_first() {
    let mut rows = [(100, 0); 30];
    (rows[3], rows[9], rows[12]) = ((50, 50), (10, 90), (50, 50));
    assert_eq!(out(&rows), [9, 3, 12]);
}

#[test]
fn two_who_fail_alike_excuse_each_other_below_six() {
    let two_of = |count: usize| [vec![(0, 100); 2], vec![(100, 0); count - 2]].concat();
    assert_eq!(out(&two_of(5)), []);
    assert_eq!(out(&two_of(6)), [0, 1]);
}

#[test]
fn no_rule_does_not_compare() {
    use crate::{Detector, OutlierRule};
    let none = OutlierRule {
        success_rate: None,
        ..OutlierRule::default()
    };
    let rows = seen(&[(0, 100), (100, 0), (100, 0)]);
    assert_eq!(Detector::stand_out(&none, &rows), []);
    assert_eq!(Detector::stand_out(&OutlierRule::default(), &rows), [0]);
}

/// A small generator (SplitMix64), so that a seed always gives the same traffic.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn requests(&mut self, count: u32, failing: f64) -> Seen {
        let fails = |random: u64| (random as f64) < failing * 2f64.powi(64);
        let bad = (0..count).filter(|_| fails(self.next())).count() as u32;
        Seen {
            good: count - bad,
            bad,
        }
    }
}

/// Catches: no allowance for chance; one by the normal approximation, which is far too small
/// where failures are rare; one that trusts the rate of the others as if it were exact.
#[test]
fn among_equals_hardly_anybody_is_ejected_by_chance() {
    const INTERVALS: u32 = 1_000;
    let mut worst = Vec::new();
    for failing in [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5, 0.9] {
        for endpoints in [2u64, 3, 10] {
            for requests in [20, 50, 200] {
                let mut chance = Chance(0x7169_6465);
                let mut ejected = 0;
                for _ in 0..INTERVALS {
                    let rows: Vec<_> = (0..endpoints)
                        .map(|endpoint| (endpoint, chance.requests(requests, failing)))
                        .collect();
                    ejected += stand_out(&rule(), &rows).len();
                }
                worst.push((ejected, failing, endpoints, requests));
            }
        }
    }
    let total: usize = worst.iter().map(|(ejected, ..)| ejected).sum();
    worst.sort_by_key(|(ejected, ..)| std::cmp::Reverse(*ejected));
    // 72 settings of a thousand intervals, with five endpoints on average: 360,000 chances.
    assert!(total <= 10, "{total} ejected, most in {:?}", &worst[..3]);
    assert!(worst[0].0 <= 3, "{:?}", &worst[..3]);
}

/// Catches: an allowance for chance, or for the others' deviation, that excuses everything.
#[test]
fn who_fails_half_is_found_at_once_when_there_is_traffic() {
    for seed in 0..1_000 {
        let mut chance = Chance(seed);
        for others in [2u64, 9] {
            let mut rows = vec![(0, chance.requests(60, 0.5))];
            rows.extend((1..=others).map(|one| (one, chance.requests(60, 0.01))));
            assert_eq!(stand_out(&rule(), &rows), [0], "{rows:?}");
        }
    }
}

fn rows() -> impl Strategy<Value = Vec<(u32, u32)>> {
    let count = || prop_oneof![0u32..30, 0u32..2_000, any::<u32>()];
    let row = prop_oneof![
        2 => (count(), count()),
        2 => (20u32..2_000, 0u32..3),
        1 => (0u32..3, 0u32..30),
    ];
    prop::collection::vec(row, 0..12)
}

proptest! {
    /// Catches: an endpoint that is judged on too few requests; the best one ejected, or all;
    /// a wrong order; a difference that is too small to matter.
    #[test]
    fn whoever_stands_out_is_below_the_others(rows in rows()) {
        let out = out(&rows);
        let rate = |endpoint: u64| {
            let (good, bad) = rows[endpoint as usize];
            f64::from(good) / (f64::from(good) + f64::from(bad))
        };
        let enough = |(good, bad): &(u32, u32)| good.saturating_add(*bad) >= 20;
        let compared: Vec<_> = (0u64..).zip(&rows).filter(|(_, row)| enough(row)).collect();
        for endpoint in &out {
            prop_assert!(compared.iter().any(|(one, _)| one == endpoint));
            let others = compared.iter().filter(|(one, _)| one != endpoint);
            let mean = others.clone().map(|(one, _)| rate(*one)).sum::<f64>() / others.count() as f64;
            prop_assert!(rate(*endpoint) < mean - 0.049);
        }
        prop_assert!(out.is_empty() || out.len() < compared.len());
        prop_assert!(out.is_sorted_by(|one, next| (rate(*one), one) < (rate(*next), next)));
    }

    /// It comes back. Catches: a success that counts against an endpoint.
    #[test]
    fn an_endpoint_without_failures_never_stands_out(rows in rows(), good: u32) {
        let rows = [vec![(good, 0)], rows].concat();
        prop_assert!(!out(&rows).contains(&0));
    }

    /// Catches: a comparison that depends on the order of the endpoints.
    #[test]
    fn the_order_of_the_endpoints_does_not_matter(rows in rows()) {
        let mut turned = seen(&rows);
        turned.reverse();
        prop_assert_eq!(stand_out(&rule(), &turned), out(&rows));
    }
}
