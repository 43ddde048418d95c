//! What the statements of a batch ask for together, where that is not what the session's settings
//! ask for: by hints, and by `SET` of our settings within the batch.
//!
//! One node serves the batch, so it has to do for the most demanding of its statements.

use crate::route::freshness::Freshness;
use crate::session::Rules;
use crate::session::Session;
use crate::session::wishes::Wishes;
use crate::sql::effect::Effect;
use crate::sql::statement::Class;
use crate::sql::statement::Statement;

/// What was found in a batch so far that is not as the session's settings are.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// What the session wishes behind the settings that the batch has changed.
    set: Option<Wishes>,
    /// What its statements ask for.
    freshness: Option<Freshness>,
}

/// What a session wishes apart from the batch.
#[derive(Clone, Copy)]
struct Standing<'a> {
    /// By its settings.
    settings: &'a Wishes,
    /// By those it would have after `RESET`.
    base: &'a Wishes,
    rules: &'a Rules,
}

impl Asked {
    /// What the batch asks for, if that is not what the settings do.
    pub(super) fn freshness(&self) -> Option<Freshness> {
        self.freshness
    }

    /// Takes one more statement in; `earlier` is the class of those before it.
    fn add(&mut self, statement: &Statement, earlier: Class, standing: Standing<'_>) {
        let Standing {
            settings,
            base,
            rules,
        } = standing;
        let before = self.set.unwrap_or(*settings);
        let mut after = before;
        for effect in &statement.effects {
            apply(effect, &mut after, base);
        }
        if changes_ours(statement) {
            self.set = Some(after);
        }
        if statement.class == Class::Neutral {
            return;
        }
        // In which order a text of several statements sets and reads is not known.
        let asks = |wishes: Wishes| wishes.hinted(&statement.asks).freshness(rules);
        let here = asks(before).and(asks(after));
        let before = match earlier {
            Class::Neutral => None,
            Class::Read | Class::Write => {
                Some(self.freshness.unwrap_or_else(|| settings.freshness(rules)))
            }
        };
        self.freshness = Some(before.map_or(here, |before| here.and(before)));
    }
}

impl Session {
    /// A statement of the batch that is looked at, before it is counted among its facts.
    pub(super) fn scan_asks(&mut self, statement: &Statement) {
        let is_plain = statement.asks.is_empty() && !changes_ours(statement);
        if is_plain && self.scan.asked.is_none() {
            return;
        }
        let standing = Standing {
            settings: self.settings.wishes(),
            base: self.base.wishes(),
            rules: &self.rules,
        };
        let asked = self.scan.asked.get_or_insert_default();
        asked.add(statement, self.scan.facts.class, standing);
    }
}

fn changes_ours(statement: &Statement) -> bool {
    statement.effects.iter().any(is_of_ours)
}

fn is_of_ours(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::OwnSet { .. } | Effect::OwnReset(_) | Effect::ResetAll
    )
}

fn apply(effect: &Effect, wishes: &mut Wishes, base: &Wishes) {
    match effect {
        // A wrong one is refused when it comes to that.
        Effect::OwnSet { name, value } => drop(wishes.set(name, value)),
        Effect::OwnReset(_) | Effect::ResetAll => *wishes = *base,
        _ => (),
    }
}

#[cfg(test)]
mod tests;
