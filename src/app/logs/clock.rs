//! The time of a line as PgBouncer writes it.

use jiff::Zoned;

/// `2026-11-21 03:37:22.536 UTC`, now and here.
pub(super) fn stamp() -> String {
    show(&Zoned::now())
}

fn show(time: &Zoned) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S%.3f %Z").to_string()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::*;

    #[test]
    fn times_have_three_decimals_and_the_name_of_the_zone() {
        let time = Timestamp::new(1_700_000_000, 7_000_000).unwrap();
        let shown = show(&time.to_zoned(TimeZone::UTC));
        assert_eq!(shown, "2023-11-14 22:13:20.007 UTC");
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let shown = show(&time.to_zoned(zone));
        assert_eq!(shown, "2023-11-14 23:13:20.007 CET");
    }
}
