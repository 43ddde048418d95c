//! `[peers]`: each other process with its number.

use crate::config::fault::Place;
use crate::config::ini::entry;
use crate::config::ini::pairs;
use crate::config::ini::wrong_pair;
use crate::config::peers::Peer;
use crate::config::peers::id;
use crate::config::raw::RawSection;

/// What `name = value` says.
///
/// # Errors
/// What is wrong, in PgBouncer's words.
pub(super) fn section(name: &str, value: &str, place: &Place) -> Result<RawSection, String> {
    let id = id(name)?;
    let path = format!("peers.{id}");
    let mut section = RawSection::new(path, id.to_string(), place.clone());
    let mut scratch = Peer::new(id);
    let pairs = pairs::read(value).ok_or("syntax error in connection string")?;
    for (key, value) in &pairs {
        let entry = entry::PEER.entry((key, value), place, &mut scratch);
        let entry = entry.map_err(|problem| {
            wrong_pair("unrecognized connection parameter", key, value, problem)
        })?;
        section.entries.push(entry);
    }
    match section.entry("host") {
        Some(_) => Ok(section),
        None => Err(format!("host was not provided for peer {id}")),
    }
}
