//! The ways in which a client may send a statement.

use crate::raw::Raw;
use crate::say::bind;
use crate::say::describe;
use crate::say::describe_portal;
use crate::say::execute;
use crate::say::flush;
use crate::say::parse;
use crate::say::query;
use crate::say::rerun;
use crate::say::run;
use crate::say::sync;

/// Sends a statement in one way; what was heard.
pub(crate) type Form = fn(&mut Raw, &str) -> String;

/// All of them.
pub(crate) const FORMS: &[(&str, Form)] = &[
    ("simple", |c, sql| c.q(sql)),
    ("simple, first of two", |c, sql| {
        c.q(&format!("{sql}; {OTHER}"))
    }),
    ("simple, last of three", |c, sql| {
        c.q(&format!("{OTHER}; {OTHER}; {sql}"))
    }),
    ("simple, two queries", |c, sql| {
        c.send(&[query(OTHER), query(sql), query(OTHER)].concat());
        c.until_nth(b'Z', 3)
    }),
    ("unnamed", |c, sql| c.ask(&[run(sql, &[]), sync()].concat())),
    ("described", described),
    ("parsed before", parsed_before),
    ("named, prepared before", prepared_before),
    ("named, prepared in its batch", |c, sql| {
        c.ask(&[parse("here", sql), rerun("here", &[]), sync()].concat())
    }),
    ("named, prepared ahead", prepared_ahead),
    ("row by row", row_by_row),
    ("first of a batch", |c, sql| {
        c.ask(&[run(sql, &[]), run(OTHER, &[]), run(OTHER, &[]), sync()].concat())
    }),
    ("within a batch", |c, sql| {
        c.ask(&[run(OTHER, &[]), run(sql, &[]), run(OTHER, &[]), sync()].concat())
    }),
    ("last of a batch", |c, sql| {
        c.ask(&[run(OTHER, &[]), run(OTHER, &[]), run(sql, &[]), sync()].concat())
    }),
    ("first of the batches", |c, sql| {
        pipelined(c, [sql, OTHER, OTHER])
    }),
    ("second of the batches", |c, sql| {
        pipelined(c, [OTHER, sql, OTHER])
    }),
    ("last of the batches", |c, sql| {
        pipelined(c, [OTHER, OTHER, sql])
    }),
];

fn described(c: &mut Raw, sql: &str) -> String {
    c.ask(
        &[
            parse("", sql),
            describe(""),
            bind("", "", &[]),
            describe_portal(""),
            execute("", 0),
            sync(),
        ]
        .concat(),
    )
}

fn parsed_before(c: &mut Raw, sql: &str) -> String {
    let parsed = c.ask(&[parse("", sql), sync()].concat());
    format!("{parsed} {}", c.ask(&[rerun("", &[]), sync()].concat()))
}

/// As asyncpg does.
fn prepared_ahead(c: &mut Raw, sql: &str) -> String {
    c.send(&[parse("ahead", sql), describe("ahead"), flush()].concat());
    c.until(b'T') + &c.ask(&[rerun("ahead", &[]), sync()].concat())
}

fn prepared_before(c: &mut Raw, sql: &str) -> String {
    let batch = [parse("its name", sql), describe("its name"), sync()];
    let parsed = c.ask(&batch.concat());
    let ran = c.ask(&[rerun("its name", &[]), sync()].concat());
    format!("{parsed} {ran}")
}

fn row_by_row(c: &mut Raw, sql: &str) -> String {
    c.ask(
        &[
            parse("", sql),
            bind("by row", "", &[]),
            execute("by row", 1),
            execute("by row", 1),
            sync(),
        ]
        .concat(),
    )
}

fn pipelined(c: &mut Raw, sqls: [&str; 3]) -> String {
    let batches = sqls.map(|sql| [run(sql, &[]), sync()].concat());
    c.send(&batches.concat());
    c.until_nth(b'Z', 3)
}

/// A read that any node serves.
const OTHER: &str = "select a from seven where a = 3";
