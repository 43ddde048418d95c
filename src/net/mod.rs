//! Sockets, TLS and framing over a stream.

pub mod conn;
