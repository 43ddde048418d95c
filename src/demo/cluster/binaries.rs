//! Where PostgreSQL's programs are.

use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use crate::demo::cluster::Error;

/// The programs of one PostgreSQL installation.
#[derive(Clone, Debug)]
pub struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// Finds them: in `PGBIN` if it is set, else on `PATH`, else the newest of
    /// `/usr/lib/postgresql/*/bin` (Debian, Ubuntu), `/usr/pgsql-*/bin` (Red Hat) and Homebrew's
    /// and Postgres.app's folders.
    ///
    /// # Errors
    ///
    /// When no folder has all that are needed.
    pub fn find() -> Result<Self, Error> {
        let folders = match env::var_os("PGBIN") {
            Some(folder) => vec![PathBuf::from(folder)],
            None => usual_folders(),
        };
        match folders.iter().find(|f| has_all(f)) {
            Some(folder) => Ok(Self {
                folder: folder.clone(),
            }),
            None => Err(Error::NoBinaries {
                wanted: WANTED.join(", "),
                looked: folders
                    .iter()
                    .map(|f| f.display().to_string())
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
        }
    }

    /// The folder they are in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A command for one program, without the caller's `PG…` variables, which would lead it astray.
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join(name));
        for (variable, _) in env::vars_os() {
            if variable.to_str().is_some_and(|v| v.starts_with("PG")) {
                command.env_remove(variable);
            }
        }
        command.env("LC_ALL", "C");
        command
    }
}

/// `PATH`, then the folders that distributions use, newest version first.
fn usual_folders() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = env::split_paths(&path).collect();
    for (parent, prefix) in PARENTS {
        let mut versions: Vec<_> = children(Path::new(parent))
            .into_iter()
            .filter_map(|name| {
                let version: f64 = name.strip_prefix(prefix)?.parse().ok()?;
                Some((version, Path::new(parent).join(name).join("bin")))
            })
            .collect();
        versions.sort_by(|a, b| b.0.total_cmp(&a.0));
        folders.extend(versions.into_iter().map(|(_, folder)| folder));
    }
    folders
}

fn children(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|e| e.file_name().into_string().ok())
        .collect()
}

fn has_all(folder: &Path) -> bool {
    WANTED.iter().all(|name| folder.join(name).is_file())
}

const WANTED: &[&str] = &["initdb", "postgres", "psql", "pgbench"];
const PARENTS: &[(&str, &str)] = &[
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql@"),
    ("/usr/local/opt", "postgresql@"),
    ("/Applications/Postgres.app/Contents/Versions", ""),
];
