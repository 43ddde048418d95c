//! Values as they stand in a file, and what options are read from them by.

use std::borrow::Cow;

/// A value before it is known what it should be: every format writes it as text or a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One text, number or truth value, as text. Numbers are in C's notation.
    One(String),
    /// A list of such.
    Many(Vec<String>),
}

/// What an option can be: it is set from a [`Value`] and shown as it would be written.
pub trait Field {
    /// Takes `value` over.
    ///
    /// # Errors
    /// What was expected ("a whole number"); then `self` is as before.
    fn set(&mut self, value: &Value) -> Result<(), Cow<'static, str>>;

    /// The value as a file would have it, so that `set` of it changes nothing; secrets as `…`.
    fn show(&self) -> String;

    /// What kind of value it is, in one or a few words.
    fn kind(&self) -> Cow<'static, str>;

    /// Whether it is 0 (for several numbers, whether one of them is).
    fn is_zero(&self) -> bool {
        false
    }

    /// Whether it must not be shown, not even when it is wrong.
    fn is_secret(&self) -> bool {
        false
    }
}

/// A type whose value is written as one text.
pub trait Scalar: Sized {
    /// What kind of value it is.
    fn kind() -> Cow<'static, str>;

    /// What was expected, with an article.
    fn expected() -> Cow<'static, str> {
        Cow::Owned(format!("a {}", Self::kind()))
    }

    /// The value that `text` stands for.
    fn parse(text: &str) -> Option<Self>;

    /// The text that stands for it.
    fn show(&self) -> String;

    /// Whether it is 0.
    fn is_zero(&self) -> bool {
        false
    }

    /// Whether it must not be shown.
    fn is_secret() -> bool {
        false
    }
}

impl<T: Scalar> Field for T {
    fn set(&mut self, value: &Value) -> Result<(), Cow<'static, str>> {
        let parsed = match value {
            Value::One(text) => T::parse(text),
            Value::Many(_) => None,
        };
        *self = parsed.ok_or_else(T::expected)?;
        Ok(())
    }

    fn show(&self) -> String {
        Scalar::show(self)
    }

    fn kind(&self) -> Cow<'static, str> {
        T::kind()
    }

    fn is_zero(&self) -> bool {
        Scalar::is_zero(self)
    }

    fn is_secret(&self) -> bool {
        T::is_secret()
    }
}

/// An empty text stands for `None`.
impl<T: Scalar> Scalar for Option<T> {
    fn kind() -> Cow<'static, str> {
        T::kind()
    }

    fn expected() -> Cow<'static, str> {
        T::expected()
    }

    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(None);
        }
        T::parse(text).map(Some)
    }

    fn show(&self) -> String {
        self.as_ref().map_or_else(String::new, Scalar::show)
    }

    fn is_zero(&self) -> bool {
        self.as_ref().is_some_and(Scalar::is_zero)
    }

    fn is_secret() -> bool {
        T::is_secret()
    }
}

/// A list, or one text with commas.
impl Field for Vec<String> {
    fn set(&mut self, value: &Value) -> Result<(), Cow<'static, str>> {
        let words: Vec<&str> = match value {
            Value::One(text) => text.split(',').collect(),
            Value::Many(words) => words.iter().map(String::as_str).collect(),
        };
        let words = words.into_iter().map(str::trim).filter(|w| !w.is_empty());
        *self = words.map(str::to_owned).collect();
        Ok(())
    }

    fn show(&self) -> String {
        self.join(", ")
    }

    fn kind(&self) -> Cow<'static, str> {
        Cow::Borrowed("list")
    }
}
