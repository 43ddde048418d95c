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

// PostgreSQL 18 reports the search path; an empty one was laid as no value at all.
#[test]
fn a_reported_search_path_is_laid_as_a_list() {
    for (path, expected) in [
        ("", "SET \"search_path\" TO '';"),
        ("\"\"", "SET \"search_path\" TO '';"),
        (
            "\"$user\", public",
            "SET \"search_path\" TO \"$user\", \"public\";",
        ),
    ] {
        let mut server = Arc::new(Reported::default());
        let mut session = Arc::clone(&server);
        server.on_status(b"search_path", b"x");
        session.on_status(b"search_path", path.as_bytes());
        let (mut out, mut difference) = (BytesMut::new(), Difference::default());
        session.write_difference(&server, &mut difference, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), expected, "{path:?}");
    }
}

#[test]
fn further_settings_are_followed_if_a_session_can_set_them() {
    let names = [
        "Scram_Iterations",
        "intervalstyle",
        "is_superuser",
        "scram_iterations",
    ];
    let mut server = Arc::new(Reported::following(names.into_iter()));
    assert_eq!(
        server.extra.len(),
        1,
        "the others are there, or not for a session"
    );
    for (name, value) in [("scram_iterations", "4096"), ("is_superuser", "on")] {
        server.on_status(name.as_bytes(), value.as_bytes());
    }
    let base = Arc::clone(&server);
    let mut session = Arc::clone(&server);
    session.on_status(b"scram_iterations", b"9");
    assert_eq!(session.value("SCRAM_iterations"), Some("9"));
    assert_eq!(session.value("is_superuser"), None);
    let (mut out, mut difference) = (BytesMut::new(), Difference::default());
    session.write_difference(&server, &mut difference, &mut out);
    assert_eq!(&out[..], b"SET \"scram_iterations\" TO '9';");
    let mut says = BytesMut::new();
    let mut reset = Arc::clone(&base);
    reset.restore(&session, &base, &mut says);
    assert_eq!(reset, session, "back to what the session began with");
    assert!(says.ends_with(b"Scram_Iterations\09\0"), "{says:?}");
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
