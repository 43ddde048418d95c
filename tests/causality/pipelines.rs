//! Batches that are sent before the one ahead of them is answered: the node was chosen for what
//! that one needed. The replica does not replay.

use std::thread;
use std::time::Duration;

use crate::raw::Raw;
use crate::say::query;
use crate::say::run;
use crate::say::sync;
use crate::stale::INSERT;
use crate::stale::READ;
use crate::stale::SLOW_INSERT;
use crate::stale::World;

type Case = fn(&World);

pub(crate) const CASES: &[(&str, Case)] = &[
    ("a read behind a write", behind_a_write),
    ("a read behind a read, at database", at_database),
    ("a read behind a read, at strong", at_strong),
    ("a level set in a pipeline", level_in_pipeline),
    ("a token set in a pipeline", token_in_pipeline),
    ("a level set in the same batch", level_in_batch),
    ("a token set in the same batch", token_in_batch),
    ("a hint in a pipeline", hint_in_pipeline),
    ("a read behind a weaker hint", behind_a_weaker_hint),
    ("a read after a weaker hint", after_a_weaker_hint),
    ("a write behind another", write_behind_a_write),
    ("a write by another name", write_by_another_name),
    (
        "a weaker hint in a transaction that binds late",
        weaker_hint_in_late_transaction,
    ),
    (
        "a stronger hint in a transaction that binds late",
        stronger_hint_in_late_transaction,
    ),
    (
        "a read-only transaction behind a write",
        read_only_transaction,
    ),
];

/// Runs on the replica for long enough for what is sent behind it.
const LONG_READ: &str = "select count(*) from generate_series(1, 1000000)";

/// Writes the next value, through a session of its own.
fn write(world: &World) -> (Raw, String) {
    let mut writer = world.session("session");
    let value = world.next_value();
    let heard = writer.q(&INSERT.replace("VALUE", &value));
    assert_eq!(heard, "C(INSERT 0 1) Z(I)");
    (writer, value)
}

fn token(writer: &mut Raw) -> String {
    let token = writer.value("show pgsluice.write_token");
    assert!(token.contains('-'), "{token}");
    token
}

/// The replica lacks the value, and a read at `eventual` goes there.
fn check_control(world: &World, value: &str) {
    assert_ne!(world.session("eventual").value(READ), value, "void");
}

/// Sends `batches` behind a long read; what the last of them said.
fn behind_a_long_read(session: &mut Raw, batches: &[Vec<u8>], meanwhile: impl FnOnce()) -> String {
    session.send(&query(LONG_READ));
    // It is on its way to the replica.
    thread::sleep(Duration::from_millis(60));
    meanwhile();
    session.send(&batches.concat());
    session.until_nth(b'Z', batches.len());
    session.until(b'Z')
}

fn assert_sees(heard: &str, value: &str) {
    assert!(
        heard.contains(&format!("D({value})")),
        "owed {value}, heard {heard}"
    );
}

fn behind_a_write(world: &World) {
    let mut session = world.session("session");
    let (_, value) = write(world);
    check_control(world, &value);
    let value = (value.parse::<i64>().unwrap() + 1).to_string();
    let batches = [query(&INSERT.replace("VALUE", &value)), query(READ)];
    session.send(&batches.concat());
    session.until(b'Z');
    assert_sees(&session.until(b'Z'), &value);
}

fn at_database(world: &World) {
    let mut session = world.session("database");
    let mut value = String::new();
    let heard = behind_a_long_read(&mut session, &[query(READ)], || value = write(world).1);
    check_control(world, &value);
    assert_sees(&heard, &value);
}

fn at_strong(world: &World) {
    let mut session = world.session("strong");
    let mut value = String::new();
    let heard = behind_a_long_read(&mut session, &[query(READ)], || value = write(world).1);
    check_control(world, &value);
    assert_sees(&heard, &value);
}

fn level_in_pipeline(world: &World) {
    for level in ["session", "database", "strong"] {
        let (mut session, value) = write(world);
        check_control(world, &value);
        session.q("set pgsluice.consistency = 'eventual'");
        let set = format!("set pgsluice.consistency = '{level}'");
        let batches = [query(&set), query(READ)];
        assert_sees(&behind_a_long_read(&mut session, &batches, || ()), &value);
    }
}

fn token_in_pipeline(world: &World) {
    let (mut writer, value) = write(world);
    check_control(world, &value);
    let set = format!("set pgsluice.wait_for = '{}'", token(&mut writer));
    let mut session = world.session("eventual");
    let batches = [query(&set), query(READ)];
    assert_sees(&behind_a_long_read(&mut session, &batches, || ()), &value);
}

