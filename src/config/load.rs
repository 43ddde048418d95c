//! Files to a checked [`Config`].

use std::path::Path;
use std::sync::Arc;

use crate::config::build;
use crate::config::fault::Faults;
use crate::config::fault::Place;
use crate::config::files;
use crate::config::from_toml;
use crate::config::types::Config;

impl Config {
    /// The configuration in the TOML file at `path` and in the files that it names.
    ///
    /// Reads files and blocks while it does.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path) -> Result<Self, Faults> {
        match files::text_of(path) {
            Ok(text) => Self::parse(&text, path),
            Err(problem) => {
                let mut faults = Faults::default();
                let place = Place {
                    file: Arc::from(path),
                    line: None,
                };
                faults.add(&place, "", format!("the file {problem}"));
                faults.or(Self::default())
            }
        }
    }

    /// The configuration in `text`, as if it stood in the file `path`: messages name it, and
    /// paths in the text start from its folder.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let raw = from_toml::read(&Arc::from(path), text, &mut faults);
        let folder = path.parent().unwrap_or(Path::new(""));
        let config = build::build(&raw, folder, &mut faults);
        faults.or(config)
    }
}
