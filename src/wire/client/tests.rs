use super::*;

#[test]
fn bodies_are_read_in_place() {
    let parse = Parse::read(b"name\0SELECT 1\0\0\x01\0\0\0\x17").unwrap();
    assert_eq!((parse.name, parse.text), (&b"name"[..], &b"SELECT 1"[..]));
    assert_eq!(parse.types, b"\0\x01\0\0\0\x17");
    let bind = Bind::read(b"p\0s\0rest").unwrap();
    assert_eq!(
        (bind.portal, bind.statement, bind.rest),
        (&b"p"[..], &b"s"[..], &b"rest"[..])
    );
    assert_eq!(
        target(b"Sx\0", "Close").unwrap(),
        (Target::Statement, &b"x"[..])
    );
    assert_eq!(query(b"SELECT 1\0").unwrap(), b"SELECT 1");
}

#[test]
fn every_cut_of_a_body_is_refused() {
    let whole = b"name\0SELECT 1\0\0\x01\0\0\0\x17";
    for end in 0..whole.len() {
        assert!(Parse::read(&whole[..end]).is_err(), "{end} bytes");
    }
    for body in [&b""[..], b"S", b"Sx", b"Xx\0", b"Sx\0y"] {
        assert!(target(body, "Close").is_err(), "{body:?}");
    }
    assert!(query(b"SELECT 1").is_err());
    assert!(query(b"SELECT 1\0\0").is_err());
}
