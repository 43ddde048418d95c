use std::sync::Arc;

use super::*;
use crate::session::settings::Change;
use crate::session::settings::quoted;

fn with(settings: &[(&str, &str)]) -> Wishes {
    let base = Arc::new(Settings::default());
    let set = settings
        .iter()
        .fold(Arc::clone(&base), |all, (name, value)| {
            let value = quoted(value.as_bytes());
            all.after(&Change::Set((*name).into(), value), &base)
        });
    *set.wishes()
}

#[test]
fn settings_are_read() {
    let wishes = with(&[
        ("pgsluice.route", "Replica"),
        ("pgsluice.consistency", "STRONG"),
        ("pgsluice.max_staleness", "500ms"),
        ("pgsluice.wait_for", "00000002-1/A0"),
        ("default_transaction_read_only", "on"),
        ("default_transaction_isolation", "repeatable read"),
    ]);
    assert_eq!(wishes.route, Route::Replica);
    assert_eq!(wishes.consistency, Some(Consistency::Strong));
    let half = Timeout::after(Duration::from_millis(500));
    assert_eq!(wishes.staleness_max, Some(half));
    let token = wishes.wait_for.map(|p| p.to_string());
    assert_eq!(token.as_deref(), Some("00000002-1/A0"));
    assert!(wishes.read_only);
    assert_eq!(wishes.isolation, Some(Isolation::RepeatableRead));
    assert_eq!(with(&[("search_path", "a")]), Wishes::default());
}

#[test]
fn what_is_wrong_is_said() {
    let mut wishes = Wishes::default();
    for (name, value, part) in [
        ("route", "nowhere", "primary, replica or auto"),
        (
            "consistency",
            "some",
            "eventual, session, database or strong",
        ),
        ("transaction_reads", "replica", "primary or until_write"),
        ("max_staleness", "soon", "a time such as"),
        ("max_staleness", "-1", "a time such as"),
        ("wait_for", "1-0/1", "a write token such as"),
        ("write_token", "x", "cannot be changed"),
        ("rout", "auto", "unrecognized configuration parameter"),
    ] {
        let message = wishes.set(name, value).unwrap_err();
        assert!(message.contains(part), "{name}: {message}");
    }
    assert_eq!(wishes, Wishes::default());
    assert_eq!(wishes.set("wait_for", ""), Ok(()));
}

#[test]
fn hints_hold_for_what_they_may_set() {
    let asks = |pairs: &[(&str, &str)]| -> Vec<(Box<str>, Box<str>)> {
        pairs
            .iter()
            .map(|(n, v)| ((*n).into(), (*v).into()))
            .collect()
    };
    let wishes = Wishes::default().hinted(&asks(&[
        ("consistency", "eventual"),
        ("max_staleness", "nonsense"),
        ("wait_for", "00000001-0/1"),
        ("app", "web"),
    ]));
    let expected = Wishes {
        consistency: Some(Consistency::Eventual),
        ..Wishes::default()
    };
    assert_eq!(wishes, expected);
}
