//! A connection to a proxy that reads and writes registers by every way that the protocol has.

use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::SinkExt;
use rand::RngExt;
use rand::rngs::StdRng;
use tokio::task::JoinHandle;
use tokio::time;
use tokio_postgres::Client as Postgres;
use tokio_postgres::Error;
use tokio_postgres::NoTls;
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::Statement;
use tokio_postgres::types::ToSql;
use tokio_postgres::types::Type;

use crate::history::Level;
use crate::history::Place;

/// Why something was not done, or is not known to be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("{0}")]
    Failed(#[from] Error),
    #[error("no answer in {ANSWER_WITHIN:?}")]
    Hanging,
    #[error("a strange answer: {0}")]
    Strange(String),
}

/// What was read: register and value, and where.
pub(crate) type Seen = (Vec<(usize, i64)>, Place);

/// A connection with what it has prepared.
pub(crate) struct Client {
    postgres: Postgres,
    task: JoinHandle<()>,
    read: Statement,
    write: Statement,
    /// In front of reads: a hint, or nothing.
    hint: String,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Client {
    /// Logs in. Every other session tells its level by `SET`, the rest by a hint in each read.
    pub(crate) async fn connect(
        conninfo: &str,
        level: Level,
        by_hint: bool,
    ) -> Result<Self, Fault> {
        let (postgres, connection) = bounded(tokio_postgres::connect(conninfo, NoTls)).await?;
        let task = tokio::spawn(async move {
            // How it ended is seen by what was asked of it.
            let _ = connection.await;
        });
        let mut hint = String::new();
        if by_hint {
            hint = format!("/* pgsluice: {} */ ", level.setting());
        } else {
            let set = format!("set pgsluice.consistency = '{}'", level.setting());
            bounded(postgres.batch_execute(&set)).await?;
        }
        let read = format!("{hint}{}", read_of("$1::int[]"));
        Ok(Self {
            read: bounded(postgres.prepare(&read)).await?,
            write: bounded(postgres.prepare(WRITE)).await?,
            postgres,
            task,
            hint,
        })
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.postgres.is_closed()
    }

    pub(crate) async fn run(&self, sql: &str) -> Result<(), Fault> {
        bounded(self.postgres.batch_execute(sql)).await
    }

    /// The first column of the first row of a simple query.
    pub(crate) async fn value(&self, sql: &str) -> Result<String, Fault> {
        let messages = bounded(self.postgres.simple_query(sql)).await?;
        let value = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        value
            .map(str::to_owned)
            .ok_or_else(|| Fault::Strange(format!("{sql}: {messages:?}")))
    }

    /// From here on transactions bind late.
    pub(crate) async fn bind_late(&self) -> Result<(), Fault> {
        self.run("set pgsluice.transaction_reads = 'until_write'")
            .await
    }

    /// Reads registers in one statement of the transaction that is open.
    pub(crate) async fn read_within(
        &self,
        registers: &[i32],
        random: &mut StdRng,
    ) -> Result<Seen, Fault> {
        match random.random_bool(0.5) {
            true => self.read_simple(registers, Bracket::None).await,
            false => seen(&bounded(self.postgres.query(&self.read, &[&registers])).await?),
        }
    }

    /// Writes a register's next value in the transaction that is open.
    pub(crate) async fn write_within(
        &self,
        register: i32,
        value: i64,
        random: &mut StdRng,
    ) -> Result<(), Fault> {
        match random.random_bool(0.5) {
            true => {
                let insert = format!("insert into written values ({register}, {value})");
                self.run(&insert).await
            }
            false => bounded(self.postgres.execute(&self.write, &[&register, &value]))
                .await
                .map(drop),
        }
    }

    /// Reads registers in one statement.
    pub(crate) async fn read(&self, registers: &[i32], random: &mut StdRng) -> Result<Seen, Fault> {
        match random.random_range(0..4) {
            0 => self.read_simple(registers, Bracket::None).await,
            1 => {
                let sql = format!("{}{}", self.hint, read_of("$1::int[]"));
                let parameters = [(&registers as &(dyn ToSql + Sync), Type::INT4_ARRAY)];
                seen(&bounded(self.postgres.query_typed(&sql, &parameters)).await?)
            }
            2 if self.hint.is_empty() => self.read_simple(registers, Bracket::ReadOnly).await,
            _ => seen(&bounded(self.postgres.query(&self.read, &[&registers])).await?),
        }
    }

    async fn read_simple(&self, registers: &[i32], bracket: Bracket) -> Result<Seen, Fault> {
        let list: Vec<_> = registers.iter().map(i32::to_string).collect();
        let read = read_of(&format!("'{{{}}}'::int[]", list.join(",")));
        let sql = match bracket {
            Bracket::None => format!("{}{read}", self.hint),
            Bracket::ReadOnly => format!("begin read only; {read}; commit"),
        };
        let messages = bounded(self.postgres.simple_query(&sql)).await?;
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some([row.get(0), row.get(1), row.get(2)]),
            _ => None,
        });
        rows_seen(rows)
    }

    /// Writes a register's next value by one of the ways.
    pub(crate) async fn write(
        &self,
        register: i32,
        value: i64,
        random: &mut StdRng,
    ) -> Result<(), Fault> {
        let row = format!("{register}, {value}");
        match random.random_range(0..10) {
            0 => {
                let into = "copy written (register, value) from stdin";
                let sink = bounded(self.postgres.copy_in(into)).await?;
                let mut sink = pin!(sink);
                let line = Bytes::from(format!("{register}\t{value}\n"));
                bounded(sink.send(line)).await?;
                bounded(sink.finish()).await.map(drop)
            }
            1 => {
                self.run(&format!(
                    "do $$ begin insert into written values ({row}); end $$"
                ))
                .await
            }
            2 => self.run(&format!("call put_by_call({row})")).await,
            3 => self.run(&format!("select put({row})")).await,
            4 => {
                self.run("begin").await?;
                self.run(&format!("insert into written values ({row})"))
                    .await?;
                self.run("commit").await
            }
            5 => {
                let name = format!("w{register}_{value}");
                let insert = format!("insert into written values ({row})");
                self.run(&format!("begin; {insert}; prepare transaction '{name}'"))
                    .await?;
                self.run(&format!("commit prepared '{name}'")).await
            }
            6 => {
                let sql = "insert into written values ($1, $2)";
                let parameters: [(&(dyn ToSql + Sync), Type); 2] =
                    [(&register, Type::INT4), (&value, Type::INT8)];
                bounded(self.postgres.query_typed(sql, &parameters))
                    .await
                    .map(drop)
            }
            7 => {
                self.run(&format!("insert into written values ({row})"))
                    .await
            }
            _ => bounded(self.postgres.execute(&self.write, &[&register, &value]))
                .await
                .map(drop),
        }
    }

    /// A write and a read behind it, which is sent before the write is answered.
    pub(crate) async fn write_and_read(
        &self,
        register: i32,
        value: i64,
    ) -> (Result<(), Fault>, Result<Seen, Fault>) {
        let registers = vec![register];
        let row: [&(dyn ToSql + Sync); 2] = [&register, &value];
        let list: [&(dyn ToSql + Sync); 1] = [&registers];
        let write = bounded(self.postgres.execute(&self.write, &row));
        let read = bounded(self.postgres.query(&self.read, &list));
        let (wrote, rows) = tokio::join!(biased; write, read);
        (wrote.map(drop), rows.and_then(|rows| seen(&rows)))
    }
}

