//! What the files say, before anything is known about options: every format is read into this.

use crate::config::fault::Place;
use crate::config::value::Value;

/// A configuration as the files have it.
#[derive(Clone, Debug)]
pub struct Raw {
    /// Whether all of it could be read. If not, what seems to be missing may only be misspelt.
    pub is_whole: bool,
    /// Whose rules hold where ours and PgBouncer's differ.
    pub dialect: Dialect,
    /// What is right, but not what whoever wrote it may expect; to be said at start.
    pub notices: Vec<String>,
    /// What stands above the first section.
    pub global: RawSection,
    /// `[clusters.NAME]`
    pub clusters: Vec<RawSection>,
    /// `[databases.NAME]`
    pub databases: Vec<RawSection>,
    /// `[users.NAME]`
    pub users: Vec<RawSection>,
    /// `[peers.ID]`
    pub peers: Vec<RawSection>,
}

/// Whose rules hold where ours and PgBouncer's differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Ours: whatever cannot be meant is a fault.
    #[default]
    Native,
    /// PgBouncer's: it starts although a list of users is missing or broken.
    PgBouncer,
}

/// The options of one section.
#[derive(Clone, Debug)]
pub struct RawSection {
    /// The name that it is about; empty for the global one.
    pub name: String,
    /// How messages name it (`databases.app`); empty for the global one.
    pub path: String,
    /// Where it begins.
    pub place: Place,
    /// In the order of the file.
    pub entries: Vec<RawEntry>,
    /// The list `nodes`, if there is one.
    pub nodes: Option<Vec<RawNode>>,
}

/// One option and its value.
#[derive(Clone, Debug)]
pub struct RawEntry {
    /// The name of the option.
    pub key: String,
    /// What it is set to.
    pub value: Value,
    /// Where.
    pub place: Place,
}

/// One entry of `nodes`.
#[derive(Clone, Debug)]
pub enum RawNode {
    /// `"host:port"`
    Text(Place, String),
    /// A table.
    Table(RawSection),
}

impl RawSection {
    /// A section without options.
    pub fn new(path: String, name: String, place: Place) -> Self {
        Self {
            name,
            path,
            place,
            entries: Vec::new(),
            nodes: None,
        }
    }

    /// The last value of an option, if it is set here.
    pub fn entry(&self, key: &str) -> Option<&RawEntry> {
        self.entries.iter().rev().find(|e| e.key == key)
    }

    /// How messages name an option of this section: `databases.app.pool_size`.
    pub fn key(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// Where an option is set, or where the section begins if it is not.
    pub fn place_of(&self, key: &str) -> &Place {
        self.entry(key).map_or(&self.place, |e| &e.place)
    }
}
