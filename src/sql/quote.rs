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

/// Appends a list of names as SET takes it: `app, "A b"` becomes `"app", "A b"`, and a list of none
/// `''`. Whether `list` is one; if not, nothing is appended.
///
/// It is read as PostgreSQL reads a string that holds such a list: `SplitIdentifierString` in
/// src/backend/utils/adt/varlena.c.
#[must_use]
pub fn names(out: &mut Vec<u8>, list: &[u8]) -> bool {
    let Some(names) = split(list) else {
        return false;
    };
    if names.is_empty() {
        literal(out, b"");
    }
    for (i, name) in names.iter().enumerate() {
        if i != 0 {
            out.extend_from_slice(b", ");
        }
        match name.as_slice() {
            // No quoted identifier is empty.
            b"" => literal(out, b""),
            name => identifier(out, name),
        }
    }
    true
}

/// The names of a list, without their quotes.
fn split(list: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    let mut rest = list.trim_ascii_start();
    if rest.is_empty() {
        return Some(names);
    }
    loop {
        let (name, behind) = match rest.strip_prefix(b"\"") {
            Some(inner) => quoted_name(inner)?,
            None => plain_name(rest)?,
        };
        names.push(name);
        rest = behind.trim_ascii_start();
        match rest.strip_prefix(b",") {
            Some(more) => rest = more.trim_ascii_start(),
            None if rest.is_empty() => return Some(names),
            None => return None,
        }
    }
}

/// A name up to its closing quote, and what is behind that.
fn quoted_name(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut name = Vec::new();
    loop {
        let end = rest.iter().position(|byte| *byte == b'"')?;
        name.extend_from_slice(rest.get(..end)?);
        rest = rest.get(end + 1..)?;
        match rest.strip_prefix(b"\"") {
            Some(more) => rest = more,
            None => return Some((name, rest)),
        }
        name.push(b'"');
    }
}

/// A name up to a comma or blank, in lower case, and what is behind it.
fn plain_name(rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let is_end = |byte: &u8| *byte == b',' || byte.is_ascii_whitespace();
    let size = rest.iter().position(is_end).unwrap_or(rest.len());
    let (name, behind) = rest.split_at_checked(size)?;
    (!name.is_empty()).then(|| (name.to_ascii_lowercase(), behind))
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

    #[test]
    fn lists_of_names_are_split_as_postgresql_splits_them() {
        for (list, expected) in [
            ("", Some("''")),
            (" ", Some("''")),
            ("app", Some(r#""app""#)),
            ("App,public", Some(r#""app", "public""#)),
            (" a , b ", Some(r#""a", "b""#)),
            (r#""$user", public"#, Some(r#""$user", "public""#)),
            (r#""A b","c,d""#, Some(r#""A b", "c,d""#)),
            (r#""a""b""#, Some(r#""a""b""#)),
            (r#""""#, Some("''")),
            (r#"a"b"#, Some(r#""a""b""#)),
            ("it's", Some(r#""it's""#)),
            ("ä", Some(r#""ä""#)),
            ("a b", None),
            ("a,", None),
            (",a", None),
            ("a,,b", None),
            (r#""a"#, None),
            (r#""a"b"#, None),
        ] {
            let mut out = Vec::new();
            let is_list = names(&mut out, list.as_bytes());
            let found = is_list.then(|| String::from_utf8(out).unwrap());
            assert_eq!(found.as_deref(), expected, "{list}");
        }
    }
}
