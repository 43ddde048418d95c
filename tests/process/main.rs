//! The binary as a process: its command line, pid file, user, signals, log, and the sockets it takes
//! over. No test here needs a server unless it says so.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod closing;
mod command_line;
mod identity;
mod log;
#[path = "../admin/raw.rs"]
#[allow(dead_code, reason = "another test binary uses all of it")]
mod raw;
mod restart;
mod reuseport;
mod signals;
mod stage;
mod syslog;
mod systemd;
