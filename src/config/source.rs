//! What a configuration was built from, to build it again with single options changed (the
//! console's SET).

use std::fmt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::build;
use crate::config::fault::Faults;
use crate::config::fault::Place;
use crate::config::files;
use crate::config::in_use::InUse;
use crate::config::ini;
use crate::config::load;
use crate::config::raw::Raw;
use crate::config::types::Config;

/// What was read, and what was set since.
#[derive(Debug)]
pub struct Source {
    raw: Raw,
    folder: PathBuf,
}

impl Source {
    /// What stands in the file at `path`; `None` if it cannot be read whole.
    ///
    /// Reads the file and blocks while it does.
    pub fn read(path: &Path) -> Option<Self> {
        let text = files::text_or_error(path).ok()?;
        let mut faults = Faults::default();
        let raw = load::read(&text, path, &mut faults);
        let folder = load::folder(&raw, path);
        faults.is_empty().then_some(Self { raw, folder })
    }

    /// Sets an option of the whole process, by the name and in the notation of PgBouncer or, where that
    /// is not understood, of ours: the configuration from then on. It is kept for the next one that is
    /// set when [`keep`](Self::keep) is called.
    ///
    /// What files say about logins is as in `now`, the configuration in use, unless the option is
    /// about them: PgBouncer's SET reads no file, which may be half edited.
    ///
    /// # Errors
    /// There is no such option, its value is not one of it, or does not go with the others.
    pub fn set(&self, now: &Config, name: &str, value: &str) -> Result<(Config, Kept), Refused> {
        let place = Place {
            file: Arc::from(Path::new("SET")),
            line: None,
        };
        let mut raw = self.raw.clone();
        // One that has no effect makes no entry.
        let entry = ini::setting(name, value, &place).map_err(Refused::Wrong)?;
        raw.global.entries.extend(entry);
        let in_use = match ABOUT_FILES.contains(&name) {
            true => InUse::Users(now),
            false => InUse::Files(now),
        };
        let mut faults = Faults::default();
        let config = build::build(&raw, &self.folder, in_use, &mut faults);
        faults.or((config, Kept(raw))).map_err(Refused::Unusable)
    }

    /// What was set holds for what is set next, too.
    pub fn keep(&mut self, kept: Kept) {
        self.raw = kept.0;
    }
}

/// The options that say which files are read about logins.
const ABOUT_FILES: [&str; 4] = ["auth_file", "auth_hba_file", "auth_ident_file", "auth_type"];

/// Why an option is not set.
#[derive(Debug)]
pub enum Refused {
    /// There is no such option, or its value is not one of it.
    Wrong(String),
    /// What it says cannot be used: a file that is not there, say.
    Unusable(Faults),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong(problem) => f.write_str(problem),
            Self::Unusable(faults) => faults.fmt(f),
        }
    }
}

/// What was read, with one more option that was set.
#[derive(Debug)]
pub struct Kept(Raw);

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    const TOML: &str = "default_pool_size = 7\n[databases.a]\nnodes = [\"h:1\"]\n\
        monitor_user = \"m\"\nmonitor_password = \"m\"\n[databases.b]\nnodes = [\"h:1\"]\n\
        monitor_user = \"m\"\nmonitor_password = \"m\"\npool_size = 3\n[users.u]\npassword = \"u\"\n";

    fn with(text: &str, name: &str) -> Source {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        fs::write(&path, text).expect("a file");
        Source::read(&path).expect("it can be read")
    }

    #[test]
    fn what_is_set_holds_where_nothing_else_was_said() {
        let mut source = with(TOML, "a.toml");
        let now = Config::default();
        let (config, kept) = source
            .set(&now, "default_pool_size", "9")
            .expect("it is set");
        let size = |config: &Config, name: &str| {
            let database = config.database(name).expect("it is there");
            database.pooling.pool_size.primary
        };
        assert_eq!((size(&config, "a"), size(&config, "b")), (9, 3));
        // As PgBouncer writes it, and as we do.
        for (value, seconds) in [("2.5", 2.5), ("1h", 3600.0)] {
            let (config, _) = source.set(&now, "query_timeout", value).expect("it is set");
            let limit = config.timeouts.query.limit();
            assert_eq!(limit, Some(Duration::from_secs_f64(seconds)));
            assert_eq!(size(&config, "a"), 7, "what was not kept is gone");
        }
        source.keep(kept);
        let (config, _) = source
            .set(&now, "dry_run", "true")
            .expect("one of ours is set");
        assert!(config.routing.dry_run);
        assert_eq!(size(&config, "a"), 9, "what was kept is there");
        for (name, value) in [
            ("nosuch", "1"),
            ("query_timeout", "x"),
            ("pool_mode", "often"),
            ("max_client_conn", "0"),
            ("dbname", "a"),
        ] {
            assert!(source.set(&now, name, value).is_err(), "{name} = {value}");
        }
        assert!(
            source.set(&now, "pkt_buf", "2048").is_ok(),
            "it has no effect"
        );
        assert!(source.set(&now, "pkt_buf", "many").is_err());
    }

    #[test]
    fn an_ini_is_set_as_pgbouncers() {
        let ini = "[databases]\na = host=h\n[pgbouncer]\nauth_type = trust\n";
        let source = with(ini, "a.ini");
        let now = Config::default();
        let (config, _) = source
            .set(&now, "pool_mode", "transaction")
            .expect("it is set");
        let database = config.database("a").expect("it is there");
        assert_eq!(
            database.pooling.pool_mode,
            crate::config::words::PoolMode::Transaction
        );
        assert!(
            source
                .set(&now, "log_connections", "0")
                .is_ok_and(|(c, _)| !c.log.connections)
        );
    }
}
