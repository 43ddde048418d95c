//! `[databases]`: each with the hosts that it names as its own nodes.

use crate::config::cluster::ClusterSettings;
use crate::config::draft::DatabaseDraft;
use crate::config::fault::Place;
use crate::config::ini::entry;
use crate::config::ini::is_yes;
use crate::config::ini::pairs;
use crate::config::ini::put;
use crate::config::ini::wrong_pair;
use crate::config::raw::Raw;
use crate::config::raw::RawEntry;
use crate::config::raw::RawNode;
use crate::config::raw::RawSection;
use crate::config::value::Value;

/// The databases of a file.
#[derive(Default)]
pub(super) struct Databases {
    found: Vec<RawSection>,
}

impl Databases {
    /// Adds `name = value`.
    ///
    /// # Errors
    /// What is wrong, in PgBouncer's words.
    pub(super) fn add(&mut self, name: &str, value: &str, place: &Place) -> Result<(), String> {
        if name == "pgbouncer" {
            return Err(format!("database name \"{name}\" is reserved"));
        }
        let path = format!("databases.{name}");
        let mut section = RawSection::new(path, name.to_owned(), place.clone());
        let mut scratch = DatabaseDraft {
            own_cluster: Some(ClusterSettings::default()),
            ..DatabaseDraft::default()
        };
        let mut listed = None;
        let (mut hosts, mut port, mut own) = (String::new(), "5432".to_owned(), Vec::new());
        let pairs = pairs::read(value).ok_or("syntax error in connection string")?;
        for (key, value) in pairs {
            match key.as_str() {
                "host" => hosts = value,
                "port" => port = checked_port(value)?,
                "nodes" => listed = Some(value),
                "reserve_pool" => own.push(("reserve_pool_size".to_owned(), value)),
                _ => own.push((key, value)),
            }
        }
        for (key, value) in own {
            let entry = entry::DATABASE.entry((&key, &value), place, &mut scratch);
            let entry = entry.map_err(|problem| {
                wrong_pair("unrecognized connection parameter", &key, &value, problem)
            })?;
            section.entries.push(entry);
        }
        section.nodes = Some(match listed {
            Some(listed) => texts(place, &listed),
            None => nodes(&section, &hosts, &port),
        });
        put(&mut self.found, section);
        Ok(())
    }

    /// The databases, now that all other sections are read.
    pub(super) fn finish(self, raw: &Raw) -> Vec<RawSection> {
        let socket_folder = raw.global.entry("unix_socket_dir").map(|e| e.value.clone());
        let mut found = self.found;
        for node in found.iter_mut().flat_map(|s| &mut s.nodes).flatten() {
            fill_host(node, socket_folder.as_ref());
        }
        found
    }
}

/// Sets `roles` of the databases that split nothing: nobody need watch their hosts.
pub(super) fn set_roles(raw: &mut Raw) {
    let splits = |section: &RawSection| is_yes(section.entry("read_write_split"));
    let splits_for_someone = raw.users.iter().any(splits);
    let splits_all = splits(&raw.global);
    for section in &mut raw.databases {
        let own = section.entry("read_write_split");
        let splits = own.map_or(splits_all, |own| is_yes(Some(own)));
        let nodes_count = section.nodes.as_ref().map_or(0, Vec::len);
        if !((splits || splits_for_someone) && 1 < nodes_count) {
            let ignored = entry_of("roles", "ignored", &section.place);
            // In front: what the file says beats it.
            section.entries.insert(0, ignored);
        }
    }
}

fn checked_port(text: String) -> Result<String, String> {
    let is_port =
        text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|p| p != 0);
    if is_port {
        Ok(text)
    } else {
        Err(format!("invalid port: {text}"))
    }
}

/// The nodes in a list as TOML has it: each with a port of its own, which PgBouncer cannot say.
fn texts(place: &Place, listed: &str) -> Vec<RawNode> {
    let texts = listed.split(',').map(str::trim).map(str::to_owned);
    texts
        .map(|text| RawNode::Text(place.clone(), text))
        .collect()
}

/// The nodes of `section`: those in the list of hosts, or one whose host is to be filled in.
fn nodes(section: &RawSection, hosts: &str, port: &str) -> Vec<RawNode> {
    let place = &section.place;
    let mut found: Vec<&str> = Vec::new();
    for host in hosts.split(',').map(str::trim) {
        if !found.contains(&host) {
            found.push(host);
        }
    }
    let nodes = found.iter().enumerate().map(|(i, host)| {
        let path = section.key(&format!("nodes[{i}]"));
        let mut node = RawSection::new(path, i.to_string(), place.clone());
        if !host.is_empty() {
            node.entries.push(entry_of("host", host, place));
        }
        node.entries.push(entry_of("port", port, place));
        RawNode::Table(node)
    });
    nodes.collect()
}

/// Lets a node without a host be at the Unix socket in the folder that clients find ours in.
fn fill_host(node: &mut RawNode, folder: Option<&Value>) {
    if let (RawNode::Table(table), Some(folder)) = (node, folder)
        && table.entry("host").is_none()
    {
        let place = table.place.clone();
        table.entries.push(RawEntry {
            key: "host".to_owned(),
            value: folder.clone(),
            place,
        });
    }
}

fn entry_of(key: &str, value: &str, place: &Place) -> RawEntry {
    RawEntry {
        key: key.to_owned(),
        value: Value::One(value.to_owned()),
        place: place.clone(),
    }
}
