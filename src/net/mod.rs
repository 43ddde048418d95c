//! Sockets, TLS and framing over a stream.
