//! What hangs on batches in front of the one that is being sent: a batch that fails is skipped to
//! its Sync, with all that it was to define or close.

use crate::session::expect::Expect;
use crate::session::expect::Expects;

impl Expects {
    /// Whether something in front of the batch that is being sent changes what names stand for.
    pub fn has_earlier_names(&self) -> bool {
        self.naming != 0 && self.open != 0
    }

    /// Whether the client's name for a statement is given or taken by a batch that may fail.
    pub fn is_name_in_doubt(&self, name: &[u8]) -> bool {
        self.earlier().any(|expect| match expect {
            Expect::Named { name: n, .. }
            | Expect::SayParsed { name: n, .. }
            | Expect::SayClosed(n) => **n == *name,
            _ => false,
        })
    }

    /// Whether a batch that may fail gives the server the text of this number, or takes it.
    pub fn is_text_in_doubt(&self, id: u64) -> bool {
        self.earlier().any(|expect| match expect {
            Expect::Named { prepared, .. }
            | Expect::HiddenParse(prepared)
            | Expect::HiddenClose(prepared) => prepared.id == id,
            _ => false,
        })
    }

    /// Whether a batch that may fail decides what the unnamed statement was before.
    pub fn is_unnaming_in_doubt(&self) -> bool {
        self.earlier().any(|e| matches!(e, Expect::Unnaming(_)))
    }

    /// Whether a batch that may fail decides what the server has as the unnamed statement.
    pub fn is_unnamed_in_doubt(&self) -> bool {
        let is_here = |e: &Expect| matches!(e, Expect::Unnamed { .. });
        self.earlier()
            .any(|e| matches!(e, Expect::Unnaming(_) | Expect::Hidden))
            && !self.queue.range(self.here()..).any(is_here)
    }

    /// What was to close this text on the server finds nothing to close.
    pub fn forget_close(&mut self, id: u64) {
        for expect in &mut self.queue {
            if matches!(expect, Expect::HiddenClose(prepared) if prepared.id == id) {
                *expect = Expect::Hidden;
            }
        }
    }

    /// The unnamed statement of this version failed to parse: it does not come back if what was to
    /// replace it is skipped.
    pub fn forget_unnamed(&mut self, version: u64) {
        for expect in &mut self.queue {
            if let Expect::Unnaming(before) = expect
                && before.version == version
            {
                before.forget();
            }
        }
    }

    /// What is owed to batches in front of the one that is being sent.
    fn earlier(&self) -> impl Iterator<Item = &Expect> {
        let end = if self.has_earlier_names() {
            self.here()
        } else {
            0
        };
        self.queue.range(..end)
    }

    /// The place of the first that is owed to the batch that is being sent.
    fn here(&self) -> usize {
        let last = self.queue.iter().rposition(Expect::is_synced);
        last.map_or(0, |place| place + 1)
    }
}

impl Expect {
    /// Whether it is what a server skips to after an error.
    pub(super) fn is_synced(&self) -> bool {
        matches!(self, Self::Synced { .. } | Self::Ahead { .. })
    }
}
