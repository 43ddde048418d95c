use proptest::prelude::*;

use super::*;

const CLIENT: Side = Side::Client {
    bytes_max: LARGE_BYTES_MAX,
};

fn frame(tag: u8, body: usize) -> Vec<u8> {
    let mut bytes = vec![tag];
    bytes.extend(u32::try_from(body + 4).unwrap().to_be_bytes());
    bytes.resize(body + 5, 7);
    bytes
}

/// All pieces of `stream` when it is shown `step` more bytes at a time.
fn pieces(side: Side, stream: &[u8], step: usize) -> Result<Vec<(u8, Part, usize)>, Fault> {
    let (mut frames, mut found, mut start, mut end) = (Frames::new(side), Vec::new(), 0, 0);
    while end < stream.len() {
        end = (end + step).min(stream.len());
        while let Some(piece) = frames.next(&stream[start..end])? {
            found.push((piece.tag, piece.part, piece.size));
            start += piece.size;
        }
    }
    Ok(found)
}

#[test]
fn frames_come_whole_however_they_are_cut() {
    let stream = [frame(b'Q', 9), frame(b'S', 0), frame(b'B', 300)].concat();
    for step in 1..=stream.len() {
        assert_eq!(
            pieces(CLIENT, &stream, step).unwrap(),
            [
                (b'Q', Part::Whole, 14),
                (b'S', Part::Whole, 5),
                (b'B', Part::Whole, 305)
            ],
            "{step} bytes at a time"
        );
    }
}

#[test]
fn large_frames_come_in_parts_and_the_first_is_large() {
    let stream = [frame(b'B', 200_000), frame(b'S', 0)].concat();
    for step in [1, 1000, 70_000] {
        let found = pieces(CLIENT, &stream, step).unwrap();
        assert_eq!(found[0].1, Part::First);
        assert!(PIECE_BYTES <= found[0].2, "{step}");
        assert_eq!(found[found.len() - 2].1, Part::Last);
        assert_eq!(found[found.len() - 1], (b'S', Part::Whole, 5));
        assert_eq!(found.iter().map(|p| p.2).sum::<usize>(), stream.len());
    }
}

#[test]
fn rows_flow_in_parts_of_any_size() {
    let found = pieces(Side::Server, &frame(b'D', 20), 10).unwrap();
    assert_eq!(
        found,
        [
            (b'D', Part::First, 10),
            (b'D', Part::Middle, 10),
            (b'D', Part::Last, 5)
        ]
    );
}

#[test]
fn bad_lengths_and_tags_are_refused_before_they_size_anything() {
    let check = |side, bytes: &[u8], expected| {
        assert_eq!(Frames::new(side).next(bytes), Err(expected), "{bytes:?}");
    };
    check(
        CLIENT,
        b"Q\0\0\0\0",
        Fault::TooShort {
            tag: b'Q',
            bytes: 0,
        },
    );
    check(
        CLIENT,
        b"Q\0\0\0\x03",
        Fault::TooShort {
            tag: b'Q',
            bytes: 3,
        },
    );
    let long = |tag, bytes, bytes_max| Fault::TooLong {
        tag,
        bytes,
        bytes_max,
    };
    check(
        CLIENT,
        b"Q\x7f\xff\xff\xff",
        long(b'Q', 0x7fff_ffff, LARGE_BYTES_MAX),
    );
    check(
        CLIENT,
        b"Q\xff\xff\xff\xff",
        long(b'Q', u32::MAX, LARGE_BYTES_MAX),
    );
    check(
        CLIENT,
        b"S\0\0\x27\x11",
        long(b'S', 10_001, SMALL_BYTES_MAX),
    );
    check(CLIENT, b"?\0\0\0\x04", Fault::UnknownTag { tag: b'?' });
    check(CLIENT, b"?", Fault::UnknownTag { tag: b'?' });
    check(
        Side::Server,
        b"D\x80\0\0\0",
        long(b'D', 0x8000_0000, SERVER_BYTES_MAX),
    );
    check(Side::Server, b"\0\0\0\0\x04", Fault::UnknownTag { tag: 0 });
}

proptest! {
    #[test]
    fn pieces_cover_the_stream(
        bodies in prop::collection::vec((0usize..3, 0usize..150_000), 1..6), step in 1usize..90_000
    ) {
        let tags = [b'Q', b'd', b'B'];
        let stream: Vec<u8> =
            bodies.iter().flat_map(|(tag, body)| frame(tags[*tag], *body)).collect();
        let found = pieces(CLIENT, &stream, step).unwrap();
        prop_assert_eq!(found.iter().map(|p| p.2).sum::<usize>(), stream.len());
        let starts = found.iter().filter(|p| matches!(p.1, Part::Whole | Part::First)).count();
        prop_assert_eq!(starts, bodies.len());
    }

    #[test]
    fn any_bytes_are_cut_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = pieces(CLIENT, &bytes, 1);
        let _ = pieces(Side::Server, &bytes, 3);
    }
}
