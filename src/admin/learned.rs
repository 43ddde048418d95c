//! `SHOW LEARNED`: statements that count as writes for a while, because a replica refused them.

use crate::admin::Scene;
use crate::admin::cell::Row;
use crate::admin::cell::cell;
use crate::admin::cell::int8;
use crate::admin::cell::text;
use crate::sql::key::LITERAL;
use crate::wire::write::Column;

pub(super) const COLUMNS: &[Column<'_>] = &[
    text("database"),
    text("sqlstate"),
    text("node"),
    int8("times"),
    int8("age_seconds"),
    int8("last_seconds"),
    int8("expires_seconds"),
    text("statement"),
];

/// One row a statement, by database, the newest first.
pub(super) fn rows(scene: &Scene<'_>) -> Vec<Row> {
    let now = scene.now;
    let mut databases = scene.registry.databases();
    databases.sort_by(|a, b| a.name.cmp(&b.name));
    let mut rows = Vec::new();
    for database in databases {
        for (shape, lesson) in database.learned.list(now) {
            rows.push(vec![
                cell(&database.name),
                cell(lesson.sqlstate),
                cell(&lesson.node),
                cell(lesson.times),
                cell(now.saturating_duration_since(lesson.since).as_secs()),
                cell(now.saturating_duration_since(lesson.last).as_secs()),
                cell(lesson.until.saturating_duration_since(now).as_secs()),
                cell(readable(&shape)),
            ]);
        }
    }
    rows
}

/// A text whose literals were taken out, with a question mark for each.
fn readable(shape: &str) -> String {
    shape.replace(char::from(LITERAL), "?")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::key;

    #[test]
    fn literals_are_not_shown() {
        let mut shape = Vec::new();
        assert!(key::key(b"select f('secret', 42) -- x", 1_000, &mut shape));
        let shown = readable(str::from_utf8(&shape).unwrap());
        assert!(
            !shown.contains("secret") && !shown.contains("42"),
            "{shown}"
        );
        assert!(shown.starts_with("select f(?"), "{shown}");
        assert!(!shown.contains('\0'), "{shown}");
    }
}
