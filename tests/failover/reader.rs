//! A client that reads: each answer is checked, and says which node gave it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use rand::RngExt;
use tokio::time;
use tokio_postgres::Client;
use tokio_postgres::NoTls;
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::Statement;

use crate::crowd::Common;
use crate::crowd::bounded;
use crate::crowd::node_of;
use crate::crowd::why;
use crate::history::History;
use crate::history::Read;

/// Reads until it is told to stop.
pub(crate) async fn run(common: Arc<Common>, number: usize) -> History {
    let mut history = History::default();
    let mut random = common.random(number);
    while !common.is_over() {
        let began = Instant::now();
        let (client, read) = match connect(&common.orders.conninfo).await {
            Ok(connected) => connected,
            Err(why) => {
                history.refused_logins.push((began, why));
                time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        while !common.is_over() && !client.is_closed() {
            time::sleep(Duration::from_millis(random.random_range(5..25))).await;
            let item = random.random_range(1..=1_000);
            let began = Instant::now();
            let answer = async {
                match random.random_bool(0.5) {
                    true => read_simple(&client, item).await,
                    false => read_prepared(&client, &read, item).await,
                }
            };
            let answer = bounded(answer).await;
            let outcome = answer.unwrap_or_else(|| Err(String::from("no answer")));
            history.reads.push(Read {
                began,
                ended: Instant::now(),
                outcome,
            });
            common.reads.fetch_add(1, Ordering::Relaxed);
        }
    }
    history
}

async fn connect(conninfo: &str) -> Result<(Client, Statement), String> {
    let connecting = async {
        let (client, connection) = tokio_postgres::connect(conninfo, NoTls).await?;
        tokio::spawn(connection);
        let read = client.prepare(READ).await?;
        Ok((client, read))
    };
    match bounded(connecting).await {
        Some(connected) => connected.map_err(|error| why(&error)),
        None => Err(String::from("no answer")),
    }
}

async fn read_simple(client: &Client, item: i32) -> Result<usize, String> {
    let sql = READ.replace("$1", &item.to_string());
    let messages = client.simple_query(&sql).await.map_err(|e| why(&e))?;
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some((row.get(0)?, row.get(1)?)),
        _ => None,
    });
    match rows.collect::<Vec<_>>().as_slice() {
        [("t", node)] => node_of(node).ok_or_else(|| format!("from {node:?}")),
        other => Err(format!("{other:?}")),
    }
}

async fn read_prepared(client: &Client, read: &Statement, item: i32) -> Result<usize, String> {
    let row = client.query_one(read, &[&item]).await;
    let row = row.map_err(|e| why(&e))?;
    match (row.get::<_, bool>(0), row.get::<_, String>(1)) {
        (true, node) => node_of(&node).ok_or_else(|| format!("from {node:?}")),
        other => Err(format!("{other:?}")),
    }
}

const READ: &str = "select md5(i::text) = text, whereabouts() from item where i = $1";
