//! Tests of [`super::Budget`]: against a list of all that happened, which is slow and obvious.

use super::*;
use proptest::prelude::*;

/// There is no other way to make an `Instant`; its value does not matter.
#[expect(
    clippy::disallowed_methods,
    reason = "an origin for the test's own clock"
)]
fn origin() -> Instant {
    Instant::now()
}

fn milliseconds(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Retries that are allowed at `now`, when as many as possible are wanted.
fn spend(budget: &mut Budget, now: Instant) -> usize {
    std::iter::repeat_with(|| budget.withdraw(now))
        .take(10_000)
        .take_while(|allowed| *allowed)
        .count()
}

#[test]
fn without_requests_the_floor_is_all_there_is() {
    let (start, mut budget) = (origin(), Budget::new(BudgetRule::default()));
    assert_eq!(spend(&mut budget, start), 10);
    assert_eq!(spend(&mut budget, start + milliseconds(10_999)), 0);
    assert_eq!(spend(&mut budget, start + milliseconds(11_000)), 10);
}

#[test]
fn a_hundred_requests_pay_for_twenty_retries() {
    let (start, mut budget) = (origin(), Budget::new(BudgetRule::default()));
    (0..100).for_each(|_| budget.request(start));
    assert_eq!(spend(&mut budget, start), 30);
    (0..4).for_each(|_| budget.request(start));
    assert!(!budget.eligible(start), "four pay for less than one");
    budget.request(start);
    assert!(budget.eligible(start));
}

/// What a floor on those in flight would not do: each retry fails within a millisecond.
#[test]
fn fast_failures_do_not_make_a_storm() {
    let (start, mut budget) = (origin(), Budget::new(BudgetRule::default()));
    let allowed = (0..10_000)
        .filter(|n| budget.withdraw(start + milliseconds(*n)))
        .count();
    assert_eq!(allowed, 10, "in ten seconds");
}

#[test]
fn a_new_rule_keeps_what_was_spent() {
    let (start, mut budget) = (origin(), Budget::new(BudgetRule::default()));
    assert_eq!(spend(&mut budget, start), 10);
    budget.configure(BudgetRule {
        floor: 15,
        percent: 0,
    });
    assert_eq!(spend(&mut budget, start), 5);
    budget.configure(BudgetRule {
        floor: 0,
        percent: u32::MAX,
    });
    (0..3).for_each(|_| budget.request(start));
    assert_eq!(
        spend(&mut budget, start),
        15,
        "30 less those that were spent"
    );
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Wait(u64),
    /// The clock of one caller is behind that of another.
    Back(u64),
    Requests(u32),
    Retries(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u64..3_000).prop_map(Step::Wait),
        1 => (0u64..2_000).prop_map(Step::Back),
        3 => (0u32..40).prop_map(Step::Requests),
        4 => (0u32..40).prop_map(Step::Retries),
    ]
}

proptest! {
    /// Over every window of 10 s that ends with a retry, its start included, and so over
    /// every window of 10 s at all. Catches: retries that are forgotten before 10 s are
    /// over, requests that are remembered for longer, a share that is rounded up.
    #[test]
    fn retries_never_exceed_their_share_over_any_window(
        percent in prop_oneof![0u32..100, 0u32..=1_000], floor in 0u32..20,
        steps in prop::collection::vec(step(), 0..200),
    ) {
        let start = origin();
        let mut budget = Budget::new(BudgetRule { percent, floor });
        let (mut now, mut latest) = (start, start);
        let (mut requests, mut retries) = (Vec::<Instant>::new(), Vec::<Instant>::new());
        for step in steps {
            match step {
                Step::Wait(n) => now += milliseconds(n),
                Step::Back(n) => now = now.checked_sub(milliseconds(n)).unwrap_or(now).max(start),
                Step::Requests(n) => for _ in 0..n {
                    latest = latest.max(now);
                    budget.request(now);
                    requests.push(latest);
                },
                Step::Retries(n) => for _ in 0..n {
                    let eligible = budget.eligible(now);
                    prop_assert_eq!(budget.withdraw(now), eligible);
                    if eligible {
                        latest = latest.max(now);
                        retries.push(latest);
                    }
                },
            }
        }
        let within = |events: &[Instant], end: Instant| {
            let ages = events.iter().filter_map(|when| end.checked_duration_since(*when));
            ages.filter(|age| *age <= BUDGET_WINDOW).count() as u64
        };
        for (position, end) in retries.iter().enumerate() {
            // Those that came later at the same instant have their own turn.
            let spent = within(&retries[..=position], *end);
            let share = within(&requests, *end) * u64::from(percent) / 100;
            prop_assert!(spent <= u64::from(floor) + share, "{spent} > {floor} + {share}");
        }
    }

    /// Catches: a budget that is spent once and for all, and one that counts what is long
    /// past.
    #[test]
    fn it_comes_back(
        percent in 0u32..=1_000, floor in 0u32..20,
        steps in prop::collection::vec(step(), 0..200), requests in 0u32..100,
    ) {
        let mut budget = Budget::new(BudgetRule { percent, floor });
        let mut now = origin();
        for step in steps {
            match step {
                Step::Wait(n) | Step::Back(n) => now += milliseconds(n),
                Step::Requests(n) => (0..n).for_each(|_| budget.request(now)),
                Step::Retries(n) => for _ in 0..n {
                    let _ = budget.withdraw(now);
                },
            }
        }
        now += BUDGET_WINDOW + milliseconds(1_000);
        (0..requests).for_each(|_| budget.request(now));
        let share = requests * percent / 100;
        prop_assert_eq!(spend(&mut budget, now), (floor + share) as usize);
    }
}
