//! Positions: text, and the correction for page headers.

use proptest::prelude::*;

use crate::topology::lsn::*;

#[test]
fn text_round_trips() {
    for (text, lsn) in [
        ("0/0", 0),
        ("0/4000368", 0x400_0368),
        ("16/B374D848", 0x16_B374_D848),
        ("FFFFFFFF/FFFFFFFF", u64::MAX),
    ] {
        assert_eq!(text.parse(), Ok(Lsn(lsn)));
        assert_eq!(Lsn(lsn).to_string(), text);
    }
}

#[test]
fn other_texts_are_refused() {
    for text in [
        "",
        "/",
        "0",
        "0/",
        "/0",
        "0/G",
        "0/+1",
        "0/123456789",
        "0/1 ",
        "-1/0",
        "0/0/0",
    ] {
        assert_eq!(text.parse::<Lsn>(), Err(NotAnLsn), "{text}");
    }
}

#[test]
fn page_headers_are_taken_off() {
    const SEGMENT: u64 = 16 << 20;
    for (insert, replayed) in [
        // After pg_switch_wal() on an idle primary: behind the segment's long header.
        (5 * SEGMENT + 40, 5 * SEGMENT),
        // Behind a page's short header.
        (5 * SEGMENT + 8192 + 24, 5 * SEGMENT + 8192),
        // In the middle of a page.
        (5 * SEGMENT + 8192 + 40, 5 * SEGMENT + 8192 + 40),
        (5 * SEGMENT + 8192 + 32, 5 * SEGMENT + 8192 + 32),
        (0x400_0368, 0x400_0368),
        // 24 bytes into a segment is inside its long header: no insert position, left alone.
        (5 * SEGMENT + 24, 5 * SEGMENT + 24),
    ] {
        let layout = WalLayout::default();
        assert_eq!(layout.replayable(Lsn(insert)), Lsn(replayed), "{insert:X}");
    }
}

/// 40 bytes into a page that starts a 1 MB segment, but not a 16 MB one, is a record's end: taking
/// it back would certify a replica that lacks that record.
#[test]
fn segment_size_matters() {
    let lsn = Lsn((1 << 20) + 40);
    assert_eq!(WalLayout::default().replayable(lsn), lsn);
    let small = WalLayout::new(8192, 1 << 20).unwrap();
    assert_eq!(small.replayable(lsn), Lsn(1 << 20));
}

#[test]
fn layouts_that_cannot_be_are_refused() {
    for (page, segment) in [
        (0, 0),
        (8192, 0),
        (8192, 4096),
        (8191, 1 << 24),
        (512, 1 << 24),
    ] {
        assert_eq!(WalLayout::new(page, segment), None, "{page} {segment}");
    }
}

proptest! {
    #[test]
    fn display_parses(lsn: u64) {
        prop_assert_eq!(Lsn(lsn).to_string().parse(), Ok(Lsn(lsn)));
    }

    #[test]
    fn any_text_is_safe(text: String) {
        let _ = text.parse::<Lsn>();
    }

    #[test]
    fn the_correction_is_never_more_than_a_header(lsn: u64) {
        let less = WalLayout::default().replayable(Lsn(lsn));
        prop_assert!(Lsn(lsn).bytes_since(less) <= 40 && less <= Lsn(lsn));
    }
}
