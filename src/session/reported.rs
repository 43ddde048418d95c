//! The settings that a server reports to its client, and that pgsluice keeps the same on every
//! server a session uses: they are watched, not read from statements, so a rollback or a function
//! that changes them is seen too.
//!
//! Source: PostgreSQL documentation, "Asynchronous Operations" (ParameterStatus).

use std::sync::Arc;

use bytes::BytesMut;

use crate::config::notes::is_unsettable;
use crate::session::settings::Difference;
use crate::session::settings::given;
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
    /// Further names that are followed (`track_extra_parameters`), and their values.
    extra: Box<[Extra]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Extra {
    name: Box<str>,
    value: Option<Box<str>>,
}

/// Whether a setting (in any case) is one of those that are always watched.
pub fn is_followed(name: &str) -> bool {
    place(name.as_bytes()).is_some()
}

fn place(name: &[u8]) -> Option<usize> {
    FOLLOWED
        .iter()
        .position(|f| f.as_bytes().eq_ignore_ascii_case(name))
}

impl Reported {
    /// Nothing yet, of what is always followed and of `names`.
    pub fn following<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut extra: Vec<Extra> = Vec::new();
        for name in names {
            let is_there = extra.iter().any(|e| e.name.eq_ignore_ascii_case(name));
            if !is_there && !is_followed(name) && !is_unsettable(name) {
                let name = name.into();
                extra.push(Extra { name, value: None });
            }
        }
        let extra = extra.into();
        Self {
            extra,
            ..Self::default()
        }
    }

    /// The value of a setting that is watched and reported.
    pub fn value(&self, name: &str) -> Option<&str> {
        match place(name.as_bytes()) {
            Some(place) => self.values.get(place)?.as_deref(),
            None => self.extra_value(name),
        }
    }

    fn extra_value(&self, name: &str) -> Option<&str> {
        let mut extra = self.extra.iter();
        extra
            .find(|e| e.name.eq_ignore_ascii_case(name))?
            .value
            .as_deref()
    }

    /// What was reported of `default_transaction_read_only`, if that is followed.
    pub fn is_read_only(&self) -> Option<bool> {
        self.extra_value("default_transaction_read_only")
            .map(|value| value == "on")
    }

    /// The names that are followed, and the values that were reported of them.
    fn all(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let always = FOLLOWED
            .into_iter()
            .zip(self.values.iter().map(Option::as_deref));
        let extra = self.extra.iter().map(|e| (&*e.name, e.value.as_deref()));
        always.chain(extra)
    }

    /// The value of a setting as SQL, if it is watched and not what `other` has.
    pub fn value_unlike(&self, other: &Self, name: &str) -> Option<Box<[u8]>> {
        let value = self.value(name)?;
        (other.value(name) != Some(value))
            .then(|| given(&name.to_ascii_lowercase(), value.as_bytes()))
    }

    /// Goes back to `base` wherever the server has gone back to `fresh`, and appends what the
    /// client has to be told.
    pub fn restore(self: &mut Arc<Self>, base: &Self, fresh: &Self, out: &mut BytesMut) {
        for (name, base) in base.all() {
            let now = self.value(name);
            if let Some(base) = base
                && now == fresh.value(name)
                && now != Some(base)
            {
                write::parameter_status(out, name, base);
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
        let Some(place) = place(name) else {
            return self.on_extra(name, value);
        };
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

    fn on_extra(self: &mut Arc<Self>, name: &[u8], value: &[u8]) {
        let is_it = |e: &Extra| e.name.as_bytes().eq_ignore_ascii_case(name);
        let Some(place) = self.extra.iter().position(is_it) else {
            return;
        };
        let value = String::from_utf8_lossy(value);
        let is_known = |e: &Extra| e.value.as_deref() == Some(&*value);
        if !self.extra.get(place).is_some_and(is_known)
            && let Some(extra) = Arc::make_mut(self).extra.get_mut(place)
        {
            extra.value = Some(value.into());
        }
    }

    /// Appends the statements that make a server that reported `from` report these.
    pub fn write_difference(&self, from: &Self, difference: &mut Difference, out: &mut BytesMut) {
        for (name, wanted) in self.all() {
            if let (Some(wanted), Some(found)) = (wanted, from.value(name))
                && wanted != found
            {
                let name = name.to_ascii_lowercase();
                let value = given(&name, wanted.as_bytes());
                difference.one(out, &name, Some(&value));
            }
        }
    }
}

#[cfg(test)]
mod tests;
