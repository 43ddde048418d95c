//! Values and names as SQL text that any server reads back unchanged.

/// Appends `value` as a literal that is read alike whatever `standard_conforming_strings` is:
/// `'a''b'`, or ` E'a\\b'` when it holds a backslash.
pub fn literal(out: &mut Vec<u8>, value: &[u8]) {
    let escaped = value.contains(&b'\\');
    if escaped {
        // The space keeps the E from joining a word before it, as PostgreSQL's quote_literal does.
        out.extend_from_slice(b" E");
    }
    quoted(out, value, b'\'', escaped);
}

/// Appends `name` as a quoted identifier: `"a""b"`.
pub fn identifier(out: &mut Vec<u8>, name: &[u8]) {
    quoted(out, name, b'"', false);
}

fn quoted(out: &mut Vec<u8>, inner: &[u8], quote: u8, escaped: bool) {
    out.reserve(inner.len().saturating_add(2));
    out.push(quote);
    for &byte in inner {
        if byte == quote || (escaped && byte == b'\\') {
            out.push(byte);
        }
        out.push(byte);
    }
    out.push(quote);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_double_quotes_and_backslashes() {
        for (value, expected) in [
            ("", "''"),
            ("a", "'a'"),
            ("it's", "'it''s'"),
            (r"a\b'", r" E'a\\b'''"),
            ("\"x\"", "'\"x\"'"),
        ] {
            let mut out = Vec::new();
            literal(&mut out, value.as_bytes());
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn identifiers_double_quotes() {
        for (name, expected) in [
            ("a", r#""a""#),
            (r#"a"b"#, r#""a""b""#),
            ("A.b", r#""A.b""#),
        ] {
            let mut out = Vec::new();
            identifier(&mut out, name.as_bytes());
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
