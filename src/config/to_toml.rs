//! [`Raw`] as the TOML that means the same: what `pgsluice convert` prints.

use std::path::Path;

use toml::Value as Toml;

use crate::config::apply::set;
use crate::config::cluster::Node;
use crate::config::docs;
use crate::config::nodes;
use crate::config::option::Row;
use crate::config::option::Section;
use crate::config::option::Target;
use crate::config::raw::Raw;
use crate::config::raw::RawEntry;
use crate::config::raw::RawNode;
use crate::config::raw::RawSection;
use crate::config::rows;
use crate::config::types::Config;
use crate::config::value::Value;

/// The text of a TOML file from which the same configuration is built as from `raw`.
///
/// Of what stands above the sections there is what differs from the defaults; a relative path starts
/// from `folder`.
pub(super) fn write(raw: &Raw, folder: &Path) -> String {
    let mut text = String::new();
    for notice in &raw.notices {
        text.push_str(&format!("# {notice}\n"));
    }
    for row in rows::all() {
        if let Some(entry) = raw.global.entry(row.name)
            && row.sections().contains(&Section::Global)
            && differs(row, &entry.value)
        {
            text.push_str(&line(entry, Section::Global, folder));
        }
    }
    let databases = raw.databases.iter().map(|s| ("databases", s));
    let users = raw.users.iter().map(|s| ("users", s));
    let peers = raw.peers.iter().map(|s| ("peers", s));
    for (kind, section) in databases.chain(users).chain(peers) {
        text.push_str(&format!("\n[{kind}.{}]\n", key(&section.name)));
        if let Some(list) = &section.nodes {
            let list: Vec<_> = list.iter().map(|n| node(n, folder)).collect();
            text.push_str(&format!("nodes = [{}]\n", list.join(", ")));
        }
        let at = match kind {
            "users" => Section::User,
            "peers" => Section::Peer,
            _ => Section::Database,
        };
        for entry in last_of_each(section) {
            text.push_str(&line(entry, at, folder));
        }
    }
    text
}

/// Whether a global option would be something else if it were not written.
fn differs(row: &Row, value: &Value) -> bool {
    let mut config = Config::default();
    let before = config.clone();
    let set = set(row, &mut config, value);
    debug_assert!(set.is_ok(), "{}: {set:?}", row.name);
    config != before
}

/// The entries of a section, of those with one name the last.
fn last_of_each(section: &RawSection) -> impl Iterator<Item = &RawEntry> {
    let is_last = |e: &&RawEntry| {
        section
            .entry(&e.key)
            .is_some_and(|last| std::ptr::eq(last, *e))
    };
    section.entries.iter().filter(is_last)
}

/// `name = value`
fn line(entry: &RawEntry, at: Section, folder: &Path) -> String {
    let row = rows::find(at, &entry.key).or_else(|| rows::find(Section::Cluster, &entry.key));
    let kind = row
        .map(|row| docs::default_and_kind(row).1)
        .unwrap_or_default();
    let value = match &entry.value {
        Value::One(text) => one(text, &kind, folder),
        Value::Many(words) => Toml::from(words.clone()),
    };
    format!("{} = {value}\n", entry.key)
}

/// A value in the TOML that suits what kind of value it is.
fn one(text: &str, kind: &str, folder: &Path) -> Toml {
    match kind {
        "path" if !text.is_empty() && !text.starts_with('@') => {
            Toml::from(folder.join(text).to_string_lossy().into_owned())
        }
        "true or false" if matches!(text, "0" | "1") => Toml::from(text == "1"),
        "number" | "port" => match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => Toml::from(number),
            Ok(_) | Err(_) => Toml::from(text),
        },
        _ => Toml::from(text),
    }
}

/// A name that is bare if it may be.
fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !name.is_empty() && name.chars().all(is_bare) {
        name.to_owned()
    } else {
        Toml::from(name).to_string()
    }
}

/// An entry of `nodes`: as a text if that says all there is.
fn node(node: &RawNode, folder: &Path) -> String {
    let table = match node {
        RawNode::Text(_, text) => return Toml::from(text.as_str()).to_string(),
        RawNode::Table(table) => table,
    };
    let mut read = Node::default();
    for row in rows::all().filter(|row| row.sections() == [Section::Node]) {
        if let Some(entry) = table.entry(row.name) {
            // What is wrong with it the table will say.
            let _ = read.field(row).map(|field| field.set(&entry.value));
        }
    }
    let text = read.to_string();
    if nodes::from_text(&text).as_ref() == Ok(&read) {
        return Toml::from(text).to_string();
    }
    let entries = last_of_each(table).map(|e| line(e, Section::Node, folder).trim_end().to_owned());
    format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
}
