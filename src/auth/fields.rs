//! A line of an HBA or ident file as fields, those as words, and what is wrong with one.

/// What is wrong with a line, which is left out for that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, in PgBouncer's words.
    pub message: String,
}

/// What stands between blanks: one word, or several with commas between them.
pub(super) type Field = Vec<Word>;

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Without the quotes.
    pub(super) text: String,
    /// Whether it began with a quote: then it is a name, even if it is spelt like a keyword.
    pub(super) is_quoted: bool,
}

/// The fields of a line, without its comment; `None`: a quote is not closed.
pub(super) fn fields(line: &str) -> Option<Vec<Field>> {
    let mut fields: Vec<Field> = Vec::new();
    let mut rest = line;
    // After a comma the list goes on, blanks or not.
    let mut goes_on = false;
    loop {
        let trimmed = rest.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            return Some(fields);
        }
        if let Some(after) = trimmed.strip_prefix(',') {
            (rest, goes_on) = (after, !fields.is_empty());
            continue;
        }
        let (word, after) = word(trimmed)?;
        match fields.last_mut() {
            Some(field) if goes_on => field.push(word),
            Some(_) | None => fields.push(vec![word]),
        }
        (rest, goes_on) = (after, false);
    }
}

/// The only word of a field.
pub(super) fn only(field: &Field) -> Option<&Word> {
    match field.as_slice() {
        [word] => Some(word),
        [] | [_, _, ..] => None,
    }
}

/// The word at the start of `text`, which is not empty, and what follows it.
fn word(text: &str) -> Option<(Word, &str)> {
    let mut word = Word {
        text: String::new(),
        is_quoted: text.starts_with('"'),
    };
    let mut rest = text;
    loop {
        let end = rest.find(is_end).unwrap_or(rest.len());
        let (plain, after) = rest.split_at_checked(end)?;
        word.text.push_str(plain);
        let Some(inside) = after.strip_prefix('"') else {
            return Some((word, after));
        };
        rest = quoted(inside, &mut word.text)?;
    }
}

/// Adds what stands before the closing quote to `text`, `""` as one quote; what follows it.
fn quoted<'t>(inside: &'t str, text: &mut String) -> Option<&'t str> {
    let mut rest = inside;
    loop {
        let (part, after) = rest.split_once('"')?;
        text.push_str(part);
        let Some(after_pair) = after.strip_prefix('"') else {
            return Some(after);
        };
        text.push('"');
        rest = after_pair;
    }
}

/// What ends a part of a word that is not in quotes.
fn is_end(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | '"' | '#')
}
