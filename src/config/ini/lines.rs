//! The lines of a pgbouncer.ini and of the files that it includes: sections and `key = value`.

use std::path::Path;
use std::sync::Arc;

use crate::config::fault::Faults;
use crate::config::fault::Place;
use crate::config::files;

/// One line that says something.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it stands.
    pub(super) place: Place,
    /// What it says.
    pub(super) said: Said,
}

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// `[name]`
    Section(String),
    /// `key = value`; the value may be empty.
    Entry(String, String),
}

/// How deep files may include each other.
const DEPTH_MAX: usize = 10;

/// Reads `text`, and the files that it includes where they are included.
pub(super) struct Lines<'a> {
    /// What was found.
    pub(super) found: Vec<Line>,
    /// Whether all of it could be read.
    pub(super) is_whole: bool,
    faults: &'a mut Faults,
    depth: usize,
}

impl<'a> Lines<'a> {
    /// Nothing yet.
    pub(super) fn new(faults: &'a mut Faults) -> Self {
        Self {
            found: Vec::new(),
            is_whole: true,
            faults,
            depth: 0,
        }
    }

    /// Reads `text`, which stands in `file`.
    pub(super) fn read(&mut self, file: &Arc<Path>, text: &str) {
        for (i, line) in text.split('\n').enumerate() {
            let place = Place {
                file: Arc::clone(file),
                line: Some(i + 1),
            };
            match parse(line) {
                Ok(None) => (),
                Ok(Some(Parsed::Said(said))) => self.found.push(Line { place, said }),
                Ok(Some(Parsed::Include(name))) => self.include(&place, name),
                Err(()) => {
                    let message =
                        format!("syntax error in configuration ({place}), stopping loading");
                    self.broken(&place, message);
                }
            }
        }
    }

    fn broken(&mut self, place: &Place, message: String) {
        self.is_whole = false;
        self.faults.add_whole(place, message);
    }

    fn include(&mut self, place: &Place, name: &str) {
        if DEPTH_MAX <= self.depth {
            let message = format!("include nesting level too deep ({place}), stopping loading");
            self.broken(place, message);
            return;
        }
        match files::text_or_error(Path::new(name)) {
            Ok(text) => {
                self.depth += 1;
                self.read(&Arc::from(Path::new(name)), &text);
                self.depth -= 1;
            }
            Err(problem) => {
                let message = format!(
                    "could not load file \"{name}\": {problem}\nerror processing include file in \
                     configuration ({place}), stopping loading"
                );
                self.broken(place, message);
            }
        }
    }
}

enum Parsed<'t> {
    Said(Said),
    Include(&'t str),
}

/// What a line says, if anything.
fn parse(line: &str) -> Result<Option<Parsed<'_>>, ()> {
    let line = line.trim_matches(is_blank);
    if line.is_empty() || line.starts_with([';', '#']) {
        return Ok(None);
    }
    if let Some(rest) = line.strip_prefix("%include") {
        let name = rest.trim_start_matches(is_blank);
        let is_apart = name.len() < rest.len();
        return match is_apart && !name.is_empty() {
            true => Ok(Some(Parsed::Include(name))),
            false => Err(()),
        };
    }
    if let Some(rest) = line.strip_prefix('[') {
        let name = rest.strip_suffix(']').ok_or(())?;
        return Ok(Some(Parsed::Said(Said::Section(name.to_owned()))));
    }
    let (key, rest) = key(line).ok_or(())?;
    let value = rest
        .trim_start_matches(is_blank)
        .strip_prefix('=')
        .ok_or(())?;
    let value = value.trim_start_matches(is_blank).to_owned();
    Ok(Some(Parsed::Said(Said::Entry(key, value))))
}

/// The key at the start of a line, and what follows.
fn key(line: &str) -> Option<(String, &str)> {
    for quote in ['\'', '"'] {
        if let Some(rest) = line.strip_prefix(quote) {
            return quoted(rest, quote);
        }
    }
    let end = line.find(|c| !is_key(c)).unwrap_or(line.len());
    let (key, rest) = line.split_at_checked(end)?;
    Some((key.to_owned(), rest))
}

/// The text up to the closing quote, where two quotes stand for one, and what follows.
pub(super) fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let (mut found, mut rest) = (String::new(), text);
    loop {
        let (part, after) = rest.split_once(quote)?;
        found.push_str(part);
        match after.strip_prefix(quote) {
            Some(after) => {
                found.push(quote);
                rest = after;
            }
            None => return Some((found, after)),
        }
    }
}

pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r')
}

fn is_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '*')
}
