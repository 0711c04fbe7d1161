//! Tests of [`super::roster`]: the table of cases, then random members.

use super::*;
use proptest::prelude::*;

const UP: Member = Member {
    priority: 0,
    weight: 1,
    standing: Standing::Eligible,
    draining: false,
};
const DOWN: Member = Member {
    standing: Standing::Doubted,
    ..UP
};
const OPEN: Member = Member {
    standing: Standing::Barred,
    ..UP
};
const LEAVING: Member = Member {
    draining: true,
    ..UP
};

/// The same member on another level.
fn on(priority: u32, member: Member) -> Member {
    Member { priority, ..member }
}

/// Members listed, panic, spilled.
fn listed(members: &[Member], panic_percent: u32) -> (Vec<u32>, bool, bool) {
    let roster = roster(members, panic_percent);
    (roster.members, roster.panic, roster.spilled)
}

#[test]
fn nobody_is_nobody() {
    assert_eq!(listed(&[], 100), (vec![], false, false));
    assert_eq!(listed(&[DOWN, OPEN], 0), (vec![], false, false));
}

#[test]
fn the_best_level_suffices_down_to_71_percent() {
    let spare = on(1, UP);
    assert_eq!(
        listed(&[UP, UP, UP, UP, DOWN, spare], 50),
        (vec![0, 1, 2, 3], false, false),
        "80 % of a level are enough"
    );
    assert_eq!(
        listed(&[UP, UP, DOWN, spare], 50),
        (vec![0, 1, 3], false, true),
        "67 % are not"
    );
    let five_of_seven = [UP, UP, UP, UP, UP, DOWN, DOWN, spare];
    assert_eq!(
        listed(&five_of_seven, 50),
        (vec![0, 1, 2, 3, 4], false, false),
        "exactly one"
    );
}

#[test]
fn capacity_is_weight_and_not_heads() {
    let heavy = Member { weight: 8, ..UP };
    assert_eq!(
        listed(&[heavy, DOWN, DOWN, on(1, UP)], 0),
        (vec![0], false, false)
    );
    let heavy = Member { weight: 8, ..DOWN };
    assert_eq!(
        listed(&[heavy, UP, UP, on(1, UP)], 0),
        (vec![1, 2, 3], false, true)
    );
}

#[test]
fn levels_add_up() {
    // A third of three levels each: 0.47 + 0.47 + 0.47 is enough, so the fourth is not taken.
    let third = |level| [on(level, UP), on(level, DOWN), on(level, OPEN)];
    let members = [third(0), third(5), third(7), third(9)].concat();
    assert_eq!(listed(&members, 100), (vec![0, 3, 6], false, true));
}

#[test]
fn a_level_that_is_gone_is_passed_over() {
    assert_eq!(
        listed(&[on(3, OPEN), on(4, DOWN), on(9, UP)], 0),
        (vec![2], false, true)
    );
}

#[test]
fn panic_lets_the_doubted_in_and_never_the_barred() {
    let members = [UP, DOWN, DOWN, OPEN, on(1, DOWN)];
    assert_eq!(listed(&members, 50), (vec![0, 1, 2, 4], true, true));
    assert_eq!(listed(&members, 20), (vec![0], false, false));
    assert_eq!(listed(&members, 0), (vec![0], false, false));
    assert_eq!(listed(&[DOWN, OPEN], 50), (vec![0], true, false));
    assert_eq!(listed(&[OPEN, OPEN], 50), (vec![], true, false));
}

#[test]
fn there_is_no_panic_while_the_levels_suffice() {
    let members = [DOWN, DOWN, DOWN, on(1, UP)];
    assert_eq!(listed(&members, 50), (vec![3], false, true));
}

#[test]
fn a_draining_member_is_listed_and_not_counted() {
    assert_eq!(
        listed(&[UP, LEAVING, on(1, LEAVING), on(2, UP)], 50),
        (vec![0, 1, 2], false, false)
    );
    assert_eq!(
        listed(&[LEAVING, on(1, UP)], 50),
        (vec![0, 1], false, true),
        "a level of draining members contributes nothing"
    );
    assert_eq!(
        listed(&[DOWN, LEAVING, LEAVING], 50),
        (vec![0, 1, 2], true, false),
        "none of those that stay is eligible"
    );
}

fn standing() -> impl Strategy<Value = Standing> {
    prop_oneof![
        3 => Just(Standing::Eligible),
        2 => Just(Standing::Doubted),
        2 => Just(Standing::Barred),
    ]
}

prop_compose! {
    fn member()(
        priority in prop_oneof![0u32..4, Just(u32::MAX)],
        weight in prop_oneof![1u32..10, any::<u32>()],
        standing in standing(),
        draining in prop::bool::weighted(0.2),
    ) -> Member {
        Member { priority, weight, standing, draining }
    }
}

fn members() -> impl Strategy<Value = Vec<Member>> {
    let doubted = |member: Member| match member.standing {
        Standing::Eligible => Member {
            standing: Standing::Doubted,
            ..member
        },
        Standing::Doubted | Standing::Barred => member,
    };
    prop_oneof![
        4 => prop::collection::vec(member(), 0..16),
        1 => prop::collection::vec(member().prop_map(doubted), 0..16),
    ]
}

