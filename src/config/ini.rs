//! pgbouncer.ini to [`Raw`].
//!
//! The format is the one of <https://www.pgbouncer.org/config.html>, faults are told in PgBouncer's
//! words, but all at once. What only pgsluice has may stand in `[pgbouncer]`, `[databases]` and
//! `[users]` by its TOML name. The values in the [`Raw`] are those that TOML would have, and it
//! begins with PgBouncer's defaults; what is built from it knows nothing of ini.

mod database;

mod entry;

mod form;

mod idle;

mod lines;

mod pairs;

mod parameters;

mod peers;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use crate::config::database::User;
use crate::config::fault::Faults;
use crate::config::fault::Place;
use crate::config::ini::database::Databases;
use crate::config::ini::entry::Problem;
use crate::config::ini::lines::Line;
use crate::config::ini::lines::Lines;
use crate::config::ini::lines::Said;
use crate::config::ini::parameters::Parameter;
use crate::config::option::Row;
use crate::config::raw::Dialect;
use crate::config::raw::Raw;
use crate::config::raw::RawEntry;
use crate::config::raw::RawSection;
use crate::config::types::Config;
use crate::config::value::Scalar;
use crate::config::value::Value;

/// What `text` says, which stands in `file`; what is wrong with it is in `faults`.
pub(super) fn read(file: &Arc<Path>, text: &str, faults: &mut Faults) -> Raw {
    let mut lines = Lines::new(faults);
    lines.read(file, text);
    let (found, is_whole) = (lines.found, lines.is_whole);
    let whole = Place {
        file: Arc::clone(file),
        line: None,
    };
    let mut reader = Reader {
        faults,
        databases: Databases::default(),
        scratch: Config::default(),
        raw: Raw {
            is_whole,
            dialect: Dialect::PgBouncer,
            notices: Vec::new(),
            global: RawSection::new(String::new(), String::new(), whole),
            clusters: Vec::new(),
            databases: Vec::new(),
            users: Vec::new(),
            peers: Vec::new(),
        },
    };
    reader.defaults();
    reader.document(found);
    reader.raw.databases = reader.databases.finish(&reader.raw);
    reader.raw
}

/// A section of the file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// None yet.
    Nowhere,
    PgBouncer,
    Databases,
    Users,
    Peers,
    /// A section that there is not; what is in it is passed over.
    Unknown,
}

struct Reader<'a> {
    faults: &'a mut Faults,
    databases: Databases,
    /// What values are tried on.
    scratch: Config,
    raw: Raw,
}

impl Reader<'_> {
    /// PgBouncer's defaults, and ours for an ini, as if they stood above the first line.
    fn defaults(&mut self) {
        let place = self.raw.global.place.clone();
        self.start_main(&place);
        for default in parameters::OURS {
            self.default(*default, &place);
        }
    }

    /// Sets what PgBouncer has a default for back to it: so does each `[pgbouncer]` there.
    fn start_main(&mut self, place: &Place) {
        let all = parameters::GLOBAL.iter();
        let all = all.filter(|p| idle::reason(p.name).is_none());
        for default in all.filter_map(|p| Some((p.name, p.default?))) {
            self.default(default, place);
        }
    }

    fn default(&mut self, default: (&str, &str), place: &Place) {
        match entry::GLOBAL.entry(default, place, &mut self.scratch) {
            Ok(entry) => self.raw.global.entries.push(entry),
            Err(problem) => debug_assert!(false, "{}: {problem:?}", default.0),
        }
    }

    fn document(&mut self, lines: Vec<Line>) {
        let (mut part, mut has_main) = (Part::Nowhere, false);
        for Line { place, said } in lines {
            match said {
                Said::Section(name) => {
                    part = self.part(&name, &place);
                    let is_main = part == Part::PgBouncer;
                    self.main_again(is_main && has_main, &place);
                    has_main |= is_main;
                }
                Said::Entry(key, value) => self.entry(part, &place, &key, &value),
            }
        }
        if !has_main && self.raw.is_whole {
            let message = "load_init_file: main section missing from config file";
            self.faults.add_whole(&self.raw.global.place, message);
        }
    }

    /// `[pgbouncer]` begins; what it means if `has_been` there before.
    fn main_again(&mut self, has_been: bool, place: &Place) {
        if !has_been {
            return;
        }
        let notice = format!(
            "[pgbouncer] begins again: what was set above is its default again, but for what has none \
             ({place})"
        );
        self.raw.notices.push(notice);
        self.start_main(place);
    }

    fn part(&mut self, name: &str, place: &Place) -> Part {
        match name {
            "pgbouncer" => Part::PgBouncer,
            "databases" => Part::Databases,
            "users" => Part::Users,
            "peers" => Part::Peers,
            _ => {
                let message = format!("invalid section \"{name}\" in configuration ({place})");
                self.faults.add_whole(place, message);
                Part::Unknown
            }
        }
    }

    fn entry(&mut self, part: Part, place: &Place, key: &str, value: &str) {
        let problem = match part {
            Part::Unknown => None,
            Part::Nowhere => Some(format!("load_init_file: value without section: {key}")),
            Part::PgBouncer => self.global(place, key, value).err(),
            Part::Databases => self.databases.add(key, value, place).err(),
            Part::Users => self.user(place, key, value).err(),
            Part::Peers => match peers::section(key, value, place) {
                Ok(section) => {
                    put(&mut self.raw.peers, section);
                    None
                }
                Err(problem) => Some(problem),
            },
        };
        if let Some(problem) = problem {
            let shown = without_password(key, value);
            let mut message =
                format!("invalid value \"{shown}\" for parameter {key} in configuration ({place})");
            if !problem.is_empty() {
                message = format!("{problem}\n{message}");
            }
            self.faults.add_whole(place, message);
        }
    }

    /// A line of `[pgbouncer]`.
    fn global(&mut self, place: &Place, key: &str, value: &str) -> Result<(), String> {
        if let Some(reason) = idle::reason(key) {
            let form = parameters::find(parameters::GLOBAL, key).map(|p| p.form);
            let is_right = form.is_some_and(|form| form.to_ours(value).is_some());
            let notice = format!("{key} has no effect: {reason} ({place})");
            self.raw.notices.push(notice);
            return is_right.then_some(()).ok_or_else(String::new);
        }
        let entry = entry::GLOBAL.entry((key, value), place, &mut self.scratch);
        let entry = entry.map_err(|problem| match problem {
            Problem::Unknown => format!("unknown parameter: pgbouncer/{key}"),
            Problem::Wrong(None) => String::new(),
            Problem::Wrong(Some(what)) => format!("{key}: {what}"),
        })?;
        self.raw.global.entries.push(entry);
        Ok(())
    }

    /// A line of `[users]`.
    fn user(&mut self, place: &Place, name: &str, value: &str) -> Result<(), String> {
        let mut section = RawSection::new(format!("users.{name}"), name.to_owned(), place.clone());
        let mut scratch = User::default();
        let pairs = pairs::read(value).ok_or("syntax error in user settings")?;
        for (key, value) in &pairs {
            let entry = entry::USER.entry((key, value), place, &mut scratch);
            let entry = entry.map_err(|problem| {
                wrong_pair("unrecognized user parameter", key, value, problem)
            })?;
            section.entries.push(entry);
        }
        put(&mut self.raw.users, section);
        Ok(())
    }
}

