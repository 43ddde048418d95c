//! Sockets, TLS and framing over a stream.

pub mod about;
pub mod conn;
pub mod dial;
pub mod listen;
pub mod names;
pub mod stream;
pub mod takeover;
pub mod tls;
pub mod tune;

pub mod shelf;
