//! Which of a primary's standbys is which node, and which of them are synchronous.
//!
//! A primary names its standbys by `application_name`, address and slot; none of these is a node's
//! address in our configuration, and on one host all may be alike but for the slot. So each node is
//! asked what it calls itself, too, and the two are brought together here.

use std::net::IpAddr;

/// Whether commits wait for a standby (`sync_state` of `pg_stat_replication`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SyncState {
    /// They do not.
    Async,
    /// They will, if one of those fails that they wait for.
    Potential,
    /// They do.
    Sync,
    /// They do for some of those of this kind.
    Quorum,
}

impl SyncState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Async, Self::Potential, Self::Sync, Self::Quorum];

    /// PostgreSQL's word for it, also in metrics and the console.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Async => "async",
            Self::Potential => "potential",
            Self::Sync => "sync",
            Self::Quorum => "quorum",
        }
    }

    /// What PostgreSQL's word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether commits wait for it.
    pub fn is_waited_for(self) -> bool {
        match self {
            Self::Async | Self::Potential => false,
            Self::Sync | Self::Quorum => true,
        }
    }
}

/// What streams from a primary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standby {
    /// Its `application_name`.
    pub name: Box<str>,
    /// From where; `None`: by a Unix socket.
    pub address: Option<IpAddr>,
    /// Its slot, if it has one.
    pub slot: Option<Box<str>>,
    /// Whether it has caught up and is sent the log as it is written.
    pub is_streaming: bool,
    /// Whether commits wait for it.
    pub sync: SyncState,
}

/// What a primary says of its standbys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standbys {
    /// Those that are connected, physical ones only.
    pub list: Vec<Standby>,
    /// Whether commits wait until standbys have applied them (`synchronous_commit`).
    pub is_remote_apply: bool,
}

/// What a node says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Oneself {
    /// When it started, to the microsecond: no two nodes of a cluster say the same.
    pub started: Box<str>,
    /// The address at which we have reached it; `None`: by a Unix socket.
    pub address: Option<IpAddr>,
    /// The name by which it streams, if it does and we may know.
    pub name: Option<Box<str>>,
    /// The slot from which it does.
    pub slot: Option<Box<str>>,
}

impl Standbys {
    /// Which of them each node is, by its place in the list. No standby is two nodes, but for one
    /// that the configuration names twice.
    ///
    /// A slot says it, as it has one standby at the most. Else the name does, if there is one
    /// standby of that name, or one from the node's address.
    pub fn places(&self, nodes: &[Option<&Oneself>]) -> Vec<Option<usize>> {
        let place = |node: &Option<&Oneself>| node.and_then(|node| self.place(node, nodes));
        nodes.iter().map(place).collect()
    }

    fn place(&self, node: &Oneself, nodes: &[Option<&Oneself>]) -> Option<usize> {
        if node.slot.is_some() {
            return self.list.iter().position(|s| s.slot == node.slot);
        }
        let name = node.name.as_deref()?;
        let is_named = |s: &Standby| s.slot.is_none() && *s.name == *name;
        let is_alike = |other: &&Oneself| {
            let is_other = other.started != node.started;
            is_other && other.slot.is_none() && other.name.as_deref() == Some(name)
        };
        let others: Vec<&Oneself> = nodes.iter().flatten().copied().filter(is_alike).collect();
        let named: Vec<usize> = (0..self.list.len())
            .filter(|i| self.list.get(*i).is_some_and(is_named))
            .collect();
        if let ([only], []) = (&*named, &*others) {
            return Some(*only);
        }
        // Several are called so: the address has to tell them apart.
        if others.iter().any(|other| other.address == node.address) {
            return None;
        }
        let is_here = |i: &&usize| {
            let standby = self.list.get(**i);
            standby.is_some_and(|s| s.address.is_some() && s.address == node.address)
        };
        let mut here = named.iter().filter(is_here);
        match (here.next(), here.next()) {
            (Some(only), None) => Some(*only),
            (Some(_), Some(_)) | (None, _) => None,
        }
    }
}

/// The name by which a standby streams, from the `conninfo` that its `pg_stat_wal_receiver` shows.
///
/// PostgreSQL writes it without quotes (`libpqrcv_get_conninfo` in
/// src/backend/replication/libpqwalreceiver), so that a value ends where the next option begins.
pub fn name_in(conninfo: &str) -> Option<&str> {
    let value = |key: &str| {
        let starts = conninfo.match_indices(key).map(|(at, _)| at);
        let is_option = |at: &usize| *at == 0 || conninfo.as_bytes().get(at - 1) == Some(&b' ');
        let at = starts.filter(is_option).find_map(|at| {
            let rest = conninfo.get(at + key.len()..)?;
            rest.strip_prefix('=')
        })?;
        Some(at.get(..end_of_value(at)).unwrap_or(at))
    };
    let name = value("application_name").filter(|name| !name.is_empty());
    name.or_else(|| value("fallback_application_name"))
}

/// Where ` option=` follows, or the end.
fn end_of_value(text: &str) -> usize {
    let is_next = |at: &usize| {
        let rest = text.get(at + 1..).unwrap_or_default();
        let word = rest.split('=').next().unwrap_or_default();
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        };
        word.len() < rest.len() && is_word(word)
    };
    let mut blanks = text.match_indices(' ').map(|(at, _)| at);
    blanks.find(is_next).unwrap_or(text.len())
}

#[cfg(test)]
mod tests;
