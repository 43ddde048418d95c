//! The values of `[databases]`, `[users]` and `[peers]`: `key=value key='value with blanks'`.

use crate::config::ini::lines::is_blank;
use crate::config::ini::lines::quoted;

/// The pairs in `text`, in their order; `None`: it is not made of pairs.
pub(super) fn read(text: &str) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start_matches(is_blank);
    while !rest.is_empty() {
        let end = rest.find(|c| c == '=' || is_blank(c))?;
        let (key, after) = rest.split_at_checked(end)?;
        let after = after.trim_start_matches(is_blank);
        let after = after.strip_prefix('=')?;
        let after = after.trim_start_matches(is_blank);
        let (value, after) = value(after)?;
        if key.is_empty() || value.is_empty() {
            return None;
        }
        found.push((key.to_owned(), value));
        rest = after.trim_start_matches(is_blank);
    }
    Some(found)
}

/// The value at the start of `text`, and what follows.
fn value(text: &str) -> Option<(String, &str)> {
    if let Some(rest) = text.strip_prefix('\'') {
        let (value, after) = quoted(rest, '\'')?;
        let is_apart = after.is_empty() || after.starts_with(is_blank);
        return is_apart.then_some((value, after));
    }
    let end = text.find(is_blank).unwrap_or(text.len());
    let (value, rest) = text.split_at_checked(end)?;
    Some((value.to_owned(), rest))
}
