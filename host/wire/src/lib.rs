//! Readers of what strangers send: bytes in, judgements out. Nothing here does I/O or looks
//! at a clock, so that everything can be fuzzed.

pub mod client_hello;
pub mod forwarded;
pub mod http1;
pub mod http2;
pub mod path;
pub mod proxy_protocol;
