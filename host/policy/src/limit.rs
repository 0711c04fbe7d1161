//! A bound on the requests that an endpoint has in flight.
//!
//! Asking ([`Limit::eligible`]) changes nothing and may be done for every endpoint;
//! [`Limit::admit`] takes one place and hands out the [`Ticket`] that gives it back. A place
//! remembers the number of the ticket that holds it, so a ticket that comes late or twice
//! finds another number, or none, and changes nothing: the count can neither leak nor go
//! below what is really in flight.
//!
//! Refuses to queue, and to know who holds a place.

/// At most so many requests in flight.
#[derive(Clone, Debug)]
pub struct Limit {
    max: Option<u32>,
    /// The number of the ticket that holds each place; [`FREE`] where nobody does.
    places: Vec<u64>,
    free: Vec<u32>,
    issued: u64,
}

/// The leave to have one request in flight, from [`Limit::admit`]. Valid once, and only with
/// the limit that issued it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a ticket that is not settled keeps its place for ever"]
pub struct Ticket {
    place: u32,
    number: u64,
}

/// Tickets are numbered from 1.
const FREE: u64 = 0;

impl Limit {
    /// A limit with nobody in flight. `None` bounds nothing and only counts; zero admits
    /// nobody, and the configuration refuses it.
    pub fn new(max: Option<u32>) -> Self {
        Self {
            max,
            places: Vec::new(),
            free: Vec::new(),
            issued: 0,
        }
    }

    /// Whether [`admit`](Self::admit) would grant a place now.
    pub fn eligible(&self) -> bool {
        self.in_flight() < self.max.unwrap_or(u32::MAX)
    }

    /// Takes a place, or answers `None` when all are taken.
    pub fn admit(&mut self) -> Option<Ticket> {
        if !self.eligible() {
            return None;
        }
        self.issued += 1;
        let number = self.issued;
        let place = match self.free.pop() {
            Some(place) => {
                self.places[place as usize] = number;
                place
            }
            None => {
                // Fits: there are fewer places than `eligible` allows, which is a u32.
                self.places.push(number);
                (self.places.len() - 1) as u32
            }
        };
        Some(Ticket { place, number })
    }

    /// Gives the ticket's place back. A ticket that was settled before changes nothing.
    pub fn settle(&mut self, ticket: Ticket) {
        if let Some(holder) = self.places.get_mut(ticket.place as usize)
            && *holder == ticket.number
        {
            *holder = FREE;
            self.free.push(ticket.place);
        }
    }

    /// Changes the bound. Those in flight stay, even above it; new ones wait until there is
    /// room.
    pub fn resize(&mut self, max: Option<u32>) {
        self.max = max;
    }

    /// Requests in flight.
    pub fn in_flight(&self) -> u32 {
        (self.places.len() - self.free.len()) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_place_is_granted_and_no_more() {
        let mut limit = Limit::new(Some(2));
        let first = limit.admit().expect("room");
        assert!(limit.admit().is_some());
        assert!(!limit.eligible());
        assert_eq!(limit.admit(), None);
        limit.settle(first);
        assert!(limit.eligible());
    }

    #[test]
    fn a_settled_ticket_cannot_free_the_next_holders_place() {
        let mut limit = Limit::new(Some(1));
        let old = limit.admit().expect("room");
        limit.settle(old);
        let new = limit.admit().expect("room again");
        limit.settle(old);
        assert_eq!(limit.in_flight(), 1, "{new:?} is still in flight");
        assert_eq!(limit.admit(), None);
    }

    #[test]
    fn shrinking_evicts_nobody() {
        let mut limit = Limit::new(None);
        let tickets: Vec<_> = (0..5).filter_map(|_| limit.admit()).collect();
        limit.resize(Some(2));
        assert_eq!((limit.in_flight(), limit.eligible()), (5, false));
        tickets.into_iter().for_each(|ticket| limit.settle(ticket));
        assert_eq!((limit.in_flight(), limit.eligible()), (0, true));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Admit,
        /// Settles any ticket that was ever issued, so also again or late.
        Settle(prop::sample::Index),
        Resize(Option<u32>),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => Just(Step::Admit),
            4 => any::<prop::sample::Index>().prop_map(Step::Settle),
            1 => prop::option::of(1u32..6).prop_map(Step::Resize),
        ]
    }

    proptest! {
        #[test]
        fn counts_are_exact_and_it_comes_back(
            max in prop::option::of(1u32..6),
            steps in prop::collection::vec(step(), 0..200),
        ) {
            let (mut limit, mut max) = (Limit::new(max), max);
            let (mut issued, mut open) = (Vec::<Ticket>::new(), Vec::<Ticket>::new());
            for step in steps {
                match step {
                    Step::Admit => {
                        let room = max.is_none_or(|max| (open.len() as u32) < max);
                        let ticket = limit.admit();
                        prop_assert_eq!(ticket.is_some(), room);
                        issued.extend(ticket);
                        open.extend(ticket);
                    }
                    Step::Settle(index) if !issued.is_empty() => {
                        let ticket = *index.get(&issued);
                        limit.settle(ticket);
                        open.retain(|other| *other != ticket);
                    }
                    Step::Settle(_) => {}
                    Step::Resize(to) => {
                        limit.resize(to);
                        max = to;
                    }
                }
                prop_assert_eq!(limit.in_flight() as usize, open.len());
            }
            // It comes back: once all are settled, in whatever order and however often.
            issued.iter().chain(&issued).for_each(|ticket| limit.settle(*ticket));
            prop_assert_eq!(limit.in_flight(), 0);
            prop_assert!(limit.eligible());
        }
    }
}
