//! The settings that a server reports to its client, and that pgsluice keeps the same on every
//! server a session uses: they are watched, not read from statements, so a rollback or a function
//! that changes them is seen too.
//!
//! Source: PostgreSQL documentation, "Asynchronous Operations" (ParameterStatus).

use std::sync::Arc;

use bytes::BytesMut;

use crate::session::settings::Difference;
use crate::session::settings::quoted;
use crate::sql::classify::Syntax;
use crate::wire::write;

/// The names that follow a session, in PostgreSQL's spelling.
const FOLLOWED: [&str; 7] = [
    "client_encoding",
    "DateStyle",
    "TimeZone",
    "IntervalStyle",
    "standard_conforming_strings",
    "application_name",
    "search_path",
];

/// Encodings in which a byte of a longer character can look like ASCII.
const UNSAFE_ENCODINGS: [&str; 7] = [
    "SJIS",
    "BIG5",
    "GBK",
    "UHC",
    "GB18030",
    "JOHAB",
    "SHIFT_JIS_2004",
];

/// Values last reported, by the place of the name; `None` where a server reports none
/// (`search_path` before PostgreSQL 18).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    values: [Option<Box<str>>; FOLLOWED.len()],
}

/// Whether a setting (in any case) is one of those that are watched; `has_search_path` says
/// whether the server reports that one.
pub fn is_followed(name: &str) -> bool {
    place(name.as_bytes()).is_some()
}

fn place(name: &[u8]) -> Option<usize> {
    FOLLOWED
        .iter()
        .position(|f| f.as_bytes().eq_ignore_ascii_case(name))
}

impl Reported {
    /// The value of a setting that is watched and reported.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values.get(place(name.as_bytes())?)?.as_deref()
    }

    /// The value of a setting as SQL, if it is watched and not what `other` has.
    pub fn value_unlike(&self, other: &Self, name: &str) -> Option<Box<[u8]>> {
        let value = self.value(name)?;
        (other.value(name) != Some(value)).then(|| literal(name, value))
    }

    /// Goes back to `base` wherever the server has gone back to `fresh`, and appends what the
    /// client has to be told.
    pub fn restore(self: &mut Arc<Self>, base: &Self, fresh: &Self, out: &mut BytesMut) {
        for (i, name) in FOLLOWED.into_iter().enumerate() {
            let [now, base, fresh] = [&**self, base, fresh].map(|r| r.values.get(i));
            if now == fresh
                && base != now
                && let Some(Some(base)) = base.cloned()
            {
                write::parameter_status(out, name, &base);
                self.on_status(name.as_bytes(), base.as_bytes());
            }
        }
    }

    /// How the session's texts are to be read.
    pub fn syntax(&self) -> Syntax {
        let [encoding, _, _, _, strings, _, _] = &self.values;
        let is_unsafe = |encoding: &str| UNSAFE_ENCODINGS.contains(&encoding);
        Syntax {
            standard_conforming_strings: strings.as_deref() != Some("off"),
            ascii_safe_encoding: !encoding.as_deref().is_some_and(is_unsafe),
        }
    }

    /// Takes in one ParameterStatus; shared values are copied only when this changes them.
    pub fn on_status(self: &mut Arc<Self>, name: &[u8], value: &[u8]) {
        let Some(place) = place(name) else { return };
        let value = String::from_utf8_lossy(value);
        if self
            .values
            .get(place)
            .is_some_and(|v| v.as_deref() != Some(&*value))
            && let Some(slot) = Arc::make_mut(self).values.get_mut(place)
        {
            *slot = Some(value.into());
        }
    }

    /// Appends the statements that make a server that reported `from` report these.
    pub fn write_difference(&self, from: &Self, difference: &mut Difference, out: &mut BytesMut) {
        let pairs = self.values.iter().zip(&from.values).zip(FOLLOWED);
        for ((wanted, found), name) in pairs {
            if let (Some(wanted), Some(found)) = (wanted, found)
                && wanted != found
            {
                let value = literal(name, wanted);
                difference.one(out, &name.to_ascii_lowercase(), Some(&value));
            }
        }
    }
}

/// A reported value as SQL. A search path is a list of names, each quoted where it must be.
fn literal(name: &str, value: &str) -> Box<[u8]> {
    if name.eq_ignore_ascii_case("search_path") {
        value.as_bytes().into()
    } else {
        quoted(value.as_bytes())
    }
}

#[cfg(test)]
mod tests;
