//! Hints in comments: `/* pgsluice: primary */`, `/* pgsluice: strong, max_staleness=5s */`.
//!
//! A hint is a list with commas. A word names the node (`primary`, `replica`) or the consistency
//! (`eventual`, `session`, `database`, `strong`); `NAME=VALUE` is `SET pgsluice.NAME = 'VALUE'` for
//! this text alone. What is not known is left out, for it is a comment after all.

use crate::sql::lexer::Kind;
use crate::sql::lexer::Lexer;
use crate::sql::statement::Hint;

/// All that the comments of a text ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// The node; the primary wins.
    pub route: Option<Hint>,
    /// Settings for this text alone, by their names without `pgsluice.`, in the order of the text.
    pub asks: Box<[(Box<str>, Box<str>)]>,
}

impl Hints {
    /// Reads the comments of `text`.
    pub fn of(text: &[u8], conforming: bool) -> Self {
        let mut lexer = Lexer::new(text, conforming);
        let mut hints = Self::default();
        let mut asks = Vec::new();
        while let Some(token) = lexer.next_token() {
            if matches!(token.kind, Kind::LineComment | Kind::BlockComment) {
                let items = inner(lexer.bytes(token)).split(|b| *b == b',');
                items
                    .filter_map(Item::read)
                    .for_each(|item| hints.take(item, &mut asks));
            }
        }
        hints.asks = asks.into();
        hints
    }

    fn take(&mut self, item: Item, asks: &mut Vec<(Box<str>, Box<str>)>) {
        match item {
            Item::Route(hint) if self.route != Some(Hint::Primary) => self.route = Some(hint),
            Item::Ask(name, value) if asks.len() < ASKS_COUNT_MAX => asks.push((name, value)),
            Item::Route(_) | Item::Ask(..) => (),
        }
    }
}

/// Whether a comment holds a hint.
pub(super) fn is_hint(comment: &[u8]) -> bool {
    !inner(comment).is_empty()
}

/// What stands behind `pgsluice:` in a comment; empty in any other.
fn inner(comment: &[u8]) -> &[u8] {
    let Some(inner) = comment.get(2..).map(<[u8]>::trim_ascii_start) else {
        return &[];
    };
    let inner = inner.strip_suffix(b"*/").unwrap_or(inner);
    match inner.split_at_checked(Hint::PREFIX.len()) {
        Some((own, rest)) if own.eq_ignore_ascii_case(Hint::PREFIX) => rest.trim_ascii(),
        Some(_) | None => &[],
    }
}

/// One item of a hint.
enum Item {
    Route(Hint),
    Ask(Box<str>, Box<str>),
}

impl Item {
    fn read(item: &[u8]) -> Option<Self> {
        let item = str::from_utf8(item).ok()?.trim().to_ascii_lowercase();
        if let Some((name, value)) = item.split_once('=') {
            let value = value.trim();
            let bare = value.strip_prefix('\'').and_then(|v| v.strip_suffix('\''));
            return Some(Self::Ask(name.trim().into(), bare.unwrap_or(value).into()));
        }
        Some(match &*item {
            "primary" => Self::Route(Hint::Primary),
            "replica" => Self::Route(Hint::Replica),
            "eventual" | "session" | "database" | "strong" => {
                Self::Ask("consistency".into(), item.into())
            }
            _ => return None,
        })
    }
}

/// Most settings that the hints of one text may make.
const ASKS_COUNT_MAX: usize = 8;
