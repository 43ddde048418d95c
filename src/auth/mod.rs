//! Logins as machines without IO: SCRAM on both sides, md5, stored verifiers.
//!
//! Time-consuming key derivation (PBKDF2) never happens inside a machine's step: a machine that
//! needs it answers with a derivation, which the caller runs off its task. Random bytes are
//! arguments. Source: PostgreSQL documentation, "SASL Authentication"; `src/backend/libpq/auth.c`
//! and `auth-scram.c` for what is refused and with which words.

pub mod client_login;
pub mod fields;
pub mod hba;
pub mod ident;
pub mod md5;
pub mod mock;
pub mod refusal;
pub mod scram;
pub mod secret;
pub mod server_login;
pub mod verifier;
