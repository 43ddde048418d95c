//! The console: what a client of database `pgsluice` (or `pgbouncer`) asks, and the answer.
//!
//! The protocol, the answers' form and the words of errors are those of PgBouncer's console, so that
//! what watches PgBouncer can watch this. `parse` says what is asked, the table in `commands` who may
//! ask it and what comes back, `answer` writes that. The client's connection is not here.
//!
//! Nothing here blocks, and nothing is kept between two commands. A command that has to wait gives
//! back what is [`Pending`], for the client's task to wait for.

pub mod access;
pub mod exporter;
pub mod parse;

mod answer;
mod cell;
mod commands;
mod config;
mod databases;
mod deeds;
mod descriptors;
mod explain;
mod learned;
mod lists;
mod memory;
mod names;
mod nodes;
mod peers;
mod pools;
mod routes;
mod sockets;
mod stats;
mod words;

use std::time::Instant;

use bytes::BytesMut;

use crate::admin::access::Access;
use crate::admin::access::Caller;
use crate::admin::commands::Command;
use crate::admin::commands::Run;
use crate::admin::deeds::Deed;
use crate::admin::deeds::Work;
use crate::admin::parse::Fault;
use crate::admin::parse::Question;
use crate::admin::parse::Request;
use crate::control::ask::Asks;
use crate::registry::Registry;

/// The PgBouncer whose console this one is like, for tools that look at its version.
pub const PGBOUNCER_VERSION: &str = "1.25.2";

/// What a client of the console is told at login, as by PgBouncer.
pub const PARAMETERS: [(&str, &str); 7] = [
    ("server_version", "1.25.2/bouncer"),
    ("client_encoding", "UTF8"),
    ("server_encoding", "UTF8"),
    ("DateStyle", "ISO"),
    ("TimeZone", "GMT"),
    ("standard_conforming_strings", "on"),
    ("is_superuser", "on"),
];

/// What commands look at.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Everything there is.
    pub registry: &'a Registry,
    /// The time.
    pub now: Instant,
}

/// A command that is not done yet.
#[derive(Debug)]
pub struct Pending {
    work: Work,
    tag: String,
}

impl Pending {
    /// Waits until it is done: the answer, ReadyForQuery included.
    ///
    /// # Cancel safety
    /// Yes, in that what was begun stays so.
    pub async fn finish(self, registry: &Registry, asks: &Asks) -> BytesMut {
        let mut out = deeds::finish(self.work, &self.tag, registry, asks).await;
        answer::ready(&mut out);
        out
    }
}

/// Appends the answer to `text`, ReadyForQuery included; or gives back
/// what has to be waited for first.
pub fn answer(
    scene: &Scene<'_>,
    caller: &Caller,
    text: &[u8],
    out: &mut BytesMut,
) -> Option<Pending> {
    scene.registry.records.console.queries.add(1);
    scene.registry.records.console.transactions.add(1);
    let config = &scene.registry.state().config;
    // By the configuration of now: a reload may have taken the right away.
    let access = Access::of_caller(config, caller);
    match parse::parse(text) {
        Ok(Request::Command { name, argument }) => {
            let argument = argument.as_deref();
            if let Some(deed) = deeds::find(&name, argument) {
                return act(scene, deed, access, out);
            }
            match commands::find(&name, argument) {
                Some(command) => run(scene, command, access, out),
                None => invalid(text, out),
            }
        }
        Ok(Request::Set { name, .. }) if commands::is_fixed(&name) => answer::set_ignored(out),
        Ok(Request::Set { name, value }) => {
            return act(scene, Deed::Set(name, value), access, out);
        }
        Ok(Request::Switchover(node)) => {
            return act(scene, Deed::Switchover(node), access, out);
        }
        Err(Fault::Invalid) => invalid(text, out),
        Ok(Request::ExplainRoute(question)) => explain(scene, &question, access, out),
        Err(fault) => answer::error(out, &fault.to_string()),
    }
    answer::ready(out);
    None
}

/// Begins a command that does something, if the user may give it.
fn act(
    scene: &Scene<'_>,
    deed: Deed,
    access: Option<Access>,
    out: &mut BytesMut,
) -> Option<Pending> {
    let begun = match access {
        Some(Access::Admin) => deeds::begin(scene, deed),
        Some(Access::Stats) | None => Err(ADMIN_NEEDED.to_owned()),
    };
    match begun {
        Ok((Work::None, tag)) => answer::done(out, &tag),
        Ok((work, tag)) => return Some(Pending { work, tag }),
        Err(message) => answer::error(out, &message),
    }
    answer::ready(out);
    None
}

/// Appends the answer to a message that the console does not take, ReadyForQuery included.
pub fn refuse(said: &str, out: &mut BytesMut) {
    answer::error(out, said);
    answer::ready(out);
}

/// Runs a command if the user may give it.
fn run(scene: &Scene<'_>, command: &Command, access: Option<Access>, out: &mut BytesMut) {
    if access < Some(command.access) {
        return answer::error(out, ADMIN_NEEDED);
    }
    match command.run {
        Run::Rows(columns, rows) => answer::rows(out, columns, &rows(scene), "SHOW"),
        Run::Fixed(value) => {
            let column = cell::text(command.argument);
            answer::rows(out, &[column], &[vec![cell::cell(value)]], "SHOW");
        }
        Run::Help => answer::help(out, &commands::help()),
    }
}

/// Answers `EXPLAIN ROUTE`.
fn explain(scene: &Scene<'_>, question: &Question<'_>, access: Option<Access>, out: &mut BytesMut) {
    if access.is_none() {
        return answer::error(out, ADMIN_NEEDED);
    }
    match explain::rows(scene, question) {
        Ok(rows) => answer::rows(out, explain::COLUMNS, &rows, "EXPLAIN"),
        Err(message) => answer::error(out, &message),
    }
}

fn invalid(text: &[u8], out: &mut BytesMut) {
    let text = String::from_utf8_lossy(text);
    answer::error(out, &format!("invalid command '{text}', use SHOW HELP;"));
}

/// What a user is told who lacks the right.
const ADMIN_NEEDED: &str = "admin access needed";
