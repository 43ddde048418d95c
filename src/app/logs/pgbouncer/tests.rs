use std::fs;

use tracing_subscriber::layer::SubscriberExt;

use super::*;
use crate::app::logs::outlet::Outlet;
use crate::config::process::Log;

/// The lines that `events` makes, without their times.
fn lines_of(events: impl FnOnce()) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    let outlet = Arc::new(Outlet::new(false));
    let log = Log {
        file: Some(path.clone()),
        ..Log::default()
    };
    outlet.open(&log).unwrap();
    let subscriber = tracing_subscriber::registry().with(Lines::new(outlet, 6432));
    tracing::subscriber::with_default(subscriber, events);
    let pid = format!("[{}] ", std::process::id());
    let text = fs::read_to_string(path).unwrap();
    let without_time = |line: &str| {
        let (time, rest) = line.split_once(&pid).unwrap();
        assert_eq!(time.len(), "2026-11-21 03:37:22.536 UTC ".len(), "{time}");
        rest.to_owned()
    };
    text.lines().map(without_time).collect()
}

#[test]
fn a_line_about_a_connection_says_whose_it_is() {
    let lines = lines_of(|| {
        let (reason, age) = ("client close request", 3);
        tracing::info!(
            client = 26_u64,
            database = "p0",
            user = "joe",
            peer = "127.0.0.1:58316",
            reason,
            age,
            "client left"
        );
        tracing::warn!(
            client = 1_u64,
            peer = "[::1]:7",
            error = "no",
            "pooler error"
        );
        tracing::info!(
            server = 255_u64,
            database = "p0",
            user = "joe",
            peer = "unix(12)",
            reason = "pause mode",
            age,
            "server closed"
        );
    });
    let expected = [
        "LOG C-0x1a: p0/joe@127.0.0.1:58316 closing because: client close request (age=3s)",
        "WARNING C-0x1: (nodb)/(nouser)@[::1]:7 pooler error: no",
        "LOG S-0xff: p0/joe@unix(12):6432 closing because: pause mode (age=3s)",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn nobody_can_write_a_line_of_their_own() {
    let lines = lines_of(|| {
        let user = "x\n2026-11-21 FATAL forged";
        tracing::info!(client = 1_u64, peer = "a", user, "client logged in");
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
}
