//! How PgBouncer writes the values of its parameters, and what the same is in our own notation.

use std::time::Duration;

use crate::config::value::Scalar;

/// How the value of a parameter is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Form {
    /// As it is.
    Text,
    /// One of a few words.
    Word,
    /// A whole number in C's notation.
    Int,
    /// Likewise; 0 is no, every other number is yes.
    Flag,
    /// Likewise, of seconds.
    WholeSeconds,
    /// Likewise, of milliseconds.
    Milliseconds,
    /// Likewise, of permission bits.
    Mode,
    /// A decimal number of seconds.
    Seconds,
}

impl Form {
    /// What `text` is in our own notation; `None`: it is not of this form.
    pub(super) fn to_ours(self, text: &str) -> Option<String> {
        let int = || int(text);
        match self {
            Self::Text | Self::Word => Some(text.to_owned()),
            Self::Int => int().map(|n| n.to_string()),
            Self::Flag => int().map(|n| u8::from(n != 0).to_string()),
            Self::WholeSeconds => int().map(|n| n.to_string()),
            Self::Milliseconds => int().map(|n| if n == 0 { "0".into() } else { format!("{n}ms") }),
            Self::Mode => int().map(|n| format!("0{n:o}")),
            Self::Seconds => seconds(text),
        }
    }
}

impl Form {
    /// What `ours`, a text in our own notation, is in PgBouncer's.
    pub(super) fn to_theirs(self, ours: &str) -> String {
        let time = || <Duration as Scalar>::parse(ours).unwrap_or_default();
        match self {
            Self::Text | Self::Word => ours.to_owned(),
            Self::Int if ours.is_empty() => "0".to_owned(),
            Self::Int => ours.to_owned(),
            Self::Flag => u8::from(ours == "true").to_string(),
            Self::WholeSeconds => time().as_secs().to_string(),
            Self::Milliseconds => time().as_millis().to_string(),
            Self::Mode => format!("0{}", ours.trim_start_matches(['0', 'o'])),
            Self::Seconds => time().as_secs_f64().to_string(),
        }
    }
}

/// A whole number as C's strtol reads it with base 0, and nothing behind it.
fn int(text: &str) -> Option<i32> {
    let text = text.trim_start_matches(is_c_space);
    let (is_negative, digits) = match (text.strip_prefix('-'), text.strip_prefix('+')) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => (false, text),
    };
    let hex = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"));
    let (digits, radix) = match (hex, digits.strip_prefix('0')) {
        (Some(hex), _) => (hex, 16),
        (None, Some(octal)) if !octal.is_empty() => (octal, 8),
        (None, _) => (digits, 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let number = i64::from_str_radix(digits, radix).ok()?;
    let number = if is_negative { -number } else { number };
    i32::try_from(number).ok()
}

/// What C's isspace takes for a blank.
fn is_c_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r')
}

/// Nothing lasts longer than this many seconds (ten years); what is said to is cut to it.
const SECONDS_MAX: f64 = 3650.0 * 86_400.0;

/// A number of seconds as C's strtod reads it, and nothing behind it.
fn seconds(text: &str) -> Option<String> {
    let text = text.trim_start_matches(is_c_space);
    let number: f64 = text.parse().ok()?;
    if number.is_nan() || number < 0.0 {
        return None;
    }
    // Without exponent, in microseconds: finer times PgBouncer does not know either.
    let text = format!("{:.6}", number.min(SECONDS_MAX));
    let text = text.trim_end_matches('0').trim_end_matches('.');
    Some(text.to_owned())
}
