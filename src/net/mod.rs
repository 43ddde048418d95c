//! Sockets, TLS and framing over a stream.

pub mod conn;
pub mod stream;
