//! The sandbox against components that no decent author would write: what it refuses at
//! load, what a bad call costs (that call), and what survives it. One binary, because each
//! links the compiler.

mod cache;
mod contract;
mod deadline;
mod edits;
mod fault;
mod filter;
mod load;
mod log;
mod rude;
mod stage;
mod state;
mod support;
mod threads;
