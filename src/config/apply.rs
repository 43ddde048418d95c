//! Lays the options of one section into what they set.

use crate::config::fault::Faults;
use crate::config::fault::did_you_mean;
use crate::config::option::Row;
use crate::config::option::Section;
use crate::config::option::Target;
use crate::config::option::Zero;
use crate::config::raw::RawEntry;
use crate::config::raw::RawSection;
use crate::config::rows;
use crate::config::value::Value;

/// Sets in `target` what `section` says, in the order of the rows.
pub(super) fn apply<T: Target>(section: &RawSection, target: &mut T, faults: &mut Faults) {
    for row in rows::all() {
        if let Some(entry) = section.entry(row.name)
            && let Err(message) = set(row, target, &entry.value)
        {
            faults.add(&entry.place, section.key(row.name), message);
        }
    }
    for entry in &section.entries {
        let is_known = rows::all().any(|r| r.name == entry.key && target.field(r).is_some());
        if !is_known {
            faults.add(&entry.place, section.key(&entry.key), stray::<T>(entry));
        }
    }
}

/// Sets what `row` sets in `target`, if it belongs there.
///
/// # Errors
/// What was expected and what came; then `target` is as before.
pub(super) fn set<T: Target>(row: &Row, target: &mut T, value: &Value) -> Result<(), String> {
    let Some(field) = target.field(row) else {
        return Ok(());
    };
    let came = match value {
        Value::One(text) if text.is_empty() => "nothing".to_owned(),
        Value::One(_) if field.is_secret() => "something else".to_owned(),
        Value::One(text) => format!("`{text}`"),
        Value::Many(_) => "a list".to_owned(),
    };
    let before = field.show();
    if let Err(expected) = field.set(value) {
        let meant = match (value, expected.strip_prefix("one of ")) {
            (Value::One(text), Some(words)) => did_you_mean(text, words.split(", ")),
            (Value::One(_) | Value::Many(_), _) => String::new(),
        };
        return Err(format!("{expected} is expected, {came} came{meant}"));
    }
    if row.zero == Zero::Refused && field.is_zero() {
        // Back to what it was, so that the checks that follow do not complain of the 0 again.
        let restored = field.set(&Value::One(before));
        debug_assert!(
            restored.is_ok(),
            "what an option shows can be set: {}",
            row.name
        );
        return Err("it must not be 0".to_owned());
    }
    Ok(())
}

/// What to say of an option that does not belong into the section of `T`.
fn stray<T: Target>(entry: &RawEntry) -> String {
    let elsewhere = rows::all().filter(|r| r.name == entry.key);
    let mut places: Vec<_> = elsewhere
        .flat_map(Row::sections)
        .map(|s| s.describe())
        .collect();
    if !places.is_empty() {
        places.dedup();
        return format!("this option belongs to {}", places.join(" or "));
    }
    let here = rows::all().filter(|r| r.sections().contains(&T::SECTION));
    let mut names: Vec<_> = here.map(|r| r.name).collect();
    if matches!(T::SECTION, Section::Cluster | Section::Database) {
        names.push("nodes");
    }
    let by_pgbouncer = rows::all()
        .filter(|r| r.sections().contains(&T::SECTION))
        .find(|r| r.pgbouncer == Some(&entry.key));
    match by_pgbouncer {
        Some(row) => format!("unknown option; here it is called `{}`", row.name),
        None => format!("unknown option{}", did_you_mean(&entry.key, names)),
    }
}
