//! What a reload changes, and what it cannot.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::auth::verifier::Verifier;
use crate::config::option::Reload;
use crate::config::option::Row;
use crate::config::option::Target;
use crate::config::rows;
use crate::config::types::Config;
use crate::config::value::Value;

/// What differs between two configurations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Global options with a new value.
    pub options: Vec<Change>,
    /// Global options whose new value only a restart takes over; they keep the old one.
    pub ignored: Vec<Change>,
    /// Clusters by name, those that databases list themselves included.
    pub clusters: Names,
    /// Databases by name.
    pub databases: Names,
    /// Users by name.
    pub users: Names,
    /// Peers by number.
    pub peers: Names,
}

/// One global option with another value. Secrets are shown as `…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The name of the option.
    pub name: &'static str,
    /// What it was.
    pub old: String,
    /// What it is.
    pub new: String,
}

/// What happened to the entries of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Those that are new.
    pub added: Vec<String>,
    /// Those that are gone.
    pub removed: Vec<String>,
    /// Those that are not as they were.
    pub changed: Vec<String>,
}

impl Changes {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.options.is_empty()
            && self.ignored.is_empty()
            && self.clusters.is_empty()
            && self.databases.is_empty()
            && self.users.is_empty()
            && self.peers.is_empty()
    }
}

impl Names {
    /// Whether nothing happened to any of them.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// `name: old -> new`
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: `{}` -> `{}`", self.name, self.old, self.new)
    }
}

/// What differs between `old`, which is in use, and `new`, which has been read; and the
/// configuration to use from now on.
///
/// That is `new`, but for the options that only a restart takes over. Entries that have not changed
/// are the `Arc`s of `old`, so that `Arc::ptr_eq` tells what is as it was; but for users whose
/// verifiers are to be made by other rounds.
pub fn diff(old: &Config, mut new: Config) -> (Config, Changes) {
    let mut changes = Changes::default();
    let mut before = old.clone();
    for row in rows::all() {
        if let Some(change) = change(row, &mut before, &mut new) {
            match row.reload {
                Reload::Yes => changes.options.push(change),
                Reload::No => {
                    keep(row, &change.old, &mut new);
                    changes.ignored.push(change);
                }
            }
        }
    }
    changes.clusters = entries(&old.clusters, &mut new.clusters);
    changes.databases = entries(&old.databases, &mut new.databases);
    changes.users = entries(&old.users, &mut new.users);
    if old.auth.scram_iterations != new.auth.scram_iterations {
        forget_derived(&mut new);
    }
    changes.peers = entries(&old.peers, &mut new.peers);
    (new, changes)
}

/// Has the SCRAM verifiers of passwords in plain text made anew: rounds other than those of users whom
/// nobody knows would tell who is known.
fn forget_derived(config: &mut Config) {
    for user in config.users.values_mut() {
        let user = Arc::make_mut(user);
        user.secret = user.secret.as_ref().map(Verifier::afresh);
    }
    let listed = Arc::make_mut(&mut config.auth.listed);
    for secret in listed.values_mut().flatten() {
        *secret = secret.afresh();
    }
}

fn change(row: &Row, old: &mut Config, new: &mut Config) -> Option<Change> {
    let (old, new) = (old.field(row)?.show(), new.field(row)?.show());
    (old != new).then_some(Change {
        name: row.name,
        old,
        new,
    })
}

/// Sets an option back to `old`, the text that it showed itself as.
fn keep(row: &Row, old: &str, new: &mut Config) {
    let kept = new.field(row).map(|f| f.set(&Value::One(old.to_owned())));
    debug_assert!(
        matches!(kept, Some(Ok(()))),
        "what an option shows can be set: {}",
        row.name
    );
}

fn entries<K: Ord + ToString, T: PartialEq>(
    old: &BTreeMap<K, Arc<T>>,
    new: &mut BTreeMap<K, Arc<T>>,
) -> Names {
    let gone = old.keys().filter(|name| !new.contains_key(*name));
    let mut names = Names {
        removed: gone.map(ToString::to_string).collect(),
        ..Names::default()
    };
    for (name, entry) in new {
        match old.get(name) {
            None => names.added.push(name.to_string()),
            Some(before) if before == entry => *entry = Arc::clone(before),
            Some(_) => names.changed.push(name.to_string()),
        }
    }
    names
}
