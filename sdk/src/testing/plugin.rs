//! One instance of a selector under test, held to its duties.

use std::fmt;

use super::world::{Phase, World};
use crate::{Choice, Endpoint, Selector, load};

/// A configured instance. [`Host::plugin`](super::Host::plugin) makes it.
///
/// ```
/// use tidegate_sdk::prelude::*;
/// use tidegate_sdk::testing::{Host, Plugin, endpoints};
///
/// struct First;
/// # impl Selector for First {
/// #     type Config = NoConfig;
/// #     fn configure(_: NoConfig) -> Result<Self, String> { Ok(First) }
/// #     fn update(&mut self, _: Vec<Endpoint>) {}
/// #     fn select(&mut self, excluded: &Excluded) -> Option<Choice> {
/// #         let first = (0..3).find(|&position| !excluded.contains(position))?;
/// #         Some(Choice::at(first).with(HeaderEdit::set("x-at", "first")))
/// #     }
/// # }
///
/// let host = Host::new();
/// let mut selector: Plugin<First> = host.plugin("{}").unwrap();
/// selector.update(&endpoints(3));
/// assert_eq!(selector.pick(), Some(0));
/// assert_eq!(selector.tally(10), [10, 0, 0]);
/// host.exclude(&[0]);
/// let choice = selector.select().unwrap();
/// assert_eq!((choice.index, choice.response_edits.len()), (1, 1));
/// let First = selector.inner();
/// ```
pub struct Plugin<S> {
    selector: S,
    endpoints: usize,
}

/// Without the selector, which need not be `Debug`.
impl<S> fmt::Debug for Plugin<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin")
            .field("endpoints", &self.endpoints)
            .finish_non_exhaustive()
    }
}

impl<S: Selector> Plugin<S> {
    pub(super) fn new(selector: S) -> Self {
        Plugin {
            selector,
            endpoints: 0,
        }
    }

    /// Hands it the list of endpoints.
    pub fn update(&mut self, endpoints: &[Endpoint]) {
        self.endpoints = endpoints.len();
        World::during(Phase::Setup, || self.selector.update(endpoints.to_vec()));
    }

    /// One choice, for the request and the exclusions of the host.
    ///
    /// # Panics
    /// When the answer is what the real host calls a fault: out of range, or excluded. Also when
    /// there was no `update` yet, which the real host never does.
    pub fn select(&mut self) -> Option<Choice> {
        assert_ne!(
            self.endpoints, 0,
            "`select` comes after an `update` that is not empty"
        );
        let excluded = load::excluded();
        let choice = World::during(Phase::Select, || self.selector.select(&excluded))?;
        let index = choice.index;
        assert!(
            (index as usize) < self.endpoints,
            "{index} is not a position of the list"
        );
        assert!(
            !excluded.contains(index),
            "{index} is excluded from this exchange"
        );
        Some(choice)
    }

    /// The position that one choice names.
    ///
    /// # Panics
    /// As [`select`](Self::select).
    pub fn pick(&mut self) -> Option<u32> {
        self.select().map(|choice| choice.index)
    }

    /// How often each position is chosen in that many calls; a choice of none is not counted.
    ///
    /// # Panics
    /// As [`select`](Self::select).
    pub fn tally(&mut self, calls: u32) -> Vec<u32> {
        let mut tally = vec![0; self.endpoints];
        for _ in 0..calls {
            if let Some(position) = self.pick() {
                tally[position as usize] += 1;
            }
        }
        tally
    }

    /// The author's own type, for what only it can tell.
    pub fn inner(&self) -> &S {
        &self.selector
    }
}
