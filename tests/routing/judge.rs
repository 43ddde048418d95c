//! What is wrong with what was seen.

use pgsluice::sql::catalog::Catalog;
use pgsluice::sql::statement::Class;

use crate::answer::Answer;
use crate::run::Seen;

/// A classifier, ours or a weaker one.
pub(crate) type Classifier<'a> = &'a dyn Fn(&str, &Catalog) -> Class;

/// What a classifier gets wrong.
#[derive(Debug, Default)]
pub(crate) struct Wrong {
    /// Taken for reads and answered by a standby, but not as the primary does: nothing mends that.
    pub(crate) unsound: Vec<String>,
    /// Taken for reads and refused by a standby: the proxy has to run them again.
    pub(crate) refused: Vec<Refused>,
}

/// A read that a standby refuses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Refused {
    pub(crate) sql: String,
    /// What the corpus says of why.
    pub(crate) said: Option<String>,
    pub(crate) error: String,
}

/// The statements whose answers through the proxy are not PostgreSQL's.
pub(crate) fn differences(seen: &[Seen]) -> Vec<String> {
    let differ = seen.iter().filter(|s| match &s.text.pooled {
        None => !same(s, &s.direct, &s.proxied),
        Some(_) => s.proxied.is_end(),
    });
    differ
        .map(|s| {
            format!(
                "{} {:?}: {}\n    directly: {}\n    proxied:  {}",
                s.file, s.protocol, s.text.sql, s.direct, s.proxied
            )
        })
        .collect()
}

/// Holds a classifier against what a standby made of the statements.
pub(crate) fn wrong(seen: &[Seen], class: Classifier<'_>) -> Wrong {
    let mut wrong = Wrong::default();
    for s in seen {
        let Some(standby) = &s.standby else { continue };
        if class(&s.text.sql, &s.catalog) != Class::Read || same(s, &s.direct, standby) {
            continue;
        }
        match standby.error() {
            Some(error) if s.direct.error() != Some(error) => wrong.refused.push(Refused {
                sql: s.text.sql.clone(),
                said: s.text.refused.clone(),
                error: error.to_owned(),
            }),
            _ => wrong.unsound.push(format!(
                "{}: {}\n    primary: {}\n    standby: {standby}",
                s.file, s.text.sql, s.direct
            )),
        }
    }
    // Both protocols see the same.
    wrong.refused.sort();
    wrong.refused.dedup_by(|a, b| a.sql == b.sql);
    wrong
}

fn same(seen: &Seen, one: &Answer, other: &Answer) -> bool {
    match seen.text.shape {
        Some(_) => one.shape() == other.shape(),
        None => one == other,
    }
}
