use super::*;

#[test]
fn followed_settings_are_laid_by_difference() {
    let mut server = Arc::new(Reported::default());
    server.on_status(b"TimeZone", b"UTC");
    server.on_status(b"application_name", b"");
    server.on_status(b"server_version", b"15.3");
    let mut session = Arc::clone(&server);
    session.on_status(b"application_name", b"it's");
    assert!(!Arc::ptr_eq(&server, &session));
    let (mut out, mut difference) = (BytesMut::new(), Difference::default());
    session.write_difference(&server, &mut difference, &mut out);
    assert_eq!(
        (&out[..], difference.count),
        (&b"SET \"application_name\" TO 'it''s';"[..], 1)
    );
    assert_eq!(session.value("TIMEZONE"), Some("UTC"));
    assert!(session.value("server_version").is_none() && !is_followed("server_version"));
}

#[test]
fn the_syntax_follows_what_was_reported() {
    let mut reported = Arc::new(Reported::default());
    assert_eq!(reported.syntax(), Syntax::default());
    reported.on_status(b"client_encoding", b"SJIS");
    assert!(!reported.syntax().ascii_safe_encoding);
    reported.on_status(b"client_encoding", b"UTF8");
    reported.on_status(b"standard_conforming_strings", b"off");
    assert!(reported.syntax().ascii_safe_encoding);
    assert!(!reported.syntax().standard_conforming_strings);
}
