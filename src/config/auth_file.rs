//! The users that the `auth_file` lists.

use std::sync::Arc;

use crate::config::fault::Faults;
use crate::config::fault::Place;
use crate::config::files;
use crate::config::in_use::InUse;
use crate::config::raw::Dialect;
use crate::config::raw::Raw;
use crate::config::secrets;
use crate::config::types::Config;
use crate::config::types::Listed;
use crate::config::userlist;

/// The users of the `auth_file` with what is stored of them.
///
/// What is wrong with the file is in `faults`; of a pgbouncer.ini it is a trouble. Of a file that is
/// broken the lines above hold then, and if it cannot be opened the users that are known go on to
/// be: PgBouncer starts, and reloads, all the same.
pub(super) fn read(
    raw: &Raw,
    in_use: InUse<'_>,
    config: &mut Config,
    faults: &mut Faults,
) -> Arc<Listed> {
    if let InUse::Files(now) = in_use {
        return Arc::clone(&now.auth.listed);
    }
    let Some(path) = &config.auth.auth_file else {
        return Arc::default();
    };
    let file = Place {
        file: Arc::from(path.as_path()),
        line: None,
    };
    let shown = path.display();
    match raw.dialect {
        Dialect::Native => match files::text_of(path) {
            Ok(text) => stored(userlist::read(&file, &text, faults), faults),
            Err(problem) => {
                let message = format!("{shown} {problem}");
                faults.add(raw.global.place_of("auth_file"), "auth_file", message);
                Arc::default()
            }
        },
        Dialect::PgBouncer => match files::text_or_error(path) {
            Ok(text) => {
                let mut broken = Faults::default();
                let mut lines = userlist::read(&file, &text, &mut broken);
                if let Some(first) = broken.iter().next() {
                    lines.retain(|line| line.place < first.place);
                    config.troubles.push(format!("broken auth file: {first}"));
                }
                stored(lines, &mut Faults::default())
            }
            Err(problem) => {
                let trouble = format!("could not open auth_file {shown}: {problem}");
                config.troubles.push(trouble);
                match in_use {
                    InUse::Users(now) => Arc::clone(&now.auth.listed),
                    InUse::Files(_) | InUse::Nothing => Arc::default(),
                }
            }
        },
    }
}

/// What lines say of users; of several for one the last counts, as in PgBouncer.
fn stored(lines: Vec<userlist::Line>, faults: &mut Faults) -> Arc<Listed> {
    let mut found = Listed::new();
    for line in lines {
        let secret = (!line.secret.is_empty()).then(|| secrets::verifier(&line.secret));
        if secret == Some(None) {
            let message = format!("{} is expected", secrets::SECRET_EXPECTED);
            faults.add(&line.place, "", message);
        }
        found.insert(line.name, secret.flatten());
    }
    Arc::new(found)
}
