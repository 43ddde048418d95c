//! A client that writes: one key after the other, by each way that the protocol has, and records
//! what it was told of each.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use rand::RngExt;
use rand::rngs::StdRng;
use tokio::time;
use tokio_postgres::Client;
use tokio_postgres::Error;
use tokio_postgres::NoTls;
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::Statement;
use tokio_postgres::types::ToSql;
use tokio_postgres::types::Type;

use crate::crowd::Common;
use crate::crowd::Habit;
use crate::crowd::bounded;
use crate::crowd::node_of;
use crate::crowd::why;
use crate::history::Form;
use crate::history::History;
use crate::history::Outcome;
use crate::history::Write;

/// Writes until it is told to stop.
pub(crate) async fn run(common: Arc<Common>, number: usize) -> History {
    let mut writer = Writer {
        random: common.random(number),
        key: i64::try_from(number).unwrap_or_default() * KEYS_MAX,
        common,
        again: None,
        history: History::default(),
    };
    while !writer.common.is_over() {
        let began = Instant::now();
        match connect(&writer.common.orders.conninfo).await {
            Ok((client, insert)) => writer.work(&Session { client, insert }).await,
            Err(why) => {
                writer.history.refused_logins.push((began, why));
                time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    writer.history.writes.extend(writer.again);
    writer.history
}

/// A connection with its statement.
struct Session {
    client: Client,
    insert: Statement,
}

/// A writer, over all its connections.
struct Writer {
    common: Arc<Common>,
    random: StdRng,
    /// The last one that it has begun to write.
    key: i64,
    /// What is to be done again, by one whose habit that is.
    again: Option<Write>,
    history: History,
}

/// Why a write was not acknowledged.
enum Failure {
    /// Nothing was sent that could have made it last.
    Before(Error),
    /// By what was sent it may be there, as far as this error does not say otherwise.
    With(Error),
    Strange(String),
}

impl Writer {
    async fn work(&mut self, session: &Session) {
        while !self.common.is_over() && !session.client.is_closed() {
            let pause = self.random.random_range(5..40);
            time::sleep(Duration::from_millis(pause)).await;
            let form = Form::ALL[self.random.random_range(0..Form::ALL.len())];
            let mut write = match self.again.take() {
                Some(write) => write,
                None => self.begin(form),
            };
            let answer = bounded(session.write(write.form, write.key)).await;
            write.outcome = match answer {
                Some(Ok(node)) => Outcome::Acknowledged { node },
                Some(Err(failure)) => outcome(&failure),
                None => Outcome::Hanging,
            };
            write.ended = Instant::now();
            let is_done = matches!(write.outcome, Outcome::Acknowledged { .. });
            if is_done {
                self.common.acknowledged.fetch_add(1, Ordering::Relaxed);
            } else {
                self.common.failed.fetch_add(1, Ordering::Relaxed);
                // Whatever transaction it is in is none of the next one's.
                let _ = bounded(session.client.batch_execute("rollback")).await;
            }
            match self.common.orders.habit {
                Habit::Retries if !is_done => self.again = Some(write),
                Habit::Retries | Habit::Careful => self.history.writes.push(write),
            }
        }
    }

    fn begin(&mut self, form: Form) -> Write {
        self.key += 1;
        let now = Instant::now();
        Write {
            key: self.key,
            form,
            began: now,
            ended: now,
            outcome: Outcome::Hanging,
        }
    }
}

impl Session {
    /// Writes a key. Returns the node that did it.
    async fn write(&self, form: Form, key: i64) -> Result<usize, Failure> {
        let insert = INSERT.replace("$1", &key.to_string());
        match form {
            Form::Simple => self.simple(&insert).await.map_err(Failure::With)?,
            Form::Prepared => {
                let row = self.client.query_one(&self.insert, &[&key]).await;
                Some(row.map_err(Failure::With)?.get(0))
            }
            Form::Unnamed => {
                let parameters: [(&(dyn ToSql + Sync), Type); 1] = [(&key, Type::INT8)];
                let rows = self.client.query_typed(INSERT, &parameters).await;
                rows.map_err(Failure::With)?.first().map(|row| row.get(0))
            }
            Form::Transaction => {
                self.simple("begin").await.map_err(Failure::Before)?;
                let node = self.simple(&insert).await.map_err(Failure::Before)?;
                self.simple("commit").await.map_err(Failure::With)?;
                node
            }
            Form::Together => {
                let sql = format!("begin; {insert}; commit");
                self.simple(&sql).await.map_err(Failure::With)?
            }
        }
        .and_then(|name: String| node_of(&name))
        .ok_or_else(|| Failure::Strange(format!("{form:?}: no row")))
    }

    /// The first value of the first row.
    async fn simple(&self, sql: &str) -> Result<Option<String>, Error> {
        let messages = self.client.simple_query(sql).await?;
        Ok(messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        }))
    }
}

/// What an error says of the write that it ended.
fn outcome(failure: &Failure) -> Outcome {
    match failure {
        Failure::Before(error) => Outcome::Refused { why: why(error) },
        Failure::With(error) => {
            let why = why(error);
            match error.as_db_error() {
                Some(_) if !LEAVES_OPEN.contains(&&*why) => Outcome::Refused { why },
                Some(_) | None => Outcome::Unknown { why },
            }
        }
        Failure::Strange(words) => Outcome::Unknown { why: words.clone() },
    }
}

async fn connect(conninfo: &str) -> Result<(Client, Statement), String> {
    let connecting = async {
        let (client, connection) = tokio_postgres::connect(conninfo, NoTls).await?;
        tokio::spawn(connection);
        let insert = client.prepare_typed(INSERT, &[Type::INT8]).await?;
        Ok((client, insert))
    };
    match bounded(connecting).await {
        Some(connected) => connected.map_err(|error| why(&error)),
        None => Err(String::from("no answer")),
    }
}

const INSERT: &str = "insert into kept values ($1) returning whereabouts()";
/// SQLSTATEs that do not say that nothing was done. The proxy's 08006 does.
const LEAVES_OPEN: &[&str] = &["08007", "08000", "08003", "57P01", "57P02"];
/// More than one can write.
const KEYS_MAX: i64 = 1_000_000;
