use super::*;
use crate::sql::catalog::Catalog;
use crate::sql::classify::Syntax;
use crate::sql::classify::classify;

const STANDING: Standing = Standing {
    split: true,
    mode: PoolMode::Transaction,
    route: Route::Auto,
    read_only: false,
    serializable: false,
};

fn facts(class: Class) -> Facts {
    Facts {
        class,
        why: statement::Reason::Read,
        ..Facts::default()
    }
}

fn check(standing: Standing, facts: Facts, expected: Kind, reason: &str) {
    let want = policy(&standing, &facts);
    assert_eq!(
        (want.kind, want.reason.as_str()),
        (expected, reason),
        "{standing:?} {facts:?}"
    );
}

#[test]
fn statements_go_by_their_class() {
    check(STANDING, facts(Class::Read), Kind::Read, "read");
    check(STANDING, facts(Class::Write), Kind::Primary, "read");
    check(STANDING, facts(Class::Neutral), Kind::Any, "read");
}

#[test]
fn what_is_asked_for_beats_what_is_known() {
    let hinted = |hint| Facts {
        hint: Some(hint),
        ..facts(Class::Write)
    };
    check(STANDING, hinted(Hint::Replica), Kind::Replica, "hint");
    check(STANDING, hinted(Hint::Primary), Kind::Primary, "hint");
    let set = |route| Standing { route, ..STANDING };
    check(
        set(Route::Primary),
        facts(Class::Read),
        Kind::Primary,
        "route_setting",
    );
    check(
        set(Route::Replica),
        facts(Class::Write),
        Kind::Replica,
        "route_setting",
    );
    check(
        set(Route::Replica),
        hinted(Hint::Primary),
        Kind::Primary,
        "hint",
    );
    let off = Standing {
        split: false,
        ..STANDING
    };
    check(off, hinted(Hint::Replica), Kind::Primary, "split_off");
    let session = Standing {
        mode: PoolMode::Session,
        ..STANDING
    };
    check(session, facts(Class::Read), Kind::Primary, "session_mode");
}

#[test]
fn what_cannot_be_seen_goes_to_the_primary() {
    for (blind, reason) in [
        (Blind::Flush, "flush"),
        (Blind::Large, "large"),
        (Blind::FunctionCall, "function_call"),
        (Blind::UnknownStatement, "unknown_statement"),
    ] {
        let facts = Facts {
            blind: Some(blind),
            ..facts(Class::Read)
        };
        check(STANDING, facts, Kind::Primary, reason);
    }
}

#[test]
fn transactions_go_by_their_modes() {
    let begin = |access, isolation| Facts {
        begins: Some(Modes {
            access,
            isolation,
            deferrable: None,
        }),
        ..facts(Class::Neutral)
    };
    let read_only = Some(Access::ReadOnly);
    let serializable = Some(Isolation::Serializable);
    check(
        STANDING,
        begin(None, None),
        Kind::Primary,
        "read_write_transaction",
    );
    check(
        STANDING,
        begin(read_only, None),
        Kind::Read,
        "read_only_transaction",
    );
    check(
        STANDING,
        begin(read_only, serializable),
        Kind::Primary,
        "serializable",
    );
    let by_default = Standing {
        read_only: true,
        ..STANDING
    };
    check(
        by_default,
        begin(None, None),
        Kind::Read,
        "read_only_transaction",
    );
    check(
        by_default,
        begin(Some(Access::ReadWrite), None),
        Kind::Primary,
        "read_write_transaction",
    );
    let strict = Standing {
        serializable: true,
        ..STANDING
    };
    check(strict, facts(Class::Read), Kind::Primary, "serializable");
    check(
        strict,
        begin(read_only, None),
        Kind::Primary,
        "serializable",
    );
    let repeatable = begin(read_only, Some(Isolation::RepeatableRead));
    check(strict, repeatable, Kind::Read, "read_only_transaction");
    let writes = Facts {
        class: Class::Write,
        ..begin(read_only, None)
    };
    check(STANDING, writes, Kind::Primary, "read");
}

// PostgreSQL warns of SET TRANSACTION outside a transaction, and that is all; a standby refuses.
#[test]
fn what_a_standby_refuses_of_set_transaction_goes_to_the_primary() {
    for (text, expected, reason) in [
        (
            "set transaction isolation level serializable",
            Kind::Primary,
            "serializable",
        ),
        (
            "set transaction read write",
            Kind::Primary,
            "read_write_transaction",
        ),
        ("set transaction read only", Kind::Any, "transaction"),
    ] {
        let mut facts = Facts::default();
        let (syntax, catalog) = (Syntax::default(), Catalog::default());
        let now = tokio::time::Instant::now().into_std();
        facts.add(&classify(text.as_bytes(), syntax, &catalog), now);
        check(STANDING, facts, expected, reason);
    }
}

#[test]
fn every_reason_has_a_label_of_its_own() {
    let labels: Vec<_> = Want::labels().collect();
    let distinct: std::collections::BTreeSet<_> = labels.iter().collect();
    assert_eq!(labels.len(), distinct.len());
    let want = Want {
        kind: Kind::Read,
        reason: Reason::Hint,
    };
    assert_eq!(labels[want.index()], ("read", "hint"));
}
