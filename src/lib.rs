//! pgsluice: a PostgreSQL proxy that pools connections, sends writes and transactions to the
//! primary and reads to the replicas, and never lets a session read data older than its own
//! writes.
//!
//! The modules are layers: each uses only those that stand before it here (`tests/tidy.rs` holds
//! this). Up to `session`, but for `config` and `metrics`, nothing does IO, reads a clock or draws
//! random numbers: time and random bytes come in as arguments. `docs/ARCHITECTURE.md` is the map.

#![forbid(unsafe_code)]

pub mod sqlstate;

pub mod error;

pub mod ids;

pub mod log;

pub mod metrics;

pub mod wire;

pub mod sql;

pub mod auth;

pub mod topology;

pub mod config;

pub mod route;

pub mod session;

pub mod net;

pub mod server;

pub mod pool;

pub mod monitor;

pub mod discovery;

pub mod catalog;

pub mod control;

pub mod registry;

pub mod http;

pub mod admin;

pub mod client;

pub mod app;

pub mod demo;

pub mod cli;
