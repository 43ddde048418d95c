//! Files to a checked [`Config`].

use std::env;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::build;
use crate::config::fault::Faults;
use crate::config::fault::Place;
use crate::config::files;
use crate::config::format::Format;
use crate::config::from_toml;
use crate::config::in_use::InUse;
use crate::config::ini;
use crate::config::raw::Dialect;
use crate::config::raw::Raw;
use crate::config::to_toml;
use crate::config::types::Config;

impl Config {
    /// The configuration in the file at `path`, a TOML file or a pgbouncer.ini, and in the files that
    /// it names.
    ///
    /// Reads files and blocks while it does.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path) -> Result<Self, Faults> {
        Self::read(path, InUse::Nothing)
    }

    /// As [`load`](Self::load), while `now` is in use: as in PgBouncer, the users of an `auth_file` that
    /// cannot be opened go on to be known.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn reload(path: &Path, now: &Self) -> Result<Self, Faults> {
        Self::read(path, InUse::Users(now))
    }

    fn read(path: &Path, in_use: InUse<'_>) -> Result<Self, Faults> {
        match files::text_or_error(path) {
            Ok(text) => Self::understand(&text, path, in_use),
            Err(_) if Format::of(path, "") == Format::Toml => Self::missing(path),
            Err(problem) => {
                let mut faults = Faults::default();
                let message = format!("could not load file \"{}\": {problem}", path.display());
                faults.add_whole(&whole(path), message);
                faults.end_with(NOT_LOADED);
                faults.or(Self::default())
            }
        }
    }

    /// Why a file cannot be read, in our own words.
    fn missing(path: &Path) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        if let Err(problem) = files::text_of(path) {
            faults.add(&whole(path), "", format!("the file {problem}"));
        }
        faults.or(Self::default())
    }

    /// The configuration in `text`, as if it stood in the file `path`: messages name it, and
    /// paths in the text start from its folder (of a pgbouncer.ini, from where the process runs).
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Faults> {
        Self::understand(text, path, InUse::Nothing)
    }

    fn understand(text: &str, path: &Path, in_use: InUse<'_>) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let raw = read(text, path, &mut faults);
        let config = build::build(&raw, &folder(&raw, path), in_use, &mut faults);
        faults.or(config)
    }

    /// The TOML file that means the same as the pgbouncer.ini at `path`.
    ///
    /// # Errors
    /// Everything that is wrong with that file.
    pub fn convert(path: &Path) -> Result<String, Faults> {
        let _: Self = Self::load(path)?;
        let mut faults = Faults::default();
        let text = files::text_or_error(path).unwrap_or_default();
        let raw = read(&text, path, &mut faults);
        faults.or(to_toml::write(&ini::completed(&raw), &folder(&raw, path)))
    }
}

/// What PgBouncer says last of a file that has faults.
const NOT_LOADED: &str = "cannot load config file";

/// Where the paths in a file start from.
pub(super) fn folder(raw: &Raw, path: &Path) -> PathBuf {
    let folder = match raw.dialect {
        Dialect::Native => path.parent().map(Path::to_path_buf),
        Dialect::PgBouncer => env::current_dir().ok(),
    };
    folder.unwrap_or_default()
}

/// What `text` says, in whichever format it is.
pub(super) fn read(text: &str, path: &Path, faults: &mut Faults) -> Raw {
    let file = Arc::from(path);
    match Format::of(path, text) {
        Format::Toml => from_toml::read(&file, text, faults),
        Format::Ini => {
            faults.end_with(NOT_LOADED);
            ini::read(&file, text, faults)
        }
    }
}

fn whole(path: &Path) -> Place {
    Place {
        file: Arc::from(path),
        line: None,
    }
}