fn level_in_batch(world: &World) {
    let (mut session, value) = write(world);
    check_control(world, &value);
    session.q("set pgsluice.consistency = 'eventual'");
    let set = "set pgsluice.consistency = 'session'";
    assert_sees(&session.ask(&query(&format!("{set}; {READ}"))), &value);
    session.q("set pgsluice.consistency = 'eventual'");
    assert_sees(
        &session.ask(&[run(set, &[]), run(READ, &[]), sync()].concat()),
        &value,
    );
}

fn token_in_batch(world: &World) {
    let (mut writer, value) = write(world);
    check_control(world, &value);
    let set = format!("set pgsluice.wait_for = '{}'", token(&mut writer));
    let mut session = world.session("eventual");
    assert_sees(&session.ask(&query(&format!("{set}; {READ}"))), &value);
    let mut session = world.session("eventual");
    assert_sees(
        &session.ask(&[run(&set, &[]), run(READ, &[]), sync()].concat()),
        &value,
    );
}

fn hint_in_pipeline(world: &World) {
    let mut session = world.session("eventual");
    let mut value = String::new();
    let hinted = format!("/* pgsluice: strong */ {READ}");
    let heard = behind_a_long_read(&mut session, &[query(&hinted)], || value = write(world).1);
    check_control(world, &value);
    assert_sees(&heard, &value);
}

/// The node of the one in front was chosen by its own hint.
fn behind_a_weaker_hint(world: &World) {
    let (mut session, value) = write(world);
    check_control(world, &value);
    session.send(&query(&format!("/* pgsluice: eventual */ {LONG_READ}")));
    thread::sleep(Duration::from_millis(60));
    session.send(&query(READ));
    session.until(b'Z');
    assert_sees(&session.until(b'Z'), &value);
}

/// The node that it read from last may lack what it had read before.
fn after_a_weaker_hint(world: &World) {
    let (_, value) = write(world);
    let mut session = world.session("session");
    let seen = session.value(&format!("/* pgsluice: primary */ {READ}"));
    assert_eq!(seen, value);
    let hinted = session.value(&format!("/* pgsluice: eventual */ {READ}"));
    assert_ne!(hinted, value, "void");
    assert_eq!(session.value(READ), value);
}

/// What others must not miss is the end of each, not that of the first. That one may have written,
/// but leaves nothing to replay.
fn write_behind_a_write(world: &World) {
    let mut writer = world.session("session");
    let value = world.next_value();
    let batches = [
        query("do $$ begin end $$"),
        query(&SLOW_INSERT.replace("VALUE", &value)),
    ];
    writer.send(&batches.concat());
    writer.until(b'Z');
    let heard = writer.until(b'Z');
    assert_eq!(heard, "C(INSERT 0 1) Z(I)");
    let mut session = world.session("database");
    assert_eq!(session.value(READ), value);
    check_control(world, &value);
}

/// Of the database, which is the same.
fn write_by_another_name(world: &World) {
    let value = world.next_value();
    let mut writer = Raw::connect_with(world.proxy.port(), &[("database", "other")]);
    let heard = writer.q(&INSERT.replace("VALUE", &value));
    assert_eq!(heard, "C(INSERT 0 1) Z(I)");
    check_control(world, &value);
    assert_eq!(world.session("database").value(READ), value);
}

fn weaker_hint_in_late_transaction(world: &World) {
    let (mut session, value) = write(world);
    check_control(world, &value);
    session.q("set pgsluice.transaction_reads = 'until_write'");
    session.q("begin");
    session.value("/* pgsluice: eventual */ select count(*) from written");
    assert_eq!(session.value(READ), value);
    session.q("commit");
}

fn stronger_hint_in_late_transaction(world: &World) {
    let mut session = world.session("session");
    session.q("set pgsluice.transaction_reads = 'until_write'");
    session.q("begin");
    session.value("select count(*) from written");
    let (_, value) = write(world);
    assert_ne!(session.value(READ), value, "void");
    assert_eq!(
        session.value(&format!("/* pgsluice: strong */ {READ}")),
        value
    );
    session.q("commit");
}

fn read_only_transaction(world: &World) {
    let (mut session, value) = write(world);
    check_control(world, &value);
    session.q("begin read only");
    assert_eq!(session.value(READ), value);
    session.q("commit");
    assert_sees(
        &session.q(&format!("begin read only; {READ}; commit")),
        &value,
    );
}
