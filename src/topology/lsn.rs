//! Positions in the write-ahead log.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A position in the write-ahead log, in bytes. Positions compare only within one timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lsn(pub u64);

/// A text that is not a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected a WAL position such as 0/16B3748")]
pub struct NotAnLsn;

/// How the write-ahead log is cut into pages and segments; fixed when a cluster is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalLayout {
    page_bytes: u64,
    segment_bytes: u64,
}

impl WalLayout {
    /// Checks that both are powers of two and in order; PostgreSQL allows nothing else.
    pub fn new(page_bytes: u64, segment_bytes: u64) -> Option<Self> {
        let fits = page_bytes.is_power_of_two()
            && segment_bytes.is_power_of_two()
            && PAGE_BYTES_MIN <= page_bytes
            && page_bytes <= segment_bytes;
        fits.then_some(Self {
            page_bytes,
            segment_bytes,
        })
    }

    /// The position that replay reaches when it has replayed everything before the insert
    /// position `lsn`.
    ///
    /// At the start of a page the next record goes behind the page's header, and there the insert
    /// position already is; replay stays in front of the header until that record comes
    /// (XLogBytePosToRecPtr and XLogBytePosToEndRecPtr in src/backend/access/transam/xlog.c).
    pub fn replayable(self, lsn: Lsn) -> Lsn {
        if lsn.0 % self.segment_bytes == LONG_HEADER_BYTES {
            Lsn(lsn.0 - LONG_HEADER_BYTES)
        } else if lsn.0 % self.page_bytes == SHORT_HEADER_BYTES
            && SHORT_HEADER_BYTES < lsn.0 % self.segment_bytes
        {
            Lsn(lsn.0 - SHORT_HEADER_BYTES)
        } else {
            lsn
        }
    }
}

impl Default for WalLayout {
    fn default() -> Self {
        Self {
            page_bytes: 8 * 1024,
            segment_bytes: 16 * 1024 * 1024,
        }
    }
}

impl Lsn {
    /// Bytes from `earlier` to here; 0 if it is not earlier.
    pub fn bytes_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl FromStr for Lsn {
    type Err = NotAnLsn;

    fn from_str(text: &str) -> Result<Self, NotAnLsn> {
        let (high, low) = text.split_once('/').ok_or(NotAnLsn)?;
        Ok(Self(half(high)? << 32 | half(low)?))
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 & 0xFFFF_FFFF)
    }
}

/// One to eight hexadecimal digits and nothing else.
fn half(digits: &str) -> Result<u64, NotAnLsn> {
    if digits.is_empty() || 8 < digits.len() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(NotAnLsn);
    }
    u64::from_str_radix(digits, 16).map_err(|_| NotAnLsn)
}

/// SizeOfXLogLongPHD in src/include/access/xlog_internal.h.
const LONG_HEADER_BYTES: u64 = 40;

/// SizeOfXLogShortPHD, there too.
const SHORT_HEADER_BYTES: u64 = 24;

const PAGE_BYTES_MIN: u64 = 1024;

#[cfg(test)]
mod tests;
