//! From a text to its [`Statement`], by tokens alone.
//!
//! A text is a read only if its first word and every token of it say so; whatever is not
//! understood makes it a write. `command` goes by the first word, `query` walks the tokens of what
//! reads or writes rows, `call` judges names followed by a parenthesis.

mod call;

mod command;

mod copy;

mod findings;

mod query;

mod set;

mod stream;

mod transaction;

use self::findings::Findings;
use self::stream::Stream;
use crate::sql::catalog::Catalog;
use crate::sql::effect::Access;
use crate::sql::effect::Effect;
use crate::sql::effect::Isolation;
use crate::sql::effect::Modes;
use crate::sql::hint::Hints;
use crate::sql::learned::Learned;
use crate::sql::statement::Class;
use crate::sql::statement::Marks;
use crate::sql::statement::Reason;
use crate::sql::statement::Statement;

/// What a session's parameters say of how its texts are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Syntax {
    /// `standard_conforming_strings`: a backslash in `'…'` is an ordinary character.
    pub standard_conforming_strings: bool,
    /// Whether each byte below 128 of a text in the client's encoding is the ASCII character.
    /// False for SJIS, SHIFT_JIS_2004, BIG5, GBK, UHC, GB18030 and JOHAB.
    pub ascii_safe_encoding: bool,
}

impl Default for Syntax {
    fn default() -> Self {
        Self {
            standard_conforming_strings: true,
            ascii_safe_encoding: true,
        }
    }
}

impl Syntax {
    /// Whether `text` is to be read as with the default syntax: what is not default about this one
    /// does not touch it.
    pub fn is_plain_for(self, text: &[u8]) -> bool {
        (self.standard_conforming_strings || memchr::memchr(b'\\', text).is_none())
            && (self.ascii_safe_encoding || text.is_ascii())
    }
}

/// Says what a text is. Takes time linear in its length; never fails.
pub fn classify(text: &[u8], syntax: Syntax, catalog: &Catalog) -> Statement {
    classify_at(text, syntax, catalog).0
}

/// As [`classify`], with the place where the token begins that decided, or where the search for it
/// began.
pub(super) fn classify_at(text: &[u8], syntax: Syntax, catalog: &Catalog) -> (Statement, usize) {
    let mut stream = Stream::new(text, syntax.standard_conforming_strings);
    let mut findings = Findings::new();
    let mut statements = 0;
    let mut control = 0;
    loop {
        if let Some(first) = stream.peek() {
            statements += 1;
            findings.at = first.start;
            if command::command(&mut stream, catalog, &mut findings) == command::Form::Transaction {
                control += 1;
            }
        }
        if !stream.next_statement() {
            break;
        }
    }
    if 0 < control && control == statements {
        findings.marks.add(Marks::TRANSACTION_CONTROL);
    }
    if 1 < statements && findings.class == Class::Read && opens_transaction(&findings.effects) {
        findings.write(Reason::Transaction, b"begin");
    }
    if stream.is_doubtful() || !syntax.is_plain_for(text) {
        findings.marks.add(Marks::DOUBTFUL);
        findings.write(Reason::Doubtful, b"");
    }
    let hints = if stream.has_hint() {
        Hints::of(text, syntax.standard_conforming_strings)
    } else {
        Hints::default()
    };
    let statement = Statement {
        class: findings.class,
        reason: findings.reason,
        word: findings.word,
        effects: findings.effects.into(),
        hint: hints.route,
        asks: hints.asks,
        statements,
        marks: findings.marks,
        learned: Learned::default(),
    };
    (statement, findings.decided_at)
}

/// Whether it begins a transaction that a standby may not have: not read only, or serializable. A
/// SET TRANSACTION behind a BEGIN adds to what that said.
fn opens_transaction(effects: &[Effect]) -> bool {
    let is_bad = |modes: &Modes| {
        modes.access != Some(Access::ReadOnly) || modes.isolation == Some(Isolation::Serializable)
    };
    let mut begun: Option<Modes> = None;
    for effect in effects {
        match effect {
            // PostgreSQL warns of a second BEGIN and goes on with the first.
            Effect::Begin(modes) => begun = begun.or(Some(*modes)),
            Effect::SetTransaction(modes) => {
                let begun = begun.get_or_insert(Modes {
                    access: Some(Access::ReadOnly),
                    ..Modes::default()
                });
                begun.access = modes.access.or(begun.access);
                begun.isolation = modes.isolation.or(begun.isolation);
            }
            Effect::Commit { chain: true } | Effect::Rollback { chain: true } => return true,
            Effect::Commit { .. } | Effect::Rollback { .. }
                if begun.take().as_ref().is_some_and(is_bad) =>
            {
                return true;
            }
            _ => (),
        }
    }
    begun.as_ref().is_some_and(is_bad)
}

#[cfg(test)]
mod tests;
