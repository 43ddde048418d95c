//! PgBouncer's userlist.txt: a line for each user, `"name" "secret"`.
//!
//! The format is that of load_auth_file in PgBouncer's src/loader.c, but for one thing: PgBouncer
//! stops at a line that it does not understand, we report it.

use crate::config::fault::Faults;
use crate::config::fault::Place;

/// One line of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The name of the user.
    pub(super) name: String,
    /// A password, `md5…` or `SCRAM-SHA-256$…`; empty: none.
    pub(super) secret: String,
    /// Where it stands.
    pub(super) place: Place,
}

/// The users of the file; lines that are not understood are in `faults`.
pub(super) fn read(file: &Place, text: &str, faults: &mut Faults) -> Vec<Line> {
    let mut found = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with(';') {
            continue;
        }
        let place = Place {
            line: Some(i + 1),
            ..file.clone()
        };
        match user(line) {
            Ok((name, secret)) => found.push(Line {
                name,
                secret,
                place,
            }),
            Err(message) => faults.add(&place, "", message),
        }
    }
    found
}

/// Longest name and secret in bytes: MAX_USERNAME and MAX_PASSWORD in PgBouncer's
/// include/bouncer.h, their final zero byte taken off.
const NAME_BYTES_MAX: usize = 127;
const SECRET_BYTES_MAX: usize = 2047;

fn user(line: &str) -> Result<(String, String), &'static str> {
    let broken = "`\"name\" \"secret\"` is expected";
    let (name, rest) = quoted(line).ok_or(broken)?;
    let (secret, _) = quoted(rest.trim_start()).ok_or(broken)?;
    if name.is_empty() {
        return Err("the name is empty");
    }
    if NAME_BYTES_MAX < name.len() {
        return Err("the name is longer than 127 bytes");
    }
    if SECRET_BYTES_MAX < secret.len() {
        return Err("the secret is longer than 2047 bytes");
    }
    Ok((name, secret))
}

/// The text in quotes at the start of `text`, where `""` stands for one quote, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('"')?;
    let mut found = String::new();
    loop {
        let (part, after) = rest.split_once('"')?;
        found.push_str(part);
        match after.strip_prefix('"') {
            Some(after) => {
                found.push('"');
                rest = after;
            }
            None => return Some((found, after)),
        }
    }
}
