//! Reads the files of a configuration, with words for what can go wrong.

use std::fs::File;
use std::io;
use std::io::ErrorKind;
use std::io::Read;
use std::path::Path;

/// The text of a file.
///
/// # Errors
/// What is wrong with it, to be said after its name: `does not exist`.
pub(super) fn text_of(path: &Path) -> Result<String, String> {
    let bytes = bytes_of(path).map_err(|e| in_words(&e))?;
    decode(bytes)
}

/// The text of a file.
///
/// # Errors
/// What is wrong with it as the system says it: `No such file or directory`.
pub(super) fn text_or_error(path: &Path) -> Result<String, String> {
    let bytes = bytes_of(path).map_err(|e| system_words(&e))?;
    decode(bytes)
}

fn decode(bytes: Vec<u8>) -> Result<String, String> {
    let text = String::from_utf8(bytes).map_err(|e| {
        let good = e.as_bytes().get(..e.utf8_error().valid_up_to());
        let line = 1 + good
            .unwrap_or_default()
            .iter()
            .filter(|b| **b == b'\n')
            .count();
        format!("is not UTF-8 (line {line})")
    })?;
    match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => Ok(rest.to_owned()),
        None => Ok(text),
    }
}

/// What some editors put in front of UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Whether a file is there and may be read.
///
/// # Errors
/// As of [`text_of`].
pub(super) fn check(path: &Path) -> Result<(), String> {
    bytes_of(path).map(|_| ()).map_err(|e| in_words(&e))
}

/// Files longer than this are refused: nobody writes them, and a device may never end.
const FILE_BYTES_MAX: u64 = 16 << 20;

fn bytes_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)?;
    if FILE_BYTES_MAX < u64::try_from(bytes.len()).unwrap_or(u64::MAX) {
        return Err(ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

/// The words of strerror(3).
fn system_words(error: &io::Error) -> String {
    let shown = error.to_string();
    let number = shown.rfind(" (os error ").unwrap_or(shown.len());
    shown.get(..number).unwrap_or_default().to_owned()
}

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "does not exist".to_owned(),
        ErrorKind::PermissionDenied => "may not be read by this user".to_owned(),
        ErrorKind::IsADirectory => "is a folder, not a file".to_owned(),
        ErrorKind::FileTooLarge => "is longer than 16 MiB".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}
