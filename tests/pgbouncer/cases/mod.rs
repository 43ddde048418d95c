//! What is played to both sides.

mod commands;
mod limits;
mod logins;
mod modes;
mod process;
mod shows;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::options::Options;

use crate::compare::compare;
use crate::stage::File;
use crate::stage::SECRETS;
use crate::stage::Stage;
use crate::support::proxy::cluster_of;

/// One case.
pub(crate) struct Case {
    /// Its name.
    pub(crate) name: &'static str,
    /// The version of PgBouncer that first has it.
    pub(crate) since: Option<(u32, u32)>,
    /// What is done.
    pub(crate) play: fn(&mut Stage<'_>),
}

const fn case(name: &'static str, play: fn(&mut Stage<'_>)) -> Case {
    Case {
        name,
        since: None,
        play,
    }
}

const fn since(version: (u32, u32), name: &'static str, play: fn(&mut Stage<'_>)) -> Case {
    Case {
        name,
        since: Some(version),
        play,
    }
}

/// Databases as most cases have them: one of the application, and one for each user.
const DATABASES: &str = "app = NODE dbname=app\nforced = NODE dbname=app user=app\n* = NODE";

/// A file with these lines in `[pgbouncer]`.
fn file(pgbouncer: &str) -> File<'_> {
    File {
        databases: DATABASES,
        users: "",
        pgbouncer,
        secrets: SECRETS,
    }
}

fn cluster() -> Cluster {
    cluster_of(Options::default().replicas(0))
}

#[test]
fn logins_are_answered_alike() {
    compare(&cluster(), logins::CASES);
}

#[test]
fn forced_users_log_in_alike() {
    let line = "host all hashed 127.0.0.1/32 md5";
    let cluster = cluster_of(Options::default().replicas(0).hba(line));
    compare(&cluster, logins::DIGESTS);
}

#[test]
fn commands_are_answered_alike() {
    compare(&cluster(), commands::CASES);
}

#[test]
fn limits_are_told_alike() {
    compare(&cluster(), limits::CASES);
}

#[test]
fn modes_are_alike() {
    compare(&cluster(), modes::CASES);
}

#[test]
fn what_is_shown_is_alike() {
    compare(&cluster(), shows::CASES);
}

#[test]
fn signals_are_obeyed_alike() {
    compare(&cluster(), process::CASES);
}
