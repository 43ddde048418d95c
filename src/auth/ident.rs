//! The maps of an ident file: which users a name of the system, or of a certificate, may be.
//! Without IO.
//!
//! Lines are `MAP SYSTEM-NAME USER`; USER may be `all`. There are no regular expressions:
//! <https://www.pgbouncer.org/config.html#ident-map-file-format>.

use std::collections::BTreeMap;

use crate::auth::fields::Broken;
use crate::auth::fields::fields;
use crate::auth::fields::only;

/// The maps of a file by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Maps {
    maps: BTreeMap<String, Vec<Entry>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    system_name: String,
    /// `None`: every user.
    user: Option<String>,
}

impl Maps {
    /// The maps in `text`, and the lines that are not understood.
    pub fn parse(text: &str) -> (Self, Vec<Broken>) {
        let (mut maps, mut broken) = (Self::default(), Vec::new());
        for (i, line) in text.lines().enumerate() {
            let Some(found) = fields(line) else {
                broken.push(unsupported(i + 1));
                continue;
            };
            let words: Option<Vec<_>> = found.iter().map(only).collect();
            match words.as_deref() {
                Some([]) => (),
                Some([map, system_name, user]) => {
                    let is_all = user.text == "all" && !user.is_quoted;
                    let entries = maps.maps.entry(map.text.clone()).or_default();
                    entries.push(Entry {
                        system_name: system_name.text.clone(),
                        user: (!is_all).then(|| user.text.clone()),
                    });
                }
                Some(_) | None => broken.push(unsupported(i + 1)),
            }
        }
        (maps, broken)
    }

    /// Whether there is a map of this name.
    pub fn has(&self, map: &str) -> bool {
        self.maps.contains_key(map)
    }

    /// Whether who is `system_name` to the system may be `user`, by the map of this name.
    pub fn allows(&self, map: &str, system_name: &str, user: &str) -> bool {
        let entries = self.maps.get(map).map_or(&[][..], Vec::as_slice);
        let fits = |e: &Entry| {
            e.system_name == system_name && e.user.as_deref().is_none_or(|name| name == user)
        };
        entries.iter().any(fits)
    }
}

fn unsupported(line: usize) -> Broken {
    Broken {
        line,
        message: format!("ident line {line}: unsupported parameters"),
    }
}

#[cfg(test)]
mod tests;
