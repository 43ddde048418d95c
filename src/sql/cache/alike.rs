//! Texts that are the statement of one seen before but for plain numbers.
//!
//! Programs that write values into their texts send one text after the other that differ in a number.
//! To see that, the bytes between the numbers are compared, where a key ([`crate::sql::key`]) would
//! take reading all tokens.
//!
//! A number is plain if it is digits alone and its neighbours can be part of no number, word, string or
//! parameter. Then other digits in its place are a number of the same place and kind, and change no
//! other token: such texts have one key.

use std::ops::Range;
use std::sync::Arc;

use crate::sql::lexer::Kind;
use crate::sql::lexer::Lexer;
use crate::sql::statement::Statement;

/// A few texts, each in a slot that its beginning determines.
pub(super) struct Alike {
    slots: Box<[Option<Sample>]>,
}

impl Alike {
    pub(super) fn new() -> Self {
        Self {
            slots: std::iter::repeat_with(|| None).take(SLOTS).collect(),
        }
    }

    /// The statement of a text that was kept and differs from `text` in plain numbers, if at all.
    pub(super) fn find(&self, text: &[u8]) -> Option<&Arc<Statement>> {
        let sample = self.slots.get(slot(text)?)?.as_ref()?;
        sample.is_like(text).then_some(&sample.statement)
    }

    /// Keeps a text whose statement is that of all texts of its key.
    pub(super) fn keep(&mut self, text: &[u8], statement: &Arc<Statement>) {
        let place = slot(text).and_then(|slot| self.slots.get_mut(slot));
        if let Some(place) = place
            && let Some(sample) = Sample::new(text, statement)
        {
            *place = Some(sample);
        }
    }

    pub(super) fn clear(&mut self) {
        self.slots.fill_with(|| None);
    }
}

/// A text, where its plain numbers are, and what it is.
struct Sample {
    text: Box<[u8]>,
    numbers: Box<[Range<usize>]>,
    statement: Arc<Statement>,
}

impl Sample {
    /// `None` if it has no plain number, or is too long to be kept.
    fn new(text: &[u8], statement: &Arc<Statement>) -> Option<Self> {
        if TEXT_BYTES_MAX < text.len() {
            return None;
        }
        let numbers = plain_numbers(text);
        (!numbers.is_empty()).then(|| Self {
            text: text.into(),
            numbers,
            statement: Arc::clone(statement),
        })
    }

    /// Whether `text` is this one with other digits in its plain numbers.
    fn is_like(&self, text: &[u8]) -> bool {
        let (mut rest, mut from) = (text, 0);
        for number in &self.numbers {
            let fixed = self.text.get(from..number.start).unwrap_or_default();
            let Some(tail) = rest.strip_prefix(fixed) else {
                return false;
            };
            let digits = tail.iter().take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            rest = tail.get(digits..).unwrap_or_default();
            from = number.end;
        }
        Some(rest) == self.text.get(from..)
    }
}

/// Where the plain numbers of a text are.
fn plain_numbers(text: &[u8]) -> Box<[Range<usize>]> {
    let mut lexer = Lexer::new(text, true);
    let tokens = std::iter::from_fn(|| lexer.next_token());
    tokens
        .filter(|token| token.kind == Kind::Number)
        .map(|token| token.start..token.end)
        .filter(|number| is_plain(text, number))
        .collect()
}

fn is_plain(text: &[u8], number: &Range<usize>) -> bool {
    let digits = text.get(number.clone()).unwrap_or_default();
    let before = number.start.checked_sub(1).and_then(|at| text.get(at));
    digits.iter().all(u8::is_ascii_digit)
        && before.is_none_or(|b| ends_token(*b))
        && text.get(number.end).is_none_or(|b| ends_token(*b))
}

/// Whether a byte is part of no token that digits could belong to or could continue.
fn ends_token(byte: u8) -> bool {
    byte.is_ascii()
        && !byte.is_ascii_alphanumeric()
        && !matches!(byte, b'_' | b'$' | b'.' | b'\'' | b'"' | b'\\')
}

/// The slot of all texts that begin as this one up to the first digit; `None` without a digit.
fn slot(text: &[u8]) -> Option<usize> {
    let at = first_digit(text)?;
    let last = text.get(..at).and_then(<[u8]>::last_chunk::<8>);
    let last = last.map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let hash = (last ^ at as u64).wrapping_mul(SPREAD);
    usize::try_from(hash >> (u64::BITS - SLOTS.ilog2())).ok()
}

/// Looks at sixteen bytes at a time, for which processors have one instruction.
fn first_digit(text: &[u8]) -> Option<usize> {
    const BYTES: usize = 16;
    let has_digit = |chunk: &&[u8; BYTES]| {
        chunk
            .iter()
            .fold(false, |has, byte| has | byte.is_ascii_digit())
    };
    let (chunks, _) = text.as_chunks::<BYTES>();
    let skipped = BYTES * chunks.iter().take_while(|chunk| !has_digit(chunk)).count();
    let rest = text.get(skipped..)?;
    Some(skipped + rest.iter().position(u8::is_ascii_digit)?)
}

/// A power of two.
const SLOTS: usize = 64;

/// The longest text that is kept: all together are 64 KiB at the most.
const TEXT_BYTES_MAX: usize = 1024;

/// 2⁶⁴ over the golden ratio.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

#[cfg(test)]
mod tests;
