//! `pgsluice demo` as people run it: what it prints, and that nothing of it stays behind.

#![expect(
    clippy::expect_used,
    reason = "a demo that cannot be run has failed its test"
)]

use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

#[test]
fn a_demo_shows_a_replica_lag_and_leaves_nothing() {
    let output = demo(&["--seconds", "24"]).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
    for wanted in [
        "has stopped replaying",
        "replays again",
        " 0 failed, 0 clients were lost",
    ] {
        assert!(text.contains(wanted), "no {wanted:?} in:\n{text}");
    }
    check_shares(&text);
    assert!(!Path::new(&folder(&text)).exists());
}

#[test]
fn a_killed_demo_leaves_nothing() {
    let mut demo = demo(&[]).stdout(Stdio::piped()).spawn().expect("it runs");
    let lines = BufReader::new(demo.stdout.take().expect("it is piped")).lines();
    let mut seen = String::new();
    for line in lines.map_while(Result::ok) {
        seen.push_str(&line);
        seen.push('\n');
        if line.starts_with("node ") {
            break;
        }
    }
    let folder = folder(&seen);
    assert!(Path::new(&folder).exists(), "{seen}");
    demo.kill().expect("it is killed");
    demo.wait().expect("it is gone");
    let has_gone = || !Path::new(&folder).exists() && running_in(&folder).is_empty();
    assert!(
        (0..200).any(|_| has_gone() || {
            thread::sleep(Duration::from_millis(50));
            false
        }),
        "{folder} is there, or {:?}",
        running_in(&folder)
    );
}

fn demo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgsluice"));
    command.arg("demo").args(arguments).stdin(Stdio::null());
    command
}

/// While the last replica lagged there was a second without reads on it, and at the end it had its
/// share again. By the nodes' own count both replicas worked.
fn check_shares(text: &str) {
    let (pictures, summary) = text
        .split_once("reads by node")
        .expect("there is a summary");
    let (_, rest) = pictures
        .split_once("has stopped replaying")
        .expect("it lags");
    let (lagging, back) = rest.split_once("replays again").expect("it comes back");
    let shares = |part: &str| -> Vec<u64> {
        let nodes: Vec<_> = part.lines().filter_map(share).collect();
        nodes
            .chunks(3)
            .filter_map(|nodes| nodes.last().copied())
            .collect()
    };
    assert!(
        shares(lagging).contains(&0),
        "always some reads:\n{lagging}"
    );
    assert!(
        shares(back).last().is_some_and(|share| 5 <= *share),
        "its share does not come back:\n{back}"
    );
    let rows = summary.lines().filter(|l| l.contains(" replica "));
    let counts: Vec<u64> = rows
        .filter_map(|row| row.split_whitespace().last()?.parse().ok())
        .collect();
    assert!(
        counts.len() == 2 && counts.iter().all(|n| 100 < *n),
        "{summary}"
    );
}

/// The number before the percent sign.
fn share(row: &str) -> Option<u64> {
    row.split_once(" %")?
        .0
        .split_whitespace()
        .last()?
        .parse()
        .ok()
}

/// The folder that it says it is in.
fn folder(text: &str) -> String {
    let rest = text.split(", in ").nth(1).expect("it names its folder");
    rest.split(')')
        .next()
        .expect("it names its folder")
        .to_owned()
}

/// The command lines of processes that work in a folder.
fn running_in(folder: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| fs::read_to_string(entry.path().join("cmdline")).ok())
        .filter(|line| line.contains(folder))
        .collect()
}