/// What stands around a read.
#[derive(Clone, Copy, Debug)]
enum Bracket {
    None,
    ReadOnly,
}

/// Reads the registers that `list`, an array, names.
fn read_of(list: &str) -> String {
    format!(
        "select r, (select max(value) from written where register = r), whereabouts() \
         from unnest({list}) r"
    )
}

fn seen(rows: &[tokio_postgres::Row]) -> Result<Seen, Fault> {
    let texts: Vec<_> = rows
        .iter()
        .map(|row| {
            let value: Option<i64> = row.get(1);
            [
                Some(row.get::<_, i32>(0).to_string()),
                value.map(|v| v.to_string()),
                Some(row.get::<_, String>(2)),
            ]
        })
        .collect();
    rows_seen(texts.iter().map(|row| row.each_ref().map(Option::as_deref)))
}

fn rows_seen<'a>(rows: impl Iterator<Item = [Option<&'a str>; 3]>) -> Result<Seen, Fault> {
    let (mut values, mut place) = (Vec::new(), None);
    for row in rows {
        let strange = || Fault::Strange(format!("{row:?}"));
        let [Some(register), value, Some(whereabouts)] = row else {
            return Err(strange());
        };
        let value = value.map_or(Ok(0), str::parse).map_err(|_| strange())?;
        values.push((register.parse().map_err(|_| strange())?, value));
        place = place_of(whereabouts);
    }
    let place = place.ok_or_else(|| Fault::Strange(format!("no place: {values:?}")))?;
    Ok((values, place))
}

/// Reads what `whereabouts()` says: `node1 t`, where `t` is a replica.
fn place_of(text: &str) -> Option<Place> {
    let (name, recovery) = text.split_once(' ')?;
    Some(Place {
        node: name.strip_prefix("node")?.parse().ok()?,
        on_replica: recovery.starts_with('t'),
    })
}

async fn bounded<T>(answer: impl Future<Output = Result<T, Error>>) -> Result<T, Fault> {
    match time::timeout(ANSWER_WITHIN, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Fault::Hanging),
    }
}

/// How long anything may take: a write waits for the promotion.
const ANSWER_WITHIN: Duration = Duration::from_secs(25);

const WRITE: &str = "insert into written values ($1, $2)";
