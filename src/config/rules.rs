//! The rules and maps of `auth_hba_file` and `auth_ident_file`.

use std::path::Path;
use std::sync::Arc;

use crate::auth::fields::Broken;
use crate::auth::hba::Hba;
use crate::auth::hba::Method;
use crate::auth::ident::Maps;
use crate::config::fault::Faults;
use crate::config::fault::Place;
use crate::config::files;
use crate::config::in_use::InUse;
use crate::config::raw::Dialect;
use crate::config::raw::Raw;
use crate::config::types::Config;
use crate::config::words::AuthType;

/// Reads the files, where rules count.
///
/// What is wrong with them is in `faults`; of a pgbouncer.ini it is a notice or a trouble, and the
/// other lines hold: PgBouncer starts all the same.
pub(super) fn read(raw: &Raw, in_use: InUse<'_>, config: &mut Config, faults: &mut Faults) {
    if config.auth.auth_type != AuthType::Hba {
        return;
    }
    if let InUse::Files(now) = in_use {
        config.auth.hba = Arc::clone(&now.auth.hba);
        config.auth.maps = Arc::clone(&now.auth.maps);
        return;
    }
    let mut reading = Reading {
        raw,
        notices: Vec::new(),
        troubles: Vec::new(),
        faults,
    };
    if let Some(path) = &config.auth.ident_file
        && let Some(text) = reading.text("auth_ident_file", "ident", path)
    {
        let (maps, broken) = Maps::parse(&text);
        config.auth.maps = Arc::new(maps);
        reading.broken(path, broken);
    }
    match &config.auth.hba_file {
        Some(path) => config.auth.hba = Arc::new(reading.rules(path, &config.auth.maps)),
        None => reading.no_rules(),
    }
    config.notices.append(&mut reading.notices);
    config.troubles.append(&mut reading.troubles);
}

/// The files while they are read.
struct Reading<'a> {
    raw: &'a Raw,
    notices: Vec<String>,
    troubles: Vec<String>,
    faults: &'a mut Faults,
}

impl Reading<'_> {
    fn rules(&mut self, path: &Path, maps: &Maps) -> Hba {
        let Some(text) = self.text("auth_hba_file", "hba", path) else {
            return Hba::default();
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        let (mut hba, broken) = Hba::parse(&text, maps, |name| {
            let named = folder.join(name);
            files::text_of(&named).map_err(|problem| format!("{} {problem}", named.display()))
        });
        self.broken(path, broken);
        let ldap = hba.rules.iter_mut().filter(|r| r.method == Method::Ldap);
        for rule in ldap {
            // The next rule must not decide: it may ask for less.
            rule.method = Method::Reject;
            let place = place(path, rule.line);
            match self.raw.dialect {
                Dialect::Native => self.faults.add(&place, "", LDAP),
                Dialect::PgBouncer => {
                    let trouble = format!("{place}: whom this line is for is rejected: {LDAP}");
                    self.troubles.push(trouble);
                }
            }
        }
        hba
    }

    fn no_rules(&mut self) {
        match self.raw.dialect {
            Dialect::Native => {
                let message = "auth_type hba goes by the rules of a file; set auth_hba_file";
                let place = self.raw.global.place_of("auth_type");
                self.faults.add(place, "auth_type", message);
            }
            Dialect::PgBouncer => {
                let trouble = "could not open hba config file : No such file or directory";
                self.troubles.push(trouble.to_owned());
            }
        }
    }

    fn text(&mut self, name: &str, what: &str, path: &Path) -> Option<String> {
        match self.raw.dialect {
            Dialect::Native => files::text_of(path).map_err(|problem| {
                let message = format!("{} {problem}", path.display());
                self.faults
                    .add(self.raw.global.place_of(name), name, message);
            }),
            Dialect::PgBouncer => files::text_or_error(path).map_err(|problem| {
                let path = path.display();
                let trouble = format!("could not open {what} config file {path}: {problem}");
                self.troubles.push(trouble);
            }),
        }
        .ok()
    }

    fn broken(&mut self, path: &Path, lines: Vec<Broken>) {
        for line in lines {
            match self.raw.dialect {
                Dialect::Native => self.faults.add(&place(path, line.line), "", line.message),
                Dialect::PgBouncer => self.notices.push(line.message),
            }
        }
    }
}

/// Why there is no LDAP.
pub(super) const LDAP: &str = "LDAP is not in this build: no library for it is linked";

/// Why there is no PAM.
pub(super) const PAM: &str = "PAM is not in this build: it needs the system's C library for it";

fn place(path: &Path, line: usize) -> Place {
    Place {
        file: Arc::from(path),
        line: Some(line),
    }
}