/// Zero and the whole are likely; above a hundred is the same as a hundred.
fn percent() -> impl Strategy<Value = u32> {
    prop_oneof![1 => Just(0), 1 => Just(100), 1 => 101u32..110, 5 => 0u32..=100]
}

/// The positions of the members for whom this holds.
fn positions(members: &[Member], holds: impl Fn(&Member) -> bool) -> Vec<u32> {
    let all = (0u32..).zip(members);
    all.filter(|(_, member)| holds(member))
        .map(|(position, _)| position)
        .collect()
}

proptest! {
    /// Catches: a barred member let in by panic; panic at a threshold of zero; a doubted one
    /// listed without panic; a draining one of a far level forgotten; positions out of order.
    #[test]
    fn everyone_listed_may_be_and_everyone_entitled_is(members in members(), percent in percent()) {
        let roster = roster(&members, percent);
        prop_assert!(roster.members.is_sorted_by(|one, next| one < next));
        for position in &roster.members {
            let member = members[*position as usize];
            prop_assert_ne!(member.standing, Standing::Barred);
            prop_assert!(member.standing == Standing::Eligible || roster.panic);
        }
        prop_assert!(percent > 0 || !roster.panic);
        let best = members.iter().map(|member| member.priority).min();
        let eligible = |member: &Member| member.standing == Standing::Eligible;
        let entitled = positions(&members, |member| match member.standing {
            Standing::Eligible => roster.panic || member.draining || Some(member.priority) == best,
            Standing::Doubted => roster.panic,
            Standing::Barred => false,
        });
        prop_assert!(entitled.iter().all(|one| roster.members.contains(one)));
        prop_assert!(members.iter().all(|member| !eligible(member)) || !roster.members.is_empty());
        let spilled = roster.members.iter().map(|position| members[*position as usize]);
        prop_assert_eq!(
            roster.spilled,
            spilled.filter(|member| !member.draining).any(|member| Some(member.priority) != best)
        );
    }

    /// Catches: another factor than 1.4; a level too many or too few; weight of draining
    /// members taken for capacity; panic while the levels suffice, or with enough members.
    #[test]
    fn levels_are_taken_until_they_suffice_and_no_further(
        members in members(), percent in percent(),
    ) {
        let roster = roster(&members, percent);
        let staying = |member: &&Member| !member.draining;
        let mut priorities: Vec<_> = members.iter().map(|member| member.priority).collect();
        priorities.sort_unstable();
        priorities.dedup();
        let (mut sum, mut expected) = (0.0, Vec::new());
        for priority in priorities {
            let level = || members.iter().filter(staying).filter(|one| one.priority == priority);
            let weight = |one: &Member| f64::from(one.weight);
            let total: f64 = level().map(weight).sum();
            let up: f64 = level().filter(|one| one.standing == Standing::Eligible).map(weight).sum();
            // On the edge, rounding decides; that is not what this test is about.
            prop_assume!(f64::abs(sum - 1.0) > 1e-5);
            if sum < 1.0 {
                expected.push(priority);
                sum += if total > 0.0 { (1.4 * up / total).min(1.0) } else { 0.0 };
                sum = if f64::abs(sum - 1.0) < 1e-9 { 1.1 } else { sum };
            }
        }
        prop_assume!(f64::abs(sum - 1.0) > 1e-5);
        let all = members.iter().filter(staying).count() as f64;
        let up = members.iter().filter(staying).filter(|one| one.standing == Standing::Eligible);
        let panic = sum < 1.0 && (up.count() as f64) < all * f64::from(percent.min(100)) / 100.0 - 1e-9;
        prop_assert_eq!(roster.panic, panic);
        let listed = positions(&members, |member| match member.standing {
            Standing::Eligible => panic || member.draining || expected.contains(&member.priority),
            Standing::Doubted => panic,
            Standing::Barred => false,
        });
        prop_assert_eq!(roster.members, listed);
    }

    /// Catches: panic set off by help; a level that help on it does not open.
    #[test]
    fn one_more_eligible_member_never_makes_it_worse(
        members in members(), newcomer in member(),
    ) {
        let newcomer = Member { standing: Standing::Eligible, draining: false, ..newcomer };
        let more = [members.clone(), vec![newcomer]].concat();
        for percent in 0..=100 {
            let (before, after) = (roster(&members, percent), roster(&more, percent));
            prop_assert!(!after.members.is_empty());
            prop_assert!(before.panic || !after.panic, "{percent}");
        }
    }

    /// It comes back. Catches: panic or spill-over that does not end when the doubt does.
    #[test]
    fn panic_and_spilling_end(members in members(), percent in percent()) {
        let well = |member: &Member| Member {
            standing: Standing::Eligible,
            weight: member.weight.max(1),
            draining: false,
            ..*member
        };
        let members: Vec<_> = members.iter().map(well).collect();
        let best = members.iter().map(|member| member.priority).min();
        let roster = roster(&members, percent);
        prop_assert_eq!((roster.panic, roster.spilled), (false, false));
        prop_assert_eq!(
            roster.members,
            positions(&members, |member| Some(member.priority) == best)
        );
    }
}
