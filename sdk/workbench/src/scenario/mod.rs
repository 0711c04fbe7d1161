//! Scenarios: what a plugin is told, and what it must answer, in YAML, for any language.
//!
//! [`Suite::read`] reads a file and refuses what it does not understand, with its place.
//! [`run`](run::run) runs it in the sandbox. The clock stands unless a step moves it, and random
//! numbers follow from a seed: a run repeats itself.

mod place;
pub mod run;
pub mod scalar;
mod shape;
mod written;

pub use place::Problem;
pub use written::{Scenario, Suite};
