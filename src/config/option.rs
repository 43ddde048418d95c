//! What an option is: one row with its name, where it may stand, the field it sets and its help.
//!
//! The rows themselves are in [`crate::config::rows`]. Reading files, the reference in
//! `docs/CONFIG.md` and the comparison at a reload are all made from them.

use crate::config::cluster::ClusterSettings;
use crate::config::cluster::Node;
use crate::config::database::Pooling;
use crate::config::database::Routing;
use crate::config::database::Timeouts;
use crate::config::database::User;
use crate::config::draft::DatabaseDraft;
use crate::config::peers::Peer;
use crate::config::types::Config;
use crate::config::value::Field;

/// Options that belong together, under one heading of the reference.
pub struct Group {
    /// The heading.
    pub title: &'static str,
    /// What to know about all of them.
    pub intro: &'static str,
    /// In the order in which they are set: what is general before what is special.
    pub rows: &'static [Row],
}

/// One option.
pub struct Row {
    /// Its name in a TOML file.
    pub name: &'static str,
    /// Its name in a pgbouncer.ini; `None`: PgBouncer has nothing like it.
    pub pgbouncer: Option<&'static str>,
    /// Where it may stand, and what it sets there.
    pub at: At,
    /// Whether a changed value is taken over at a reload.
    pub reload: Reload,
    /// Whether it may be 0.
    pub zero: Zero,
    /// What it does, in a sentence or two.
    pub help: &'static str,
}

/// Where an option may stand, and what it sets there.
#[derive(Clone, Copy)]
pub enum At {
    /// At the top of the file.
    Global(Lens<Config>),
    /// At the top of the file for all clusters, and in a cluster.
    Cluster(Lens<ClusterSettings>),
    /// At the top of the file for all databases, and in a database.
    Pooling(Lens<Pooling>),
    /// As `Pooling`.
    Timeouts(Lens<Timeouts>),
    /// As `Pooling`.
    Routing(Lens<Routing>),
    /// In a node of a cluster.
    Node(Lens<Node>),
    /// In a database.
    Database(Lens<DatabaseDraft>),
    /// In a user.
    User(Lens<User>),
    /// In a peer.
    Peer(Lens<Peer>),
}

/// From a whole to one field of it.
pub type Lens<T> = fn(&mut T) -> &mut dyn Field;

/// Whether a changed value is taken over at a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// It is.
    Yes,
    /// Only a restart takes it over.
    No,
}

/// Whether an option may be 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zero {
    /// It may, or cannot be by its type.
    Allowed,
    /// It must not.
    Refused,
}

/// The places of a file in which options stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Above the first section.
    Global,
    /// `[clusters.NAME]`
    Cluster,
    /// A table in the list `nodes`.
    Node,
    /// `[databases.NAME]`
    Database,
    /// `[users.NAME]`
    User,
    /// `[peers.ID]`
    Peer,
}

impl Section {
    /// How a message names it.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Global => "the top of the file, above the first [section]",
            Self::Cluster => "[clusters.NAME]",
            Self::Node => "a node of a cluster",
            Self::Database => "[databases.NAME]",
            Self::User => "[users.NAME]",
            Self::Peer => "[peers.ID]",
        }
    }
}

impl Row {
    /// A row that has PgBouncer's name, is taken over at a reload and may be 0.
    pub const fn new(name: &'static str, at: At, help: &'static str) -> Self {
        Self {
            name,
            pgbouncer: Some(name),
            at,
            reload: Reload::Yes,
            zero: Zero::Allowed,
            help,
        }
    }

    /// An option that PgBouncer does not have.
    #[must_use]
    pub const fn ours(mut self) -> Self {
        self.pgbouncer = None;
        self
    }

    /// An option that PgBouncer has by another name.
    #[must_use]
    pub const fn pgbouncer(mut self, name: &'static str) -> Self {
        self.pgbouncer = Some(name);
        self
    }

    /// An option that only a restart takes over.
    #[must_use]
    pub const fn at_start(mut self) -> Self {
        self.reload = Reload::No;
        self
    }

    /// An option that must not be 0.
    #[must_use]
    pub const fn not_zero(mut self) -> Self {
        self.zero = Zero::Refused;
        self
    }

    /// The sections it may stand in.
    pub fn sections(&self) -> &'static [Section] {
        match self.at {
            At::Global(_) => &[Section::Global],
            At::Cluster(_) => &[Section::Global, Section::Cluster],
            At::Pooling(_) | At::Timeouts(_) | At::Routing(_) => {
                &[Section::Global, Section::Database]
            }
            At::Node(_) => &[Section::Node],
            At::Database(_) => &[Section::Database],
            At::User(_) => &[Section::User],
            At::Peer(_) => &[Section::Peer],
        }
    }
}

/// What the options of one section are laid into.
pub trait Target {
    /// The section.
    const SECTION: Section;

    /// The field that `row` sets here; `None`: the option does not belong here.
    fn field(&mut self, row: &Row) -> Option<&mut dyn Field>;
}

impl Target for Config {
    const SECTION: Section = Section::Global;

    fn field(&mut self, row: &Row) -> Option<&mut dyn Field> {
        match row.at {
            At::Global(lens) => Some(lens(self)),
            At::Cluster(lens) => Some(lens(&mut self.cluster)),
            At::Pooling(lens) => Some(lens(&mut self.pooling)),
            At::Timeouts(lens) => Some(lens(&mut self.timeouts)),
            At::Routing(lens) => Some(lens(&mut self.routing)),
            At::Node(_) | At::Database(_) | At::User(_) | At::Peer(_) => None,
        }
    }
}

impl Target for ClusterSettings {
    const SECTION: Section = Section::Cluster;

    fn field(&mut self, row: &Row) -> Option<&mut dyn Field> {
        match row.at {
            At::Cluster(lens) => Some(lens(self)),
            At::Global(_)
            | At::Pooling(_)
            | At::Timeouts(_)
            | At::Routing(_)
            | At::Node(_)
            | At::Database(_)
            | At::User(_)
            | At::Peer(_) => None,
        }
    }
}

/// A database that lists its nodes itself takes the options of a cluster also.
impl Target for DatabaseDraft {
    const SECTION: Section = Section::Database;

    fn field(&mut self, row: &Row) -> Option<&mut dyn Field> {
        match row.at {
            At::Cluster(lens) => self.own_cluster.as_mut().map(lens),
            At::Pooling(lens) => Some(lens(&mut self.pooling)),
            At::Timeouts(lens) => Some(lens(&mut self.timeouts)),
            At::Routing(lens) => Some(lens(&mut self.routing)),
            At::Database(lens) => Some(lens(self)),
            At::Global(_) | At::Node(_) | At::User(_) | At::Peer(_) => None,
        }
    }
}

impl Target for Node {
    const SECTION: Section = Section::Node;

    fn field(&mut self, row: &Row) -> Option<&mut dyn Field> {
        match row.at {
            At::Node(lens) => Some(lens(self)),
            At::Global(_)
            | At::Cluster(_)
            | At::Pooling(_)
            | At::Timeouts(_)
            | At::Routing(_)
            | At::Database(_)
            | At::User(_)
            | At::Peer(_) => None,
        }
    }
}

impl Target for User {
    const SECTION: Section = Section::User;

    fn field(&mut self, row: &Row) -> Option<&mut dyn Field> {
        match row.at {
            At::User(lens) => Some(lens(self)),
            At::Global(_)
            | At::Cluster(_)
            | At::Pooling(_)
            | At::Timeouts(_)
            | At::Routing(_)
            | At::Node(_)
            | At::Database(_)
            | At::Peer(_) => None,
        }
    }
}
