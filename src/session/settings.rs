//! The settings a session has made, and how to lay them on a server by difference.
//!
//! A value is kept as the SQL text that follows `SET name TO`, so nothing is lost by reading it.
//! Settings that a server reports by itself are not here: see `reported`.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::BufMut;
use bytes::BytesMut;

use crate::session::wishes::Wishes;
use crate::sql::quote;

/// Most settings that one session may have set at a time.
pub const SETTINGS_COUNT_MAX: usize = 256;

/// Longest value in bytes of SQL text that is kept.
pub const VALUE_BYTES_MAX: usize = 8 * 1024;

/// Settings whose SET can fail on one server after it worked on another, because it looks into the
/// catalog: the statement that follows must not run before the answer has come.
const GUARDED: &[&str] = &[
    "role",
    "session_authorization",
    "default_tablespace",
    "default_table_access_method",
    "default_text_search_config",
    "temp_tablespaces",
];

/// Settings that are lists of names. SET takes a string there for one name, with its commas and
/// quotes; a login, `set_config` and a server's report mean the whole list.
const NAME_LISTS: &[&str] = &["search_path", "temp_tablespaces"];

/// Names (lower case) to SQL text; immutable and shared by the sessions and servers that have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    values: BTreeMap<Box<str>, Box<[u8]>>,
    /// Read from them once.
    wishes: Wishes,
}

/// A change that a session makes to its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// `SET name TO value`.
    Set(Box<str>, Box<[u8]>),
    /// `RESET name`, or `SET name TO DEFAULT`.
    Reset(Box<str>),
    /// `RESET ALL`. It does not touch the role or the session's authorization.
    ResetAll,
    /// What `DISCARD ALL` does to settings: everything goes back.
    DiscardAll,
}

impl Settings {
    /// The settings that a session starts with: names with values that are not yet SQL.
    pub fn from_startup<'a>(parameters: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let values = parameters
            .map(|(name, value)| {
                let name = name.to_ascii_lowercase();
                let value = given(&name, value.as_bytes());
                (name.into(), value)
            })
            .collect();
        let wishes = Wishes::default();
        Self { values, wishes }.read()
    }

    fn read(mut self) -> Self {
        self.wishes = Wishes::of(&self);
        self
    }

    /// What they ask of routing.
    pub fn wishes(&self) -> &Wishes {
        &self.wishes
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The SQL text of a setting.
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        self.values.get(name).map(|v| &**v)
    }

    /// The settings after `change`, going back to `base` where it resets.
    ///
    /// Over [`SETTINGS_COUNT_MAX`] a new name is not kept; the caller asks
    /// [`is_full`](Self::is_full) first and pins the session instead.
    #[must_use]
    pub fn after(self: &Arc<Self>, change: &Change, base: &Arc<Self>) -> Arc<Self> {
        match change {
            Change::DiscardAll => Arc::clone(base),
            Change::ResetAll => {
                let mut next = (**base).clone();
                for name in ["role", "session_authorization"] {
                    next.put(name, self.value(name));
                }
                Arc::new(next.read())
            }
            Change::Set(name, value) => {
                let mut next = (**self).clone();
                next.put(name, Some(value));
                next.forget_role_of(name);
                Arc::new(next.read())
            }
            Change::Reset(name) => {
                let mut next = (**self).clone();
                next.put(name, base.value(name));
                next.forget_role_of(name);
                Arc::new(next.read())
            }
        }
    }

    /// Whether one more setting of this name and value cannot be kept.
    pub fn is_full(&self, name: &str, value: &[u8]) -> bool {
        VALUE_BYTES_MAX < value.len()
            || (SETTINGS_COUNT_MAX <= self.values.len() && !self.values.contains_key(name))
    }

    fn put(&mut self, name: &str, value: Option<&[u8]>) {
        match value {
            Some(value) => self.values.insert(name.into(), value.into()),
            None => self.values.remove(name),
        };
    }

    /// SET SESSION AUTHORIZATION takes the role back.
    fn forget_role_of(&mut self, name: &str) {
        if name == "session_authorization" {
            self.values.remove("role");
        }
    }

    /// Appends the statements that turn a server with the settings `from` into one with these.
    pub fn write_difference(&self, from: &Self, out: &mut BytesMut) -> Difference {
        let mut difference = Difference::default();
        // The session's authorization comes first: it resets the role and decides what may be set.
        let reauthorize =
            self.values.get("session_authorization") != from.values.get("session_authorization");
        if reauthorize {
            difference.one(
                out,
                "session_authorization",
                self.value("session_authorization"),
            );
        }
        for name in from
            .values
            .keys()
            .filter(|name| !self.values.contains_key(*name))
        {
            if &**name != "session_authorization" && !(reauthorize && &**name == "role") {
                difference.one(out, name, None);
            }
        }
        for (name, value) in &self.values {
            let same = from.values.get(name) == Some(value) && !(reauthorize && &**name == "role");
            if !same && &**name != "session_authorization" && &**name != "role" {
                difference.one(out, name, Some(value));
            }
        }
        // The role comes last: it may not be allowed to set what stands before it.
        if let Some(role) = self.value("role")
            && (reauthorize || from.value("role") != Some(role))
        {
            difference.one(out, "role", Some(role));
        }
        difference
    }
}

/// What was written to lay settings on a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Statements written.
    pub count: usize,
    /// Whether one may fail here though it worked elsewhere.
    pub guarded: bool,
}

impl Difference {
    /// Adds one SET, or RESET without a value.
    pub fn one(&mut self, out: &mut BytesMut, name: &str, value: Option<&[u8]>) {
        self.count += 1;
        self.guarded |= GUARDED.contains(&name);
        out.put_slice(if value.is_some() { b"SET " } else { b"RESET " });
        put_name(out, name);
        if let Some(value) = value {
            out.put_slice(b" TO ");
            out.put_slice(value);
        }
        out.put_slice(b";");
    }
}

/// Appends a setting's name, each part quoted: `"timezone"`, `"pgsluice"."route"`.
fn put_name(out: &mut BytesMut, name: &str) {
    let mut quoted = Vec::with_capacity(name.len() + 2);
    for (i, part) in name.split('.').enumerate() {
        if i != 0 {
            quoted.push(b'.');
        }
        quote::identifier(&mut quoted, part.as_bytes());
    }
    out.put_slice(&quoted);
}

/// The SQL text of a value that was given as a login gives it.
pub fn given(name: &str, value: &[u8]) -> Box<[u8]> {
    let mut list = Vec::new();
    match NAME_LISTS.contains(&name) && quote::names(&mut list, value) {
        true => list.into(),
        false => quoted(value),
    }
}

/// A string literal that means `value` whatever `standard_conforming_strings` is.
pub fn quoted(value: &[u8]) -> Box<[u8]> {
    let mut literal = Vec::with_capacity(value.len() + 2);
    quote::literal(&mut literal, value);
    literal.into()
}

#[cfg(test)]
mod tests;
