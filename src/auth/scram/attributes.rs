//! Reads SCRAM's comma-separated `a=value` attributes.

/// A cursor over attributes that must come in a fixed order.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a>(Option<&'a [u8]>);

impl<'a> Attributes<'a> {
    /// Starts at the first attribute.
    pub fn new(message: &'a [u8]) -> Self {
        Self(Some(message))
    }

    /// The letter of the next attribute, if there is one.
    pub fn peek(&self) -> Option<u8> {
        self.0?.first().copied()
    }

    /// The value of the next attribute, which must be `letter`'s.
    pub fn value(&mut self, letter: u8) -> Option<&'a [u8]> {
        let (found, value) = self.next()?;
        (found == letter).then_some(value)
    }

    /// The next attribute: its letter and value; `None` if it is no attribute or there is none.
    #[expect(clippy::should_implement_trait, reason = "`None` is not only the end")]
    pub fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let rest = self.0?;
        let (attribute, rest) = match rest.iter().position(|byte| *byte == b',') {
            Some(comma) => (rest.get(..comma)?, rest.get(comma + 1..)),
            None => (rest, None),
        };
        self.0 = rest;
        match attribute {
            [letter, b'=', value @ ..] if letter.is_ascii_alphabetic() => Some((*letter, value)),
            _ => None,
        }
    }

    /// Whether all attributes were read.
    pub fn is_at_end(&self) -> bool {
        self.0.is_none()
    }
}
