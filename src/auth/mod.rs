//! Logins as machines without IO: SCRAM on both sides, md5, stored verifiers.

pub mod secret;
