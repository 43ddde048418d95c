//! The console's SET: one option of the running process, until it is set again or the configuration
//! is read anew.

use std::path::Path;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::app::process::Process;
use crate::app::start::tell_troubles;
use crate::config::reload::diff;
use crate::config::source::Refused;
use crate::config::source::Source;
use crate::control::ask::Done;

/// What the configuration in use was read from, and what was set since.
#[derive(Debug)]
pub(super) struct Settings(Mutex<Option<Source>>);

impl Settings {
    /// Nothing is set beyond what is in the file at `path`.
    pub(super) fn of(path: &Path) -> Self {
        Self(Mutex::new(Source::read(path)))
    }

    /// The file was read anew: nothing is set beyond what is in it.
    pub(super) fn renew(&self, path: &Path) {
        *self.lock() = Source::read(path);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Source>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Process {
    /// Sets one option.
    pub(super) fn set(&self, name: &str, value: &str) -> Done {
        let mut source = self.settings.lock();
        let Some(source) = &mut *source else {
            tracing::error!("SET failed: the configuration file was not readable when it was used");
            return Done::Failed;
        };
        if name.eq_ignore_ascii_case("on_switchover") {
            tracing::error!("SET failed: a command that is run is set in the file only");
            return Done::Failed;
        }
        let old = self.context.registry.state().config.clone();
        let (new, kept) = match source.set(&old, name, value) {
            Ok(set) => set,
            Err(why) => {
                tracing::error!(%why, "SET failed");
                return match why {
                    Refused::Unusable(_) if name.contains("_tls_") => Done::Kept,
                    Refused::Unusable(_) | Refused::Wrong(_) => Done::Failed,
                };
            }
        };
        tell_troubles(&new);
        let (config, _) = diff(&old, new);
        match self.take(config) {
            Ok(()) => {
                source.keep(kept);
                Done::Well
            }
            Err(why) => {
                tracing::error!(why, "SET could not be applied");
                Done::Kept
            }
        }
    }
}
