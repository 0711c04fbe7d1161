//! Who may take new work, and taking turns among them.

use crate::{Endpoint, Excluded};

/// Positions that may take new work: those that are not draining. When all of them drain, all of
/// them: an answer from an endpoint that is about to leave is better than none.
///
/// ```
/// # use tidegate_sdk::{algorithms::candidates, testing::endpoints};
/// let mut list = endpoints(3);
/// list[1].draining = true;
/// assert_eq!(candidates(&list), [0, 2]);
/// ```
pub fn candidates(endpoints: &[Endpoint]) -> Vec<u32> {
    let all_drain = endpoints.iter().all(|endpoint| endpoint.draining);
    (0u32..)
        .zip(endpoints)
        .filter(|(_, endpoint)| all_drain || !endpoint.draining)
        .map(|(position, _)| position)
        .collect()
}

/// Whose turn it is: entry `number` modulo the length, or the next one after it that is not
/// excluded. None when all are excluded or there are none.
///
/// ```
/// # use tidegate_sdk::{Excluded, algorithms::turn};
/// let order: [u32; 3] = [4, 7, 9];
/// assert_eq!(turn(&order, 1, &Excluded::none()), Some(7));
/// let tried: Excluded = [7].into_iter().collect();
/// assert_eq!(turn(&order, 1, &tried), Some(9));
/// ```
#[inline]
pub fn turn<T: Copy + Into<u32>>(order: &[T], number: u64, excluded: &Excluded) -> Option<u32> {
    if order.is_empty() {
        return None;
    }
    let first = (number % order.len() as u64) as usize;
    if excluded.is_empty() {
        return Some(order[first].into());
    }
    let (before, after) = order.split_at(first);
    after
        .iter()
        .chain(before)
        .map(|&entry| entry.into())
        .find(|&entry| !excluded.contains(entry))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::endpoints;

    #[test]
    fn draining_endpoints_take_no_new_work_unless_all_drain() {
        let mut list = endpoints(4);
        assert_eq!(candidates(&list), [0, 1, 2, 3]);
        list[1].draining = true;
        list[3].draining = true;
        assert_eq!(candidates(&list), [0, 2]);
        list.iter_mut()
            .for_each(|endpoint| endpoint.draining = true);
        assert_eq!(candidates(&list), [0, 1, 2, 3]);
    }

    #[test]
    fn an_excluded_turn_goes_to_the_next_in_order() {
        let order = [5u32, 7, 9];
        let none = Excluded::none();
        let turns: Vec<_> = (0..4).filter_map(|n| turn(&order, n, &none)).collect();
        assert_eq!(turns, [5, 7, 9, 5]);
        let some = [7, 9].into_iter().collect();
        assert_eq!(turn(&order, 1, &some), Some(5));
        assert_eq!(turn(&order, 1, &[5, 7, 9].into_iter().collect()), None);
        assert_eq!(turn::<u32>(&[], 1, &none), None);
    }

    #[test]
    fn the_number_may_be_any() {
        assert_eq!(turn(&[1u16, 2, 3], u64::MAX, &Excluded::none()), Some(1));
    }
}
