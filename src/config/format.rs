//! Which of the formats a configuration file is in.

use std::path::Path;

/// The format of a configuration file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Ours.
    Toml,
    /// PgBouncer's.
    Ini,
}

impl Format {
    /// The format of the file at `path`, which holds `text`.
    ///
    /// `.toml` and `.ini` decide. A file with another name is a pgbouncer.ini if it has what no
    /// TOML file of ours has: a section `[pgbouncer]`, an `%include`, or a comment with `;`.
    pub fn of(path: &Path, text: &str) -> Self {
        let extension = path.extension().unwrap_or_default();
        if extension.eq_ignore_ascii_case("toml") {
            return Self::Toml;
        }
        let is_ini = |line: &str| {
            let line = line.trim();
            line == "[pgbouncer]" || line.starts_with("%include") || line.starts_with(';')
        };
        if extension.eq_ignore_ascii_case("ini") || text.lines().any(is_ini) {
            Self::Ini
        } else {
            Self::Toml
        }
    }
}
