//! One key with its value to what the option of that name takes.

use crate::config::apply::set;
use crate::config::fault::Place;
use crate::config::ini::form::Form;
use crate::config::ini::parameters;
use crate::config::ini::parameters::LIMITLESS;
use crate::config::ini::parameters::Parameter;
use crate::config::option::Row;
use crate::config::option::Section;
use crate::config::option::Target;
use crate::config::raw::RawEntry;
use crate::config::rows;
use crate::config::value::Value;

/// Why a key or its value is not taken.
#[derive(Debug)]
pub(super) enum Problem {
    /// There is no such key here.
    Unknown,
    /// The value is not what it should be. Of PgBouncer's own keys there is nothing more to say.
    Wrong(Option<String>),
}

/// The keys of a section: PgBouncer's, and where the rows stand that they set.
pub(super) struct Keys {
    /// PgBouncer's.
    pub(super) parameters: &'static [Parameter],
    /// Where their rows stand, and those of pgsluice's own options.
    pub(super) sections: &'static [Section],
}

/// `[pgbouncer]`
pub(super) const GLOBAL: Keys = Keys {
    parameters: parameters::GLOBAL,
    sections: &[Section::Global],
};

/// `[databases]`. A database of an ini has the options of a cluster, as it has its own.
pub(super) const DATABASE: Keys = Keys {
    parameters: parameters::DATABASE,
    sections: &[Section::Database, Section::Cluster],
};

/// `[users]`
pub(super) const USER: Keys = Keys {
    parameters: parameters::USER,
    sections: &[Section::User],
};

/// `[peers]`
pub(super) const PEER: Keys = Keys {
    parameters: parameters::PEER,
    sections: &[Section::Peer],
};

impl Keys {
    /// The option `key` set to what `text` stands for, which `target` takes.
    pub(super) fn entry<T: Target>(
        &self,
        (key, text): (&str, &str),
        place: &Place,
        target: &mut T,
    ) -> Result<RawEntry, Problem> {
        let parameter = parameters::find(self.parameters, key);
        let here = |row: &&Row| row.sections().iter().any(|s| self.sections.contains(s));
        let is_meant = |row: &&Row| match parameter {
            Some(_) => row.pgbouncer == Some(key),
            None => row.pgbouncer.is_none() && row.name == key,
        };
        let row = rows::all().filter(here).find(is_meant);
        let form = parameter.map_or(Form::Text, |p| p.form);
        let ours = form.to_ours(text).ok_or(Problem::Wrong(None))?;
        let row = row.ok_or(Problem::Unknown)?;
        let value = taken(row, ours, target)
            .map_err(|message| Problem::Wrong(parameter.is_none().then_some(message)))?;
        Ok(RawEntry {
            key: row.name.to_owned(),
            value,
            place: place.clone(),
        })
    }
}

impl Keys {
    /// The option that PgBouncer calls `name` set to a text in our own notation; `None`: it is not
    /// one of it.
    pub(super) fn own<T: Target>(
        &self,
        name: &str,
        text: &str,
        place: &Place,
        target: &mut T,
    ) -> Option<RawEntry> {
        let row = self.row(name)?;
        let value = Value::One(text.to_owned());
        set(row, target, &value).ok()?;
        Some(RawEntry {
            key: row.name.to_owned(),
            value,
            place: place.clone(),
        })
    }

    /// The option that PgBouncer calls `name`.
    pub(super) fn row(&self, name: &str) -> Option<&'static Row> {
        let here = |row: &&Row| row.sections().iter().any(|s| self.sections.contains(s));
        rows::all()
            .filter(here)
            .find(|row| row.pgbouncer == Some(name))
    }
}

/// The value that `row` takes in `target` for `text`.
fn taken<T: Target>(row: &Row, text: String, target: &mut T) -> Result<Value, String> {
    let is_zero = text == "0";
    let value = Value::One(text);
    let Err(message) = set(row, target, &value) else {
        return Ok(value);
    };
    // Where PgBouncer's 0 means that something is left to the system, ours is empty.
    let limitless = LIMITLESS.iter().find(|(name, _)| *name == row.name);
    let zero = limitless.map_or("", |(_, limitless)| *limitless);
    let zero = Value::One(zero.to_owned());
    if is_zero && set(row, target, &zero).is_ok() {
        return Ok(zero);
    }
    Err(message)
}
