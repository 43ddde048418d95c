//! The sample configurations and the reference are what the rows make of them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::config::apply::apply;
use crate::config::docs::reference;
use crate::config::fault::Faults;
use crate::config::from_toml;
use crate::config::option::Section;
use crate::config::option::Target;
use crate::config::raw::Raw;
use crate::config::raw::RawNode;
use crate::config::raw::RawSection;
use crate::config::rows;
use crate::config::types::Config;

fn text_of(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn raw_of(text: &str) -> Raw {
    let mut faults = Faults::default();
    let raw = from_toml::read(&Arc::from(Path::new("full.toml")), text, &mut faults);
    assert!(faults.is_empty(), "{faults}");
    raw
}

/// `text` with the lines `# name = value` no longer comments.
fn uncommented(text: &str) -> String {
    let is_option = |line: &str| line.split(" = ").next().is_some_and(is_name);
    let lines = text.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest) if rest.contains(" = ") && is_option(rest) => rest,
        Some(_) | None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn is_name(word: &str) -> bool {
    word.chars()
        .all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
}

#[test]
fn samples_load() {
    for name in ["config/minimal.toml", "config/full.toml"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let loaded = Config::load(&path);
        assert!(loaded.is_ok(), "{}", loaded.expect_err("faults"));
    }
    let lines = text_of("config/minimal.toml").lines().count();
    assert!(lines <= 12, "the least configuration has {lines} lines");
}

#[test]
fn reference_is_what_the_rows_make() {
    assert!(
        text_of("docs/CONFIG.md") == reference(),
        "docs/CONFIG.md is out of date; run: cargo run -- docs config > docs/CONFIG.md"
    );
}

#[test]
fn full_sample_has_every_option() {
    let raw = raw_of(&uncommented(&text_of("config/full.toml")));
    let nodes = raw.clusters.iter().filter_map(|c| c.nodes.as_ref());
    let tables: Vec<&RawSection> = nodes
        .flatten()
        .filter_map(|node| match node {
            RawNode::Table(table) => Some(table),
            RawNode::Text(..) => None,
        })
        .collect();
    let mut missing = Vec::new();
    for row in rows::all() {
        let has = |section: &RawSection| section.entry(row.name).is_some();
        let found = match row.sections().first() {
            Some(Section::Global) => has(&raw.global),
            Some(Section::Cluster) => raw.clusters.iter().any(has),
            Some(Section::Node) => tables.iter().any(|t| has(t)),
            Some(Section::Database) => raw.databases.iter().any(has),
            Some(Section::User) => raw.users.iter().any(has),
            Some(Section::Peer) => raw.peers.iter().any(has),
            None => false,
        };
        if !found {
            missing.push(row.name);
        }
    }
    assert!(missing.is_empty(), "not in config/full.toml: {missing:?}");
}

#[test]
fn full_sample_shows_the_defaults() {
    let raw = raw_of(&text_of("config/full.toml"));
    let (mut config, mut default) = (Config::default(), Config::default());
    let mut faults = Faults::default();
    apply(&raw.global, &mut config, &mut faults);
    assert!(faults.is_empty(), "{faults}");
    for row in rows::all() {
        let shown = config.field(row).map(|f| f.show());
        assert_eq!(shown, default.field(row).map(|f| f.show()), "{}", row.name);
    }
}
