//! The reference `docs/CONFIG.md`, made from the rows.

use std::fmt::Write;

use crate::config::cluster::ClusterSettings;
use crate::config::cluster::Node;
use crate::config::database::User;
use crate::config::draft::DatabaseDraft;
use crate::config::option::Group;
use crate::config::option::Reload;
use crate::config::option::Row;
use crate::config::option::Section;
use crate::config::option::Target;
use crate::config::peers::Peer;
use crate::config::rows;
use crate::config::types::Config;
use crate::config::value::Field;

/// The whole reference, in Markdown.
pub fn reference() -> String {
    let mut text = INTRO.to_owned();
    for group in rows::GROUPS {
        let written = one_group(group, &mut text);
        debug_assert!(written.is_ok(), "writing to a String does not fail");
    }
    text
}

/// What `row` is when no file sets it, as a file would have it, and what kind of value it takes.
pub fn default_and_kind(row: &Row) -> (String, String) {
    let look = |field: &mut dyn Field| (field.show(), field.kind().into_owned());
    let found = match row.sections().first() {
        Some(Section::Global) => Config::default().field(row).map(look),
        Some(Section::Cluster) => ClusterSettings::default().field(row).map(look),
        Some(Section::Node) => Node::default().field(row).map(look),
        Some(Section::Database) => DatabaseDraft::default().field(row).map(look),
        Some(Section::User) => User::default().field(row).map(look),
        Some(Section::Peer) => Peer::new(0).field(row).map(look),
        None => None,
    };
    found.unwrap_or_default()
}

const INTRO: &str = "\
# Configuration

Every option of pgsluice. This page is made by `pgsluice docs config`; do not edit it.

A configuration is a TOML file. Global options stand at its top; then come the sections
`[clusters.NAME]`, `[databases.NAME]`, `[users.NAME]` and `[peers.ID]`. `config/minimal.toml` is the least there
can be, `config/full.toml` has every option. `pgsluice check FILE` reports everything that is wrong
with a file, each fault with its line.

A pgbouncer.ini is read as it is: its keys are the names in the column *PgBouncer*, and options that
PgBouncer does not have may stand in its `[pgbouncer]`, `[databases]` and `[users]` by their names
here. `pgsluice convert FILE` prints the TOML that means the same.

* A *time* is a number with a unit (`us`, `ms`, `s`, `min`, `h`, `d`), as in `\"20ms\"` or `\"1h\"`;
  without a unit it is in seconds, as in PgBouncer.
* A *list* is a TOML list, or one text with commas. A *path* starts from the file's own folder.
* *Reload*: whether a changed value is taken over when the process gets SIGHUP; the others need a
  restart, and a reload warns of them. A file with faults changes nothing.
* *PgBouncer* is the name of the option there: `=` is the same name, `–` is none.
";

fn one_group(group: &Group, text: &mut String) -> std::fmt::Result {
    write!(text, "\n## {}\n\n{}\n\n", group.title, group.intro)?;
    writeln!(
        text,
        "| option | stands in | value | default | reload | PgBouncer | meaning |"
    )?;
    writeln!(text, "|---|---|---|---|---|---|---|")?;
    for row in group.rows {
        let (default, kind) = default_and_kind(row);
        let sections: Vec<_> = row.sections().iter().map(|s| short(*s)).collect();
        let sections = sections.join(", ");
        let default = if default.is_empty() {
            "–".to_owned()
        } else {
            format!("`{default}`")
        };
        let reload = match row.reload {
            Reload::Yes => "yes",
            Reload::No => "no",
        };
        let pgbouncer = match row.pgbouncer {
            None => "–".to_owned(),
            Some(name) if name == row.name => "=".to_owned(),
            Some(name) => format!("`{name}`"),
        };
        let (name, help) = (row.name, row.help);
        writeln!(
            text,
            "| `{name}` | {sections} | {kind} | {default} | {reload} | {pgbouncer} | {help} |"
        )?;
    }
    Ok(())
}

fn short(section: Section) -> &'static str {
    match section {
        Section::Global => "top",
        Section::Cluster => "cluster",
        Section::Node => "node",
        Section::Database => "database",
        Section::User => "user",
        Section::Peer => "peer",
    }
}
