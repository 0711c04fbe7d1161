//! A deterministic simulation of one upstream.