/// What is built from `raw`: of a file of PgBouncer's, which databases are watched follows from what else
/// is said, and that may be changed by SET.
pub(super) fn completed(raw: &Raw) -> Cow<'_, Raw> {
    match raw.dialect {
        Dialect::Native => Cow::Borrowed(raw),
        Dialect::PgBouncer => {
            let mut raw = raw.clone();
            database::set_roles(&mut raw);
            Cow::Owned(raw)
        }
    }
}

/// Sets what a file means by options that only pgsluice has where it does not say so.
pub(super) fn set_own_defaults(config: &mut Config) {
    let place = Place {
        file: Arc::from(Path::new("")),
        line: None,
    };
    for default in parameters::OURS {
        let set = entry::GLOBAL.entry(*default, &place, config);
        debug_assert!(set.is_ok(), "{}: {set:?}", default.0);
    }
}

/// The parameters of `[pgbouncer]` that there are on this system.
pub(super) fn global() -> impl Iterator<Item = &'static Parameter> {
    let is_elsewhere = |p: &&Parameter| p.name == "service_name";
    parameters::GLOBAL.iter().filter(move |p| !is_elsewhere(p))
}

impl Parameter {
    /// The option that it sets; `None`: it has no effect.
    pub(super) fn row(&self) -> Option<&'static Row> {
        entry::GLOBAL.row(self.name)
    }
}

/// What SET of a parameter puts behind what stands above the sections; `None`: it has no effect.
///
/// # Errors
/// There is no such parameter, or its value is not one of it.
pub(super) fn setting(name: &str, text: &str, place: &Place) -> Result<Option<RawEntry>, String> {
    let parameter = parameters::find(parameters::GLOBAL, name);
    if idle::reason(name).is_some() {
        let is_right = parameter.is_some_and(|p| p.form.to_ours(text).is_some());
        return is_right
            .then_some(None)
            .ok_or_else(|| format!("{name}: bad value"));
    }
    let mut scratch = Config::default();
    match entry::GLOBAL.entry((name, text), place, &mut scratch) {
        Ok(entry) => Ok(Some(entry)),
        Err(Problem::Unknown) => Err(format!("unknown parameter: pgbouncer/{name}")),
        Err(Problem::Wrong(what)) => entry::GLOBAL
            .own(name, text, place, &mut scratch)
            .map(Some)
            .ok_or_else(|| format!("{name}: {}", what.unwrap_or_default())),
    }
}

/// What is wrong with a `key=value` of `[databases]`, `[users]` or `[peers]`.
fn wrong_pair(unknown: &str, key: &str, value: &str, problem: Problem) -> String {
    match (problem, key) {
        (Problem::Unknown, _) => format!("{unknown}: {key}"),
        (Problem::Wrong(_), "pool_mode") => format!("invalid pool mode: {value}"),
        (Problem::Wrong(_), "password") => "invalid password".to_owned(),
        (Problem::Wrong(None), _) => format!("invalid {key}: {value}"),
        (Problem::Wrong(Some(what)), _) => format!("{key}: {what}"),
    }
}

/// Adds a section; one of the same name above it is forgotten.
fn put(sections: &mut Vec<RawSection>, section: RawSection) {
    sections.retain(|s| s.name != section.name);
    sections.push(section);
}

/// `value` up to where it may hold a password.
fn without_password(key: &str, value: &str) -> String {
    const WORD: &str = "password";
    match value.split_once(WORD) {
        _ if key.contains(WORD) => "…".to_owned(),
        Some((before, _)) => format!("{before}{WORD}=…"),
        None => value.to_owned(),
    }
}

/// Whether an entry says yes.
fn is_yes(entry: Option<&RawEntry>) -> bool {
    match entry.map(|e| &e.value) {
        Some(Value::One(text)) => bool::parse(text) == Some(true),
        Some(Value::Many(_)) | None => false,
    }
}

#[cfg(test)]
mod tests;
