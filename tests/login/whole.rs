//! The running proxy as those who log in see it.

use std::time::Duration;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::options::Login;
use pgsluice::demo::cluster::options::Options;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_postgres::NoTls;

use crate::stage::Front;

/// Far more than a login takes on an idle machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// One node that asks everyone over TCP for SCRAM, with these roles and tables in it.
pub(crate) fn node(sql: &str) -> Cluster {
    let options = Options::default().login(Login::Scram).replicas(0);
    let cluster = Cluster::start(&options).unwrap();
    cluster.primary().psql(sql).unwrap();
    cluster
}

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// As whom a login over TCP ends up on the server, or its code and message.
pub(crate) fn said(front: &Front, user: &str, password: &str, database: &str) -> String {
    runtime().block_on(login(&front.conninfo(user, database), password))
}

pub(crate) async fn login(conninfo: &str, password: &str) -> String {
    let mut config: tokio_postgres::Config = conninfo.parse().unwrap();
    config.password(password);
    let connected = timeout(PATIENCE, config.connect(NoTls)).await.unwrap();
    let (client, connection) = match connected {
        Ok(connected) => connected,
        Err(error) => return words(&error),
    };
    tokio::spawn(connection);
    match client.simple_query("select session_user").await {
        Ok(rows) => rows
            .iter()
            .find_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            })
            .unwrap_or_default(),
        Err(error) => words(&error),
    }
}

fn words(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => format!("{} {}", error.code().code(), error.message()),
        None => error.to_string(),
    }
}

pub(crate) const WRONG: &str = "08P01 SASL authentication failed";
