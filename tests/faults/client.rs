//! One of the thousand: reads, and now and then a write, each checked and each bounded in time.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use futures_util::TryStreamExt;
use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::time;
use tokio_postgres::Client;
use tokio_postgres::Error;
use tokio_postgres::NoTls;
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::Statement;
use tokio_postgres::types::ToSql;

use crate::Scene;

/// Logs in and works until it is told to stop.
pub(crate) async fn run(scene: Arc<Scene>, number: u64, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed.wrapping_add(number));
    let mut worker = Worker {
        scene,
        key: i32::try_from(number).unwrap_or_default(),
        written: 0,
    };
    loop {
        match worker.session(&mut random).await {
            Ok(End::Well) => return,
            Ok(End::Closed) => (),
            Err(fault) => {
                return worker
                    .scene
                    .tally
                    .error(format!("client {number}: {fault}"));
            }
        }
    }
}

/// How a session or a statement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// As it should: at the end of the test, or of a statement.
    Well,
    /// The proxy closed it in the middle of a result, when nothing else can tell the client.
    Closed,
}

/// Why a client gives up.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{what}: {source:?}")]
    Failed { what: &'static str, source: Error },
    #[error("{what}: no answer in {ANSWER_WITHIN:?}")]
    Hanging { what: &'static str },
    #[error("{what}: {said}")]
    Wrong { what: &'static str, said: String },
}

/// A client as the test knows it, over all its sessions.
struct Worker {
    scene: Arc<Scene>,
    key: i32,
    written: i32,
}

impl Worker {
    async fn session(&mut self, random: &mut StdRng) -> Result<End, Fault> {
        let dial = tokio_postgres::connect(&self.scene.conninfo, NoTls);
        let (client, connection) = bounded("login", dial).await?;
        let connection = tokio::spawn(connection);
        let ended = self.work(&client, random).await;
        drop(client);
        // What ended a connection has been seen as a failed query.
        let _ = connection.await;
        ended
    }

    async fn work(&mut self, client: &Client, random: &mut StdRng) -> Result<End, Fault> {
        let read = bounded("prepare", client.prepare(PREPARED_READ)).await?;
        let write = bounded("prepare", client.prepare(WRITE)).await?;
        let scene = Arc::clone(&self.scene);
        scene.tally.logins.fetch_add(1, Ordering::Relaxed);
        while !scene.stop.load(Ordering::Relaxed) {
            time::sleep(Duration::from_millis(random.random_range(100..700))).await;
            let item = random.random_range(1..=1_000);
            match random.random_range(0..50) {
                0 if read_much(&scene, client).await? == End::Closed => return Ok(End::Closed),
                0 => (),
                1..=3 => self.write(client, &write).await?,
                4..=25 => read_simple(&scene, client, item).await?,
                _ => read_prepared(&scene, client, &read, item).await?,
            }
        }
        Ok(End::Well)
    }

    /// A write, and a read that must see it, wherever it runs.
    async fn write(&mut self, client: &Client, write: &Statement) -> Result<(), Fault> {
        self.written += 1;
        let parameters: [&(dyn ToSql + Sync); 2] = [&self.key, &self.written];
        bounded("write", client.execute(write, &parameters)).await?;
        self.scene.tally.writes.fetch_add(1, Ordering::Relaxed);
        let sql = format!("select max(i) from written where client = {}", self.key);
        let row = bounded("read of a write", client.query_one(&sql, &[])).await?;
        match row.get::<_, Option<i32>>(0) {
            Some(i) if i == self.written => Ok(()),
            other => Err(wrong("read of a write", (self.written, other))),
        }
    }
}

/// A read in the simple protocol.
async fn read_simple(scene: &Scene, client: &Client, item: i32) -> Result<(), Fault> {
    let began = Instant::now();
    let sql = format!("select md5(i::text) = text, {NODE} from item where i = {item}");
    let messages = bounded("simple read", client.simple_query(&sql)).await?;
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some((row.get(0)?, row.get(1)?)),
        _ => None,
    });
    match rows.collect::<Vec<_>>().as_slice() {
        [("t", node)] => scene.tally.read(node, began.elapsed()),
        other => return Err(wrong("simple read", other)),
    }
    Ok(())
}

/// A read in the extended protocol by a prepared statement.
async fn read_prepared(
    scene: &Scene,
    client: &Client,
    read: &Statement,
    item: i32,
) -> Result<(), Fault> {
    let began = Instant::now();
    let row = bounded("prepared read", client.query_one(read, &[&item])).await?;
    match (row.get::<_, bool>(0), row.get::<_, String>(1)) {
        (true, node) => scene.tally.read(&node, began.elapsed()),
        other => return Err(wrong("prepared read", other)),
    }
    Ok(())
}

/// A result that does not fit into any buffer: it comes whole, or fails after it has begun, and
/// then the session goes on unless it was closed.
async fn read_much(scene: &Scene, client: &Client) -> Result<End, Fault> {
    let mut count = 0_i32;
    let reading = async {
        let none: [i32; 0] = [];
        let mut rows = pin!(client.query_raw(MUCH, none).await?);
        while let Some(row) = rows.try_next().await? {
            count += 1;
            // A result that was begun twice would show here.
            if row.get::<_, i32>(0) != count {
                return Ok(Some(row.get::<_, i32>(0)));
            }
        }
        Ok::<_, Error>(None)
    };
    let ended = time::timeout(ANSWER_WITHIN, reading).await;
    match ended {
        Err(_) => Err(Fault::Hanging { what: "large read" }),
        Ok(Ok(None)) if count == MUCH_ROWS => Ok(End::Well),
        Ok(Ok(other)) => Err(wrong("large read", (count, other))),
        Ok(Err(error)) if 0 < count => {
            scene.tally.broken_results.fetch_add(1, Ordering::Relaxed);
            Ok(match error.as_db_error() {
                Some(_) => End::Well,
                None => End::Closed,
            })
        }
        Ok(Err(source)) => Err(Fault::Failed {
            what: "large read",
            source,
        }),
    }
}

async fn bounded<T>(
    what: &'static str,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Fault> {
    match time::timeout(ANSWER_WITHIN, answer).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(source)) => Err(Fault::Failed { what, source }),
        Err(_) => Err(Fault::Hanging { what }),
    }
}

fn wrong(what: &'static str, seen: impl std::fmt::Debug) -> Fault {
    Fault::Wrong {
        what,
        said: format!("{seen:?}"),
    }
}

/// How long a query may take; a read that waits for pools and retries must fit in.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(20);

const NODE: &str = "whereabouts()";
const PREPARED_READ: &str = "select md5(i::text) = text, whereabouts() from item where i = $1";
const WRITE: &str = "insert into written (client, i) values ($1, $2)";
const MUCH: &str = "select i, repeat('x', 100) from generate_series(1, 2000) i";
const MUCH_ROWS: i32 = 2_000;
