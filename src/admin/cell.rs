//! Values of results: text, or nothing.

use std::fmt::Display;
use std::time::Duration;

use crate::wire::write::Column;
use crate::wire::write::ColumnType;

/// One value; `None` is NULL.
pub(super) type Cell = Option<String>;

/// The values of one row, one a column.
pub(super) type Row = Vec<Cell>;

/// A value.
pub(super) fn cell(value: impl Display) -> Cell {
    Some(value.to_string())
}

/// A duration in milliseconds, to the microsecond.
pub(super) fn millis(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64() * 1_000.0)
}

/// A number to the fourth digit, without zeros at its end.
pub(super) fn decimal(number: f64) -> String {
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A column of type `text`.
pub(super) const fn text(name: &str) -> Column<'_> {
    column(name, ColumnType::Text)
}

/// A column of type `integer`.
pub(super) const fn int4(name: &str) -> Column<'_> {
    column(name, ColumnType::Int4)
}

/// A column of type `bigint`.
pub(super) const fn int8(name: &str) -> Column<'_> {
    column(name, ColumnType::Int8)
}

/// A column of type `numeric`.
pub(super) const fn numeric(name: &str) -> Column<'_> {
    column(name, ColumnType::Numeric)
}

/// A column of type `bytea`.
pub(super) const fn bytea(name: &str) -> Column<'_> {
    column(name, ColumnType::Bytea)
}

const fn column(name: &str, kind: ColumnType) -> Column<'_> {
    Column { name, kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(millis(Duration::from_nanos(1_234_567)), "1.235");
        assert_eq!(millis(Duration::ZERO), "0.000");
        for (number, expected) in [
            (1.0, "1"),
            (0.25, "0.25"),
            (0.0, "0"),
            (10.0, "10"),
            (0.123_456, "0.1235"),
        ] {
            assert_eq!(decimal(number), expected);
        }
    }
}
