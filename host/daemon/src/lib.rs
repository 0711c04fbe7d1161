//! The daemon: a Pingora host whose decisions are made by sandboxed components.
//!
//! Layers, each using only those before it: `config` and `telemetry`, `plugin`, `upstream`,
//! `snapshot`, `proxy`, `server`, `reload` and `watch`, `admin`, `cli`.

pub mod admin;
pub mod cli;
pub mod config;
pub mod pem;
pub mod plugin;
pub mod proxy;
pub mod reload;
pub mod server;
pub mod snapshot;
pub mod telemetry;
pub mod upstream;
pub mod watch;
