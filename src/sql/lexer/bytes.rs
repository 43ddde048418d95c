//! The character classes of `scan.l`, and how far the longer tokens reach.

/// What a byte may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CharClass {
    Other,
    Space,
    Letter,
    Digit,
    Quote,
    DoubleQuote,
    Dollar,
    Dot,
    Colon,
    Operator,
    Punctuation,
}

/// What `byte` may begin.
pub(super) fn class(byte: u8) -> CharClass {
    CLASSES
        .get(usize::from(byte))
        .copied()
        .unwrap_or(CharClass::Other)
}

/// Whether it separates tokens. The vertical tab is a blank from PostgreSQL 16 on and an error
/// before.
pub(super) fn is_space(byte: u8) -> bool {
    class(byte) == CharClass::Space
}

/// Whether it may stand inside an identifier.
pub(super) fn is_word(byte: u8) -> bool {
    WORDS.get(usize::from(byte)).copied().unwrap_or(false)
}

/// What may stand within a string besides plain bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Escapes {
    /// Nothing: bit strings.
    None,
    /// A quote written twice.
    Doubling,
    /// That, and a backslash before any byte.
    Backslash,
}

/// Where the quote stands that ends a string; `rest` begins after the opening quote.
pub(super) fn find_string_end(rest: &[u8], escapes: Escapes) -> Option<usize> {
    let mut at = 0;
    loop {
        let tail = rest.get(at..)?;
        let found = match escapes {
            Escapes::None => return memchr::memchr(b'\'', tail),
            Escapes::Doubling => memchr::memchr(b'\'', tail)?,
            Escapes::Backslash => memchr::memchr2(b'\'', b'\\', tail)?,
        };
        let place = at + found;
        let doubled = rest.get(place + 1) == Some(&b'\'');
        if rest.get(place) == Some(&b'\'') && !doubled {
            return Some(place);
        }
        at = place + 2;
    }
}

/// The length of what joins a string to the next piece of it, that piece's opening quote
/// included: white space with a line end in it, line comments allowed. `None` if it ends here.
pub(super) fn continuation(rest: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut lines = false;
    loop {
        match (*rest.get(at)?, rest.get(at + 1)) {
            (b'\n' | b'\r', _) => {
                lines = true;
                at += 1;
            }
            (byte, _) if is_space(byte) => at += 1,
            (b'-', Some(b'-')) => {
                let tail = rest.get(at..)?;
                at += memchr::memchr2(b'\n', b'\r', tail)?;
            }
            (b'\'', _) if lines => return Some(at + 1),
            _ => return None,
        }
    }
}

/// The `$tag$` that `rest` begins with.
pub(super) fn dollar_delimiter(rest: &[u8]) -> Option<&[u8]> {
    let tag = rest.get(1..)?;
    let length = tag
        .iter()
        .take_while(|b| matches!(class(**b), CharClass::Letter | CharClass::Digit))
        .count();
    let closed = tag.get(length) == Some(&b'$');
    let named = tag.first().is_some_and(|b| !b.is_ascii_digit());
    if closed && named {
        rest.get(..length + 2)
    } else {
        None
    }
}

/// The length of the block comment that `rest` begins with, nested ones within; `None` if it does
/// not end.
pub(super) fn comment_length(rest: &[u8]) -> Option<usize> {
    let mut at = 2;
    let mut depth = 1_usize;
    while depth != 0 {
        at += memchr::memchr2(b'*', b'/', rest.get(at..)?)?;
        match (rest.get(at), rest.get(at + 1)) {
            (Some(b'*'), Some(b'/')) => {
                depth -= 1;
                at += 2;
            }
            (Some(b'/'), Some(b'*')) => {
                depth += 1;
                at += 2;
            }
            _ => at += 1,
        }
    }
    Some(at)
}

/// The length of the operator that `rest` begins with: up to a comment, and without a `+` or `-`
/// at its end unless it has a character that no SQL operator has.
///
/// A run too long for any operator is taken byte by byte, which keeps this linear: `+-+-…` would
/// otherwise be read to its end once per byte.
pub(super) fn operator_length(rest: &[u8]) -> usize {
    let is_operator = |b: &&u8| class(**b) == CharClass::Operator;
    let run = rest
        .iter()
        .take(OPERATOR_BYTES_MAX + 1)
        .take_while(is_operator)
        .count();
    if OPERATOR_BYTES_MAX < run {
        return 1;
    }
    let operator = rest.get(..run).unwrap_or_default();
    let comment = operator
        .windows(2)
        .position(|pair| matches!(pair, b"--" | b"/*"));
    let mut length = comment.unwrap_or(run).max(1);
    let odd = |b: &u8| b"~!@#^&|`?%".contains(b);
    let keeps_sign = operator.get(..length).unwrap_or_default().iter().any(odd);
    while !keeps_sign && 1 < length && matches!(operator.get(length - 1), Some(b'+' | b'-')) {
        length -= 1;
    }
    length
}

/// Whether a number may go on with `_` before its first digit here: `0x_1F` may.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LeadingUnderscore {
    Allowed,
    Refused,
}

/// The length of a run of digits with single underscores between them.
pub(super) fn digits(rest: &[u8], radix: u32, leading: LeadingUnderscore) -> usize {
    let is_digit = |b: Option<&u8>| b.is_some_and(|b| char::from(*b).is_digit(radix));
    let mut length = 0;
    loop {
        let joined = rest.get(length) == Some(&b'_')
            && is_digit(rest.get(length + 1))
            && (length != 0 || leading == LeadingUnderscore::Allowed);
        if joined {
            length += 2;
        } else if is_digit(rest.get(length)) {
            length += 1;
        } else {
            return length;
        }
    }
}

/// PostgreSQL refuses an operator of NAMEDATALEN bytes or more.
const OPERATOR_BYTES_MAX: usize = 64;

/// `is_word` as a table: words are most of a text.
const WORDS: [bool; 256] = words();

const fn words() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0_usize;
    #[expect(clippy::indexing_slicing, reason = "both tables have 256 places")]
    while byte < 256 {
        table[byte] = matches!(
            CLASSES[byte],
            CharClass::Letter | CharClass::Digit | CharClass::Dollar
        );
        byte += 1;
    }
    table
}

const CLASSES: [CharClass; 256] = classes();

const fn classes() -> [CharClass; 256] {
    let mut table = [CharClass::Other; 256];
    let mut byte = 0_u8;
    loop {
        let class = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => CharClass::Space,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80..=0xff => CharClass::Letter,
            b'0'..=b'9' => CharClass::Digit,
            b'\'' => CharClass::Quote,
            b'"' => CharClass::DoubleQuote,
            b'$' => CharClass::Dollar,
            b'.' => CharClass::Dot,
            b':' => CharClass::Colon,
            b'~' | b'!' | b'@' | b'#' | b'^' | b'&' | b'|' | b'`' | b'?' | b'+' | b'-' | b'*'
            | b'/' | b'%' | b'<' | b'>' | b'=' => CharClass::Operator,
            b',' | b'(' | b')' | b'[' | b']' | b';' => CharClass::Punctuation,
            _ => CharClass::Other,
        };
        #[expect(clippy::indexing_slicing, reason = "a u8 is within 256")]
        {
            table[byte as usize] = class;
        }
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}
