//! What clients are told when there is too much, or it takes too long.

use std::thread;
use std::time::Duration;

use crate::cases::Case;
use crate::cases::case;
use crate::cases::file;
use crate::cases::since;
use crate::client::Login;
use crate::stage::File;
use crate::stage::Stage;

pub(crate) const CASES: &[Case] = &[
    case("max_client_conn", clients),
    since((1, 24), "max_user_client_connections", user_clients),
    since((1, 24), "max_db_client_connections", database_clients),
    case("query_wait_timeout", waiting),
    case("max_db_connections", servers_of_a_database),
    case("max_user_connections", servers_of_a_user),
    case("query_timeout", queries),
    case("idle_transaction_timeout", idle_transactions),
    since((1, 25), "transaction_timeout", transactions),
    case("client_idle_timeout", idle_clients),
    case("a server that is not there", nobody),
    case("a server that refuses", refused),
    case("cancels", cancels),
];

fn clients(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust\nmax_client_conn = 2"));
    let (_one, two) = (stage.app(), stage.app());
    stage.log_in("a third", Login::default());
    drop(two);
    thread::sleep(Duration::from_millis(300));
    stage.log_in("in its place", Login::default());
}

fn user_clients(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust\nmax_user_client_connections = 1"));
    let _one = stage.app();
    stage.log_in("a second", Login::default());
    stage.log_in(
        "another user",
        Login {
            user: "stats",
            database: "forced",
            ..Login::default()
        },
    );
}

fn database_clients(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust\nmax_db_client_connections = 1"));
    let _one = stage.app();
    stage.log_in("a second", Login::default());
    stage.log_in(
        "another database",
        Login {
            database: "forced",
            ..Login::default()
        },
    );
}

/// A pool of one server, which is taken.
fn taken(stage: &mut Stage<'_>, options: &str) {
    let options = format!("auth_type = trust\npool_mode = transaction\n{options}");
    stage.start(file(&options));
    let (mut one, mut two) = (stage.app(), stage.app());
    stage.ask(&mut one, "begin");
    stage.ask(&mut two, "select 'two'");
    stage.ask(&mut one, "commit");
}

fn waiting(stage: &mut Stage<'_>) {
    taken(stage, "default_pool_size = 1\nquery_wait_timeout = 1");
}

fn servers_of_a_database(stage: &mut Stage<'_>) {
    taken(stage, "max_db_connections = 1\nquery_wait_timeout = 1");
}

fn servers_of_a_user(stage: &mut Stage<'_>) {
    taken(stage, "max_user_connections = 1\nquery_wait_timeout = 1");
}

fn queries(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust\nquery_timeout = 1"));
    let mut client = stage.app();
    stage.ask(&mut client, "select pg_sleep(20)");
}

fn idle_transactions(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust\nidle_transaction_timeout = 1"));
    let mut client = stage.app();
    stage.ask(&mut client, "begin");
    let heard = client.answer();
    stage.note("told", heard);
}

fn transactions(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust\ntransaction_timeout = 1"));
    let mut client = stage.app();
    stage.ask(&mut client, "begin");
    stage.ask(&mut client, "select pg_sleep(20)");
}

fn idle_clients(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust\nclient_idle_timeout = 1"));
    let mut client = stage.app();
    let heard = client.answer();
    stage.note("told", heard);
}

/// Nobody listens at the address.
fn nobody(stage: &mut Stage<'_>) {
    let options = "auth_type = trust\nquery_wait_timeout = 3\nserver_login_retry = 1";
    stage.start(File {
        databases: "app = host=127.0.0.1 port=1\nforced = NODE dbname=app user=app",
        ..file(options)
    });
    stage.log_in("at login", Login::default());
}

fn refused(stage: &mut Stage<'_>) {
    let options = "auth_type = trust\nquery_wait_timeout = 3\nserver_login_retry = 1";
    stage.start(File {
        databases: "app = NODE dbname=nosuch\nforced = NODE dbname=app user=app password=wrong",
        ..file(options)
    });
    stage.log_in("a database that the server does not have", Login::default());
    stage.log_in(
        "a wrong password",
        Login {
            database: "forced",
            ..Login::default()
        },
    );
}

fn cancels(stage: &mut Stage<'_>) {
    stage.start(file(
        "auth_type = trust\npool_mode = transaction\ndefault_pool_size = 1",
    ));
    let (mut one, mut two) = (stage.app(), stage.app());
    one.begin("select pg_sleep(20)");
    thread::sleep(Duration::from_millis(500));
    two.begin("select 'two'");
    thread::sleep(Duration::from_millis(300));
    stage.cancel(&one);
    let heard = one.answer();
    stage.note("one that runs", heard);
    let heard = two.answer();
    stage.note("one that waited", heard);
    one.begin("select pg_sleep(2), 'not cancelled'");
    thread::sleep(Duration::from_millis(300));
    two.forget_key();
    stage.cancel(&two);
    let heard = one.answer();
    stage.note("not by another key", heard);
}
