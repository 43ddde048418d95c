//! tokio-postgres.

use std::pin::pin;

use bytes::Bytes;
use futures_util::SinkExt;
use tokio_postgres::Client;
use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;

use crate::Scene;

#[test]
fn tokio_postgres() {
    let mut scene = Scene::set();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts");
    runtime.block_on(with_client(&scene.proxy.conninfo(), write));
    scene.count_from_now();
    runtime.block_on(with_client(&scene.proxy.conninfo(), read));
    let (_cluster, counts) = scene.counts();
    counts.check_reads(300, 40);
}

/// Connects, works, and closes the connection.
async fn with_client(conninfo: &str, work: impl AsyncFnOnce(&mut Client)) {
    let (mut client, connection) = tokio_postgres::connect(conninfo, NoTls)
        .await
        .expect("the proxy lets it in");
    let connection = tokio::spawn(connection);
    work(&mut client).await;
    drop(client);
    connection
        .await
        .expect("the task ends")
        .expect("the connection ends well");
}

async fn write(client: &mut Client) {
    let table = "create table items (id int primary key, name text)";
    client.batch_execute(table).await.expect("a table is made");
    let insert = client
        .prepare("insert into items values ($1, $2)")
        .await
        .expect("it is prepared");
    // One after the other without waiting: a pipeline.
    let names: Vec<_> = (1..=50_i32).map(|id| (id, format!("name {id}"))).collect();
    let pending: Vec<_> = names
        .iter()
        .map(async |(id, name)| client.execute(&insert, &[id, name]).await)
        .collect();
    for pending in futures_util::future::join_all(pending).await {
        assert_eq!(pending.expect("a row is written"), 1);
    }
    let sink = client
        .copy_in("copy items from stdin")
        .await
        .expect("COPY begins");
    let mut sink = pin!(sink);
    for id in 51..=100 {
        let line = Bytes::from(format!("{id}\tname {id}\n"));
        sink.send(line).await.expect("COPY goes on");
    }
    assert_eq!(sink.finish().await.expect("COPY ends"), 50);

    let transaction = client.transaction().await.expect("BEGIN");
    let deleted = transaction.execute("delete from items", &[]).await;
    assert_eq!(deleted.expect("rows are deleted"), 100);
    let refused = transaction.query("select 1 / 0", &[]).await;
    let code = refused.expect_err("it cannot be divided").code().cloned();
    assert_eq!(code, Some(SqlState::DIVISION_BY_ZERO));
    let refused = transaction.query("select 1", &[]).await;
    let code = refused
        .expect_err("the transaction has failed")
        .code()
        .cloned();
    assert_eq!(code, Some(SqlState::IN_FAILED_SQL_TRANSACTION));
    transaction.rollback().await.expect("ROLLBACK");

    let sleeping = client.cancel_token();
    let (slept, cancelled) = tokio::join!(client.batch_execute("select pg_sleep(30)"), async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        sleeping.cancel_query(NoTls).await
    });
    cancelled.expect("the request is taken");
    let code = slept.expect_err("it was cancelled").code().cloned();
    assert_eq!(code, Some(SqlState::QUERY_CANCELED));
}

async fn read(client: &mut Client) {
    let by_id = client
        .prepare("select name from items where id = $1")
        .await
        .expect("it is prepared");
    for id in 1..=100_i32 {
        let row = client.query_one(&by_id, &[&id]).await.expect("a row");
        assert_eq!(row.get::<_, String>(0), format!("name {id}"));
    }
    let ids: Vec<_> = (1..=100_i32).collect();
    let pending: Vec<_> = ids
        .iter()
        .map(async |id| client.query_one(BY_ID, &[id]).await)
        .collect();
    for (id, row) in ids
        .iter()
        .zip(futures_util::future::join_all(pending).await)
    {
        assert_eq!(row.expect("a row").get::<_, i32>(0), *id);
    }
    for _ in 0..100 {
        let rows = client.simple_query("select * from items").await;
        assert_eq!(
            rows.expect("rows").len(),
            102,
            "a description, 100 rows and the end"
        );
    }
    let refused = client.query("select * from nothing", &[]).await;
    let code = refused.expect_err("there is no such table").code().cloned();
    assert_eq!(code, Some(SqlState::UNDEFINED_TABLE));
}

const BY_ID: &str = "select id, name from items where id = $1";
