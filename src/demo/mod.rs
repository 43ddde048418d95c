//! A throwaway cluster on this machine's PostgreSQL binaries.

pub mod cluster;
