//! What the documents say, as far as a machine can check it: links lead somewhere, the README's
//! configuration is the tested one, and every package has its line.

#![expect(
    clippy::expect_used,
    reason = "a document that cannot be read has failed"
)]

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use pgsluice::config::types::Config;
use pgsluice::metrics::rows;
use pgsluice::metrics::rows::Row;

#[test]
fn links_lead_somewhere() {
    let mut wrong = Vec::new();
    for page in pages() {
        let text = read(&page);
        let folder = page.parent().expect("a file has a folder");
        for link in links(&text) {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match path {
                "" => page.clone(),
                path => folder.join(path),
            };
            if !target.exists() {
                wrong.push(format!("{}: {link}: no such file", page.display()));
            } else if !anchor.is_empty() && !anchors(&read(&target)).contains(&anchor.to_owned()) {
                wrong.push(format!("{}: {link}: no such heading", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_readme_shows_the_minimal_configuration() {
    let readme = read(&root().join("README.md"));
    let shown = readme
        .split_once("```toml\n")
        .and_then(|(_, rest)| rest.split_once("```"))
        .map(|(block, _)| block);
    let minimal = read(&root().join("config/minimal.toml"));
    assert_eq!(shown, Some(minimal.as_str()));
    assert!(minimal.lines().count() <= 12, "it says ten lines");
    let config = Config::load(&root().join("config/minimal.toml"));
    assert!(config.is_ok(), "{config:?}");
}

#[test]
fn every_package_has_a_reason() {
    let manifest = read(&root().join("Cargo.toml"));
    let page = read(&root().join("docs/decisions/0001-packages.md"));
    let mut is_list = false;
    let mut missing = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_list = line.ends_with("dependencies]");
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| is_list) {
            let named = page.lines().filter(|l| l.starts_with("| "));
            let mut cells = named.filter_map(|l| l.split('|').nth(1));
            if !cells.any(|cell| cell.split(',').any(|word| word.trim() == name)) {
                missing.push(name);
            }
        }
    }
    assert!(missing.is_empty(), "say what these save: {missing:?}");
}

#[test]
fn every_metric_is_explained() {
    let page = read(&root().join("docs/OPERATIONS.md"));
    let has_row = |row: &&&Row| page.contains(&format!("| `{}` | ", row.name));
    let missing: Vec<_> = rows::ALL.iter().filter(|row| !has_row(row)).collect();
    assert!(missing.is_empty(), "say what these are: {missing:?}");
    let names = page.split('`').filter(|word| word.starts_with("pgsluice_"));
    let is_gone = |name: &&str| rows::ALL.iter().all(|row| row.name != *name);
    let gone: Vec<_> = names.filter(is_gone).collect();
    assert!(gone.is_empty(), "there are no such metrics: {gone:?}");
}

#[test]
fn both_licences_are_there() {
    assert!(read(&root().join("LICENSE-MIT")).contains("Permission is hereby granted"));
    assert!(read(&root().join("LICENSE-APACHE")).contains("Version 2.0, January 2004"));
    assert!(read(&root().join("LICENSE")).contains("MIT OR Apache-2.0"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("the documents are there")
}

/// The Markdown files at the root and under `docs`.
fn pages() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("docs")];
    found.extend(entries(root()).into_iter().filter(|p| is_page(p)));
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                folders.push(path);
            } else if is_page(&path) {
                found.push(path);
            }
        }
    }
    assert!(3 < found.len(), "{found:?}");
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is readable");
    entries.map(|e| e.expect("it is readable").path()).collect()
}

fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "md")
}

/// The targets of `[text](target)` outside code blocks, but for those on the web.
fn links(text: &str) -> Vec<String> {
    let outside = text.split("```").step_by(2);
    let targets = outside.flat_map(|part| part.split("](").skip(1));
    targets
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| !target.contains("://"))
        .map(str::to_owned)
        .collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|l| l.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title
                .chars()
                .filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}
