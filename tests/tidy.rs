//! The shape of the source tree, as a test: layers, purity and length.
//!
//! A module may use only modules that stand before it in `ORDER`, so the tree has no circles.
//! Modules in `PURE` know no sockets, tasks or clocks: time and randomness come in as arguments.

#![allow(clippy::expect_used, reason = "a test may fail loudly")]

use std::fs;
use std::path::{Path, PathBuf};

/// Top-level modules, lowest first.
const ORDER: &[&str] = &[
    "sqlstate",
    "error",
    "ids",
    "log",
    "metrics",
    "wire",
    "sql",
    "auth",
    "topology",
    "config",
    "route",
    "session",
    "net",
    "server",
    "pool",
    "monitor",
    "discovery",
    "catalog",
    "control",
    "registry",
    "http",
    "admin",
    "client",
    "app",
    "demo",
    "cli",
];

/// Modules (or single files) that must stay free of IO.
const PURE: &[&str] = &[
    "sqlstate",
    "error",
    "ids",
    "log",
    "wire",
    "sql",
    "auth",
    "topology",
    "route",
    "session",
    "pool/ledger",
    "pool/waiters",
    "admin/parse.rs",
];

const IMPURE_WORDS: &[&str] = &[
    "tokio::",
    ".await",
    "Instant::now",
    "SystemTime::now",
    "rand::rng",
];

/// Most lines in one file, blank lines, comments and unit tests included.
const LINES_MAX: usize = 400;

#[test]
fn modules_use_only_lower_modules() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let Some(rank) = rank(module(&path)) else {
            continue;
        };
        for (line, used) in uses(&text) {
            if ORDER
                .iter()
                .position(|m| *m == used)
                .is_some_and(|r| rank < r)
            {
                wrong.push(format!("{}:{line} uses crate::{used}", path.display()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "these point upward:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_module_has_a_rank() {
    let stray: Vec<_> = sources()
        .into_iter()
        .map(|(p, _)| module(&p).to_owned())
        .filter(|m| !["lib", "main"].contains(&m.as_str()) && rank(m).is_none())
        .collect();
    assert!(stray.is_empty(), "add to ORDER: {stray:?}");
}

#[test]
fn pure_modules_do_no_io() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let inside = PURE
            .iter()
            .any(|p| path.starts_with(p) || path.with_extension("") == Path::new(p));
        if !inside || path.ends_with("tests.rs") {
            continue;
        }
        for (i, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if let Some(word) = IMPURE_WORDS.iter().find(|w| code.contains(**w)) {
                wrong.push(format!("{}:{} has `{word}`", path.display(), i + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "these do IO:\n{}", wrong.join("\n"));
}

#[test]
fn files_are_short() {
    let long: Vec<_> = sources()
        .into_iter()
        .map(|(p, t)| (t.lines().count(), p))
        .filter(|(n, _)| LINES_MAX < *n)
        .collect();
    assert!(long.is_empty(), "over {LINES_MAX} lines: {long:?}");
}

fn rank(module: &str) -> Option<usize> {
    ORDER.iter().position(|m| *m == module)
}

/// `wire/header.rs` is in `wire`; `error.rs` is in `error`.
fn module(path: &Path) -> &str {
    let first = path
        .iter()
        .next()
        .and_then(|s| s.to_str())
        .unwrap_or_default();
    first.strip_suffix(".rs").unwrap_or(first)
}

/// Every `crate::name` in code, with its line number; grouped imports (`crate::{a, b}`) are not
/// allowed, which keeps this check to one line of text at a time.
fn uses(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for rest in code.split("crate::").skip(1) {
            assert!(
                !rest.starts_with('{'),
                "line {}: one `use` per module",
                i + 1
            );
            let name: String = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            found.push((i + 1, name));
        }
    }
    found
}

/// All `.rs` files under `src`, as paths relative to it, with their text.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut found, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("src is readable") {
            let path = entry.expect("src is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).expect("source is UTF-8");
                found.push((
                    path.strip_prefix(&root).expect("under src").to_owned(),
                    text,
                ));
            }
        }
    }
    found.sort();
    found
}
