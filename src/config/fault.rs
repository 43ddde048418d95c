//! What is wrong with a configuration, and where.

use std::cmp::Reverse;
use std::error::Error as StdError;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A file, and a line in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as the user named it.
    pub file: Arc<Path>,
    /// The line, from 1; `None`: the file as a whole.
    pub line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        match self.line {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

/// One thing that is wrong. Its text never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Where it stands.
    pub place: Place,
    /// The option with its section (`databases.app.pool_size`); empty: no option in particular.
    pub key: String,
    /// What was expected and what came.
    pub message: String,
    /// Whether the message says by itself where it is: those that PgBouncer has also do.
    pub is_whole: bool,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_whole {
            f.write_str(&self.message)
        } else if self.key.is_empty() {
            write!(f, "{}: {}", self.place, self.message)
        } else {
            write!(f, "{}: {}: {}", self.place, self.key, self.message)
        }
    }
}

/// Everything that is wrong with a configuration, in the order of files and lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    found: Vec<Fault>,
    last_word: Option<&'static str>,
}

impl Faults {
    /// Notes one more.
    pub(crate) fn add(
        &mut self,
        place: &Place,
        key: impl Into<String>,
        message: impl Into<String>,
    ) {
        self.found.push(Fault {
            place: place.clone(),
            key: key.into(),
            message: message.into(),
            is_whole: false,
        });
    }

    /// Notes one more, in words that say by themselves where it is.
    pub(crate) fn add_whole(&mut self, place: &Place, message: impl Into<String>) {
        self.found.push(Fault {
            place: place.clone(),
            key: String::new(),
            message: message.into(),
            is_whole: true,
        });
    }

    /// Ends the list of faults, if there are any, with a line of its own.
    pub(crate) fn end_with(&mut self, last_word: &'static str) {
        self.last_word = Some(last_word);
    }

    /// The line that ends the list, if it is one of a pgbouncer.ini.
    pub fn last_word(&self) -> Option<&'static str> {
        self.last_word
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.found.iter()
    }

    /// `value` if nothing is wrong.
    pub(crate) fn or<T>(mut self, value: T) -> Result<T, Self> {
        if self.found.is_empty() {
            return Ok(value);
        }
        self.found.sort();
        self.found.dedup();
        Err(self)
    }
}

/// One fault a line.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.found.iter().enumerate() {
            let end_of_line = if i == 0 { "" } else { "\n" };
            write!(f, "{end_of_line}{fault}")?;
        }
        match self.last_word {
            Some(last_word) if !self.found.is_empty() => write!(f, "\n{last_word}"),
            Some(_) | None => Ok(()),
        }
    }
}

impl StdError for Faults {}

/// The one of `known` that someone who wrote `word` most likely meant, if one is near enough.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if WORD_CHARS_MAX < word.chars().count() {
        return None;
    }
    let length = word.chars().count();
    let reach = 1 + length / 4;
    known
        .into_iter()
        .filter(|k| length.abs_diff(k.chars().count()) <= reach)
        .map(|k| (distance(word, k), Reverse(common_start(word, k)), k))
        .filter(|(d, _, _)| *d <= reach)
        .min()
        .map(|(_, _, k)| k)
}

/// `; did you mean X?`, or nothing if nothing is near.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map_or_else(String::new, |k| format!("; did you mean `{k}`?"))
}

/// Longer words are not compared: the time it takes grows with the square.
const WORD_CHARS_MAX: usize = 100;

/// Letters to insert, delete, replace or swap with their neighbour to get from one to the other
/// (optimal string alignment), without regard to case.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_lowercase().chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let at = |row: &[usize], i: usize| row.get(i).copied().unwrap_or(usize::MAX / 2);
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let replaced = at(&last, j) + usize::from(x != y);
            let mut best = replaced.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let is_swap = 0 < i && 0 < j && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if is_swap {
                best = best.min(at(&before_last, j - 1) + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    at(&last, b.len())
}

/// How many characters both begin with.
fn common_start(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count()
}
