//! What is known of names: PostgreSQL's own functions and its keywords.
//!
//! `functions.txt` has the functions of PostgreSQL 15's `pg_proc` (all schemas of a new database,
//! one line for all overloads), and those that later versions added. The letter says where a call
//! may run: `a` anywhere, `n` the answer is about one node, `s` it lives in one session, `p` it
//! needs the primary. It comes from calling them on a primary and on a hot standby; what could not
//! be called was judged, with doubt for the primary. `keywords.txt` is `pg_get_keywords()`, with
//! later words added: `r` reserved, `c` and `t` the two kinds in between, `u` not reserved.

/// Where a call of a built-in function may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builtin {
    /// On any node.
    Anywhere,
    /// On the primary: the answer is about the node that gives it.
    PerNode,
    /// On the primary: it reads or changes one server's session.
    PerSession,
    /// On the primary: it writes, or fails on a standby.
    Primary,
}

/// How PostgreSQL reserves a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyword {
    /// May be any name.
    Unreserved,
    /// May be a column, not a function or type.
    ColumnName,
    /// May be a function or type, not a column.
    FunctionName,
    /// May be no name at all.
    Reserved,
}

/// The built-in function (all its overloads together) of this name, in lower case.
pub fn builtin(name: &[u8]) -> Option<Builtin> {
    match find(FUNCTIONS, name)? {
        b'a' => Some(Builtin::Anywhere),
        b'n' => Some(Builtin::PerNode),
        b's' => Some(Builtin::PerSession),
        _ => Some(Builtin::Primary),
    }
}

/// The keyword of this name, in lower case.
pub fn keyword(name: &[u8]) -> Option<Keyword> {
    match find(KEYWORDS, name)? {
        b'u' => Some(Keyword::Unreserved),
        b'c' => Some(Keyword::ColumnName),
        b't' => Some(Keyword::FunctionName),
        _ => Some(Keyword::Reserved),
    }
}

const FUNCTIONS: &[u8] = include_bytes!("functions.txt");
const KEYWORDS: &[u8] = include_bytes!("keywords.txt");

/// The letter of `name` in a table of lines `name letter`, sorted by the bytes of the names.
fn find(table: &[u8], name: &[u8]) -> Option<u8> {
    let (mut low, mut high) = (0, table.len());
    while low < high {
        // `low` is the start of a line and `high` the end of one; `middle` becomes a start.
        let guess = low.midpoint(high);
        let middle =
            memchr::memrchr(b'\n', table.get(low..guess)?).map_or(low, |place| low + place + 1);
        let end = middle + memchr::memchr(b'\n', table.get(middle..)?)?;
        let (key, letter) = split(table.get(middle..end)?)?;
        match key.cmp(name) {
            std::cmp::Ordering::Equal => return Some(letter),
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

fn split(line: &[u8]) -> Option<(&[u8], u8)> {
    let (letter, rest) = line.split_last()?;
    let (_, key) = rest.split_last()?;
    Some((key, *letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_the_tables_is_found() {
        for table in [FUNCTIONS, KEYWORDS] {
            let mut before: &[u8] = b"";
            for line in table.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
                let (key, letter) = split(line).unwrap();
                assert!(before < key, "sorted: {}", String::from_utf8_lossy(key));
                assert_eq!(find(table, key), Some(letter));
                before = key;
            }
        }
    }

    #[test]
    fn names_that_are_not_there_are_not_found() {
        for name in [
            "", "a", "zzz", "lowe", "lowerr", "lower a", "LOWER", "\n", " ",
        ] {
            assert_eq!(builtin(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn some_functions_are_where_they_belong() {
        for (name, expected) in [
            ("lower", Builtin::Anywhere),
            ("count", Builtin::Anywhere),
            ("now", Builtin::Anywhere),
            ("random", Builtin::Anywhere),
            ("nextval", Builtin::Primary),
            ("txid_current", Builtin::Primary),
            ("pg_backend_pid", Builtin::PerNode),
            ("pg_stat_get_db_sessions", Builtin::PerNode),
            ("pg_advisory_lock", Builtin::PerSession),
            ("currval", Builtin::PerSession),
            ("set_config", Builtin::PerSession),
        ] {
            assert_eq!(builtin(name.as_bytes()), Some(expected), "{name}");
        }
    }
}
