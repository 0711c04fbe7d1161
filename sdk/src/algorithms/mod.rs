//! What plugins need again and again, each exact about what it promises and tested on its own.
//! The built-in plugins are made of these; a plugin of one's own may be too.
//!
//! | a plugin that | uses |
//! |---|---|
//! | takes turns | [`candidates`], [`turn`] with a [`state::Counter`](crate::state::Counter) |
//! | takes turns by weight | [`smooth_cycle`], [`turn`] |
//! | draws lots | [`any_of`], [`two_of`], [`Alias`], [`Pairs`] |
//! | looks for the least loaded | [`Least`] |
//! | keeps a key on an endpoint | [`Ring`], [`hash`] |
//! | need not find out the same twice | [`Recent`] |
//!
//! Positions fit 16 bits (a list has at most 65,536 entries); tables that are read at random
//! places keep them as `u16`, so that more of them stay in the cache.

mod alias;
mod candidates;
mod hash;
mod least;
mod lots;
mod pairs;
mod recent;
mod ring;
mod scan;
mod smooth;

pub use alias::Alias;
pub use candidates::{candidates, turn};
pub use hash::{hash, mix};
pub use least::Least;
pub use lots::{any_of, two_of};
pub use pairs::Pairs;
pub use recent::Recent;
pub use ring::Ring;
pub use smooth::smooth_cycle;
