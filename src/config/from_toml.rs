//! TOML to [`Raw`].

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeInteger;
use toml::de::DeString;
use toml::de::DeTable;
use toml::de::DeValue;

use crate::config::fault::Faults;
use crate::config::fault::Place;
use crate::config::fault::did_you_mean;
use crate::config::raw::Dialect;
use crate::config::raw::Raw;
use crate::config::raw::RawEntry;
use crate::config::raw::RawNode;
use crate::config::raw::RawSection;
use crate::config::value::Value;

/// What `text` says; what is not TOML, or not in the shape of a configuration, is in `faults`.
pub(super) fn read(file: &Arc<Path>, text: &str, faults: &mut Faults) -> Raw {
    let mut reader = Reader {
        file,
        line_starts: line_starts(text),
        faults,
    };
    reader.document(text)
}

/// How messages name the sections.
const SECTIONS: [&str; 4] = ["clusters", "databases", "users", "peers"];

/// One entry of a table.
type Item<'t, 'i> = (&'t Spanned<DeString<'i>>, &'t Spanned<DeValue<'i>>);

struct Reader<'a> {
    file: &'a Arc<Path>,
    /// Offset of the first byte of each line.
    line_starts: Vec<usize>,
    faults: &'a mut Faults,
}

impl Reader<'_> {
    fn document(&mut self, text: &str) -> Raw {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut last = None;
        for error in &errors {
            let place = self.place(error.span());
            // The parser tries to go on in a broken line, and complains of what it finds there.
            if last.as_ref() == Some(&place) {
                continue;
            }
            last = Some(place.clone());
            // Not its `Display`, which quotes the line, and so maybe a password.
            let message = format!("not valid TOML: {}", error.message());
            self.faults.add(&place, "", message);
        }
        let whole = self.place(None);
        let mut raw = Raw {
            is_whole: errors.is_empty(),
            dialect: Dialect::Native,
            notices: Vec::new(),
            global: RawSection::new(String::new(), String::new(), whole),
            clusters: Vec::new(),
            databases: Vec::new(),
            users: Vec::new(),
            peers: Vec::new(),
        };
        for (key, value) in in_order(table.get_ref()) {
            match key.get_ref().as_ref() {
                "clusters" => raw.clusters = self.sections(key, value),
                "databases" => raw.databases = self.sections(key, value),
                "users" => raw.users = self.sections(key, value),
                "peers" => raw.peers = self.sections(key, value),
                _ => self.global_entry(&mut raw.global, key, value),
            }
        }
        raw
    }

    /// An entry at the top of the file.
    fn global_entry(
        &mut self,
        global: &mut RawSection,
        key: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let name = key.get_ref().as_ref();
        if !value.get_ref().is_table() && name != "nodes" {
            self.entry(global, key, value);
            return;
        }
        let place = self.place(Some(key.span()));
        let message = match name {
            "nodes" => "nodes belong to a cluster: [clusters.NAME], or to a database".to_owned(),
            "pgsluice" | "pgbouncer" => {
                "global options stand at the top of the file, without a section".to_owned()
            }
            _ => {
                let meant = did_you_mean(name, SECTIONS);
                format!(
                    "unknown section; there are [clusters.NAME], [databases.NAME], [users.NAME] and \
                     [peers.ID]{meant}"
                )
            }
        };
        self.faults.add(&place, name, message);
    }

    /// The sections `[KIND.NAME]`.
    fn sections(
        &mut self,
        kind: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Vec<RawSection> {
        let kind_name = kind.get_ref().as_ref();
        let Some(table) = value.get_ref().as_table() else {
            let place = self.place(Some(kind.span()));
            let message = format!(
                "sections [{kind_name}.NAME] are expected, {} came",
                describe(value.get_ref())
            );
            self.faults.add(&place, kind_name, message);
            return Vec::new();
        };
        let mut found = Vec::new();
        for (name, value) in in_order(table) {
            let path = format!("{kind_name}.{}", name.get_ref());
            let place = self.place(Some(name.span()));
            if let Some(table) = value.get_ref().as_table() {
                let section = RawSection::new(path, name.get_ref().to_string(), place);
                found.push(self.section(section, table));
            } else {
                let what = describe(value.get_ref());
                let message = format!("a section [{path}] is expected, {what} came");
                self.faults.add(&place, path, message);
            }
        }
        found
    }

    /// `section` with what is in `table`.
    fn section(&mut self, mut section: RawSection, table: &DeTable<'_>) -> RawSection {
        for (key, value) in in_order(table) {
            if key.get_ref() == "nodes" {
                section.nodes = Some(self.nodes(&section, key, value));
            } else {
                self.entry(&mut section, key, value);
            }
        }
        section
    }

    fn entry(
        &mut self,
        section: &mut RawSection,
        key: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let place = self.place(Some(key.span()));
        match to_value(value.get_ref()) {
            Some(value) => section.entries.push(RawEntry {
                key: key.get_ref().to_string(),
                value,
                place,
            }),
            None => {
                let what = describe(value.get_ref());
                let message = format!("a value is expected, {what} came");
                self.faults.add(&place, section.key(key.get_ref()), message);
            }
        }
    }

    fn nodes(
        &mut self,
        section: &RawSection,
        key: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Vec<RawNode> {
        let place = self.place(Some(key.span()));
        let single = std::slice::from_ref(value);
        let items = value.get_ref().as_array().map_or(single, |list| &**list);
        if items.is_empty() {
            let message = "the list is empty; give one node at least";
            self.faults.add(&place, section.key("nodes"), message);
        }
        let mut list = Vec::new();
        for (i, item) in items.iter().enumerate() {
            let at = self.place(Some(item.span()));
            match item.get_ref() {
                DeValue::String(text) => list.push(RawNode::Text(at, text.to_string())),
                DeValue::Table(table) => {
                    let path = section.key(&format!("nodes[{i}]"));
                    let node = RawSection::new(path, i.to_string(), at);
                    list.push(RawNode::Table(self.section(node, table)));
                }
                other => {
                    let message = format!(
                        "\"host:port\" or {{ host = …, port = … }} is expected, {} came",
                        describe(other)
                    );
                    self.faults.add(&at, section.key("nodes"), message);
                }
            }
        }
        list
    }

    fn place(&self, span: Option<Range<usize>>) -> Place {
        let line = span.map(|s| self.line_starts.partition_point(|start| *start <= s.start));
        Place {
            file: Arc::clone(self.file),
            line,
        }
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    let after_ends = text.match_indices('\n').map(|(i, _)| i + 1);
    std::iter::once(0).chain(after_ends).collect()
}

/// The entries of a table as they stand in the file.
fn in_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<Item<'t, 'i>> {
    let mut items: Vec<_> = table.iter().collect();
    items.sort_by_key(|(key, _)| key.span().start);
    items
}

/// A text, number, truth value or a list of such; `None` for a table or lists in lists.
fn to_value(value: &DeValue<'_>) -> Option<Value> {
    if let Some(list) = value.as_array() {
        let words: Option<Vec<_>> = list.iter().map(|v| to_text(v.get_ref())).collect();
        return words.map(Value::Many);
    }
    to_text(value).map(Value::One)
}

fn to_text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(in_c_notation(number)),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Datetime(time) => Some(time.to_string()),
        DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// TOML's `0o17` is `017` in C; its binary numbers, which C did not have, become decimal ones.
fn in_c_notation(number: &DeInteger<'_>) -> String {
    let digits = number.as_str();
    match number.radix() {
        16 => format!("0x{digits}"),
        8 => format!("0{digits}"),
        2 => u64::from_str_radix(digits, 2).map_or_else(|_| digits.to_owned(), |n| n.to_string()),
        _ => digits.to_owned(),
    }
}

fn describe(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
