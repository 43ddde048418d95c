//! What has been found out about a text so far.

use crate::sql::effect::Effect;
use crate::sql::statement::Class;
use crate::sql::statement::Marks;
use crate::sql::statement::Reason;

/// Grows while the text is read; the worst class wins, and the first reason for it.
pub(super) struct Findings {
    pub(super) class: Class,
    pub(super) reason: Reason,
    pub(super) word: Option<Box<str>>,
    pub(super) effects: Vec<Effect>,
    pub(super) marks: Marks,
    /// Where the token at hand begins.
    pub(super) at: usize,
    /// Where the token that decided begins.
    pub(super) decided_at: usize,
}

impl Findings {
    pub(super) fn new() -> Self {
        Self {
            class: Class::Neutral,
            reason: Reason::Empty,
            word: None,
            effects: Vec::new(),
            marks: Marks::default(),
            at: 0,
            decided_at: 0,
        }
    }

    /// Notes that something is of `class`.
    pub(super) fn judge(&mut self, class: Class, reason: Reason, word: &[u8]) {
        match reason {
            Reason::PerNode => self.marks.add(Marks::PER_NODE),
            Reason::PerSession => self.marks.add(Marks::PER_SESSION),
            _ => (),
        }
        if self.class < class || self.reason == Reason::Empty {
            self.class = class;
            self.reason = reason;
            self.decided_at = self.at;
            self.word = (!word.is_empty()).then(|| String::from_utf8_lossy(word).into());
        }
    }

    /// Notes that something needs the primary.
    pub(super) fn write(&mut self, reason: Reason, word: &[u8]) {
        self.judge(Class::Write, reason, word);
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Notes that its literals are part of what it means.
    pub(super) fn literal(&mut self) {
        self.marks.add(Marks::LITERAL);
    }
}
