//! The endpoints of one zone, and how much they have to do together.

use tidegate_sdk::algorithms::Least;
use tidegate_sdk::{Endpoint, Excluded};

/// The endpoints of one zone that may take new work.
#[derive(Default)]
pub struct Zone {
    /// None: those of which the operator did not say where they are.
    pub name: Option<String>,
    members: Vec<Member>,
    least: Least,
}

struct Member {
    position: u32,
    /// As a part of the heaviest of the whole list.
    size: f64,
}

impl Zone {
    pub fn new(name: Option<&str>, endpoints: &[Endpoint], positions: Vec<u32>) -> Self {
        let heaviest = endpoints.iter().map(|endpoint| endpoint.weight).max();
        let heaviest = f64::from(heaviest.unwrap_or(1));
        let member = |&position: &u32| Member {
            position,
            size: f64::from(endpoints[position as usize].weight) / heaviest,
        };
        let members = positions.iter().map(member).collect();
        let mut least = Least::default();
        least.update(endpoints, positions);
        Zone {
            name: name.map(str::to_owned),
            members,
            least,
        }
    }

    /// Requests in flight for each endpoint as heavy as the heaviest, of those that may still be
    /// used; none when there are none.
    pub fn load(&self, in_flight: &[u32], excluded: &Excluded) -> Option<f64> {
        let (mut sum, mut size) = (0.0, 0.0);
        for member in self.usable(excluded) {
            sum += f64::from(at(in_flight, member.position));
            size += member.size;
        }
        (size > 0.0).then(|| sum / size)
    }

    /// Mean latency of those that may still be used. Who was never measured counts as quick: it is
    /// tried, and then it is known.
    pub fn latency(&self, latency: &[u32], excluded: &Excluded) -> f64 {
        let (mut sum, mut count) = (0.0, 0.0);
        for member in self.usable(excluded) {
            sum += f64::from(at(latency, member.position));
            count += 1.0;
        }
        sum / f64::max(count, 1.0)
    }

    /// The least loaded of the zone for its weight.
    pub fn select(&mut self, excluded: &Excluded) -> Option<u32> {
        self.least.select(excluded)
    }

    fn usable(&self, excluded: &Excluded) -> impl Iterator<Item = &Member> {
        self.members
            .iter()
            .filter(|member| !excluded.contains(member.position))
    }
}

fn at(column: &[u32], position: u32) -> u32 {
    column.get(position as usize).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use tidegate_sdk::testing::endpoints;

    use super::*;

    #[test]
    fn load_is_for_each_endpoint_and_latency_the_mean() {
        let mut list = endpoints(3);
        list[0].weight = 50;
        list[1].weight = 100;
        list[2].weight = 100;
        let zone = Zone::new(None, &list, vec![0, 1]);
        let none = Excluded::none();
        assert_eq!(zone.load(&[3, 6, 100], &none), Some(6.0));
        assert_eq!(zone.latency(&[100, 300], &none), 200.0);
        let second = [1].into_iter().collect();
        assert_eq!(zone.load(&[3, 6], &second), Some(6.0));
        assert_eq!(zone.latency(&[100, 300], &second), 100.0);
        let both = [0, 1].into_iter().collect();
        assert_eq!(zone.load(&[3, 6], &both), None);
        assert_eq!(zone.load(&[], &none), Some(0.0));
    }
}
