//! A configuration as the console shows it: PgBouncer's parameters in its notation, then what only
//! pgsluice has.

use crate::config::ini;
use crate::config::option::Reload;
use crate::config::option::Row;
use crate::config::option::Section;
use crate::config::option::Target;
use crate::config::raw::Dialect;
use crate::config::rows;
use crate::config::types::Config;

/// One option of the whole process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// PgBouncer's name, or ours for what PgBouncer does not have.
    pub name: &'static str,
    /// What it is; `None`: unset.
    pub value: Option<String>,
    /// What it is where the file does not set it.
    pub default: Option<String>,
    /// Whether SET and RELOAD change it.
    pub is_changeable: bool,
}

/// All options, by name.
pub fn shown(config: &Config) -> Vec<Shown> {
    let mut config = config.clone();
    let mut native = Config::default();
    let is_native = config.dialect == Dialect::Native;
    if !is_native {
        ini::set_own_defaults(&mut native);
    }
    let theirs = ini::global().map(|parameter| {
        let row = parameter.row();
        let unset =
            |text: String| (parameter.default.is_some() || !text.is_empty()).then_some(text);
        let show = |config: &mut Config| {
            let text = config.field(row?)?.show();
            unset(parameter.to_theirs(&text))
        };
        let default = parameter.default.map(str::to_owned);
        let value = match row {
            Some(_) => show(&mut config),
            // It has no effect.
            None => default.clone(),
        };
        let default = match row {
            Some(_) if is_native => show(&mut native),
            _ => default,
        };
        Shown {
            name: parameter.name,
            value,
            default,
            is_changeable: row.is_some_and(|row| row.reload == Reload::Yes),
        }
    });
    let mut shown: Vec<_> = theirs.collect();
    let is_ours = |row: &&Row| row.pgbouncer.is_none() && row.sections().contains(&Section::Global);
    for row in rows::all().filter(is_ours) {
        shown.push(Shown {
            name: row.name,
            value: config.field(row).map(|field| field.show()),
            default: native.field(row).map(|field| field.show()),
            is_changeable: row.reload == Reload::Yes,
        });
    }
    shown
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const DATABASE: &str = "[databases.a]\nnodes = [\"h:1\"]\nmonitor_user = \"m\"\n\
        monitor_password = \"m\"\n[users.u]\npassword = \"u\"\n";

    fn find(shown: &[Shown], name: &str) -> (String, String) {
        let found = shown.iter().find(|s| s.name == name);
        let found = found.unwrap_or_else(|| panic!("there is no {name}"));
        let text = |value: &Option<String>| value.clone().unwrap_or("NULL".to_owned());
        (text(&found.value), text(&found.default))
    }

    #[test]
    fn parameters_are_shown_as_pgbouncer_writes_them() {
        let ini = "[databases]\na = host=h\n[pgbouncer]\nauth_type = trust\nquery_timeout = 2.5\n\
            unix_socket_mode = 0700\nlog_connections = 0\nstats_period = 0x10\nadmin_users = a,b\n";
        let config = Config::parse(ini, Path::new("a.ini")).expect("it is right");
        let shown = shown(&config);
        for (name, value, default) in [
            ("query_timeout", "2.5", "0"),
            ("unix_socket_mode", "0700", "0777"),
            ("log_connections", "0", "1"),
            ("stats_period", "16", "60"),
            ("server_lifetime", "3600", "3600"),
            ("default_pool_size", "20", "20"),
            ("pool_mode", "session", "session"),
            ("auth_type", "trust", "md5"),
            ("auth_user", "NULL", "NULL"),
            ("logfile", "", ""),
            ("pkt_buf", "4096", "4096"),
            ("tcp_keepidle", "0", "0"),
            ("max_packet_size", "2147483647", "2147483647"),
            // Ours, in our own notation.
            ("read_write_split", "false", "false"),
            ("http_listen", "", ""),
            ("log_format", "pgbouncer", "pgbouncer"),
            ("running_as_root", "refuse", "refuse"),
            ("shutdown_mode", "pgbouncer", "pgbouncer"),
            ("server_lifetime_jitter_percent", "0", "0"),
        ] {
            let expected = (value.to_owned(), default.to_owned());
            assert_eq!(find(&shown, name), expected, "{name}");
        }
        let theirs: Vec<_> = shown.iter().map(|s| s.name).take(98).collect();
        assert_eq!((theirs[0], theirs[97]), ("admin_users", "verbose"));
        assert!(theirs.is_sorted(), "as PgBouncer sorts them");
    }

    #[test]
    fn defaults_are_those_of_the_file_format() {
        let text = format!("query_timeout = \"90s\"\n{DATABASE}");
        let config = Config::parse(&text, Path::new("a.toml")).expect("it is right");
        let shown = shown(&config);
        assert_eq!(find(&shown, "query_timeout"), ("90".into(), "0".into()));
        let mode = ("transaction".into(), "transaction".into());
        assert_eq!(find(&shown, "pool_mode"), mode);
        assert_eq!(find(&shown, "dry_run"), ("false".into(), "false".into()));
        let is_changeable = |name: &str| {
            let found = shown.iter().find(|s| s.name == name);
            found.is_some_and(|s| s.is_changeable)
        };
        assert!(is_changeable("query_timeout") && !is_changeable("listen_port"));
        assert!(!is_changeable("pkt_buf"), "it has no effect");
    }
}
