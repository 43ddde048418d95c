//! Answers as PostgreSQL gives them, and others.

use crate::monitor::questions::*;
use crate::server::query::Row;
use crate::topology::lsn::Lsn;

fn row(fields: &[&str]) -> Row {
    let field = |f: &&str| Some((*f).to_owned()).filter(|f| f != "NULL");
    fields.iter().map(field).collect()
}

#[test]
fn hello_is_read() {
    let text = [
        "7412345678901234567",
        "8192",
        "16777216",
        "t",
        "150004",
        "t",
    ];
    let (hello, rights) = read_hello(&[row(&text)]).unwrap();
    assert_eq!(hello.system, SystemId(7_412_345_678_901_234_567));
    assert_eq!(hello.layout, WalLayout::default());
    assert_eq!((rights.sees_receiver, rights.version), (true, 150_004));
    assert!(rights.sees_default);
    for sees_default in ["f", "NULL"] {
        let text = ["7", "8192", "16777216", "t", "150004", sees_default];
        let (_, rights) = read_hello(&[row(&text)]).unwrap();
        assert!(!rights.sees_default, "a role's or a database's own setting");
    }
}

#[test]
fn strange_hellos_are_refused() {
    for text in [
        &["7", "8192", "16777216", "t", "150004"][..],
        &["7", "8192", "16777216", "t", "150004", "t", "1"],
        &["NULL", "8192", "16777216", "t", "150004", "t"],
        &["7", "0", "16777216", "t", "150004", "t"],
        &["7", "8192", "x", "t", "150004", "t"],
    ] {
        assert!(read_hello(&[row(text)]).is_err(), "{text:?}");
    }
    assert!(read_hello(&[]).is_err());
}

#[test]
fn answers_are_read() {
    for (text, role, lsn, timeline) in [
        (
            ["f", "0/4000368", "00000002", "0/4000360", "off"],
            Role::Primary,
            Some(0x400_0368),
            Some(2),
        ),
        (
            ["f", "0/4000368", "00000002", "0/4000360", "on"],
            Role::Primary,
            Some(0x400_0368),
            Some(2),
        ),
        (
            ["t", "0/4000368", "1f", "NULL", "on"],
            Role::Replica,
            Some(0x400_0368),
            Some(31),
        ),
        (
            ["t", "NULL", "NULL", "NULL", "off"],
            Role::Replica,
            None,
            None,
        ),
        (
            ["t", "0/0", "0", "NULL", "off"],
            Role::Replica,
            Some(0),
            None,
        ),
    ] {
        let expected = Answer {
            role,
            lsn: lsn.map(Lsn),
            flushed: (role == Role::Primary).then_some(Lsn(0x400_0360)),
            timeline: timeline.map(Timeline),
            is_read_only: role == Role::Primary && text.ends_with(&["on"]),
        };
        assert_eq!(read_answer(&[row(&text)]).unwrap(), expected);
    }
}

#[test]
fn strange_answers_are_refused_and_quoted_short() {
    let long = "é".repeat(1_000);
    for text in [
        &["x", "0/0", "1", "NULL", "off"][..],
        &["NULL", "0/0", "1", "NULL", "off"],
        &["t", "0", "1", "NULL", "off"],
        &["t", "0/0", "xyz", "NULL", "off"],
        &["f", "0/0", "1", "0", "off"],
        &["t", "0/0", "1", "NULL"],
        &["t"],
        &[&long, "0/0", "1", "NULL", "off"],
    ] {
        let error = read_answer(&[row(text)]).unwrap_err().to_string();
        assert!(error.chars().count() < 300, "{error}");
    }
    assert!(
        read_answer(&[
            row(&["t", "0/0", "1", "NULL", "off"]),
            row(&["t", "0/0", "1", "NULL", "off"])
        ])
        .is_err()
    );
}

/// The mistake that certificates must not rest on: see `topology/tracker/tests/promise.rs`.
#[test]
fn insert_position_is_asked_for_never_the_write_position() {
    assert!(PREPARE.contains("pg_current_wal_insert_lsn()"));
    assert!(!PREPARE.contains("pg_current_wal_lsn()"));
}
