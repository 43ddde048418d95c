//! One of the sessions: it writes its register, reads that and those of others, and records all.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::time;

use crate::client::Client;
use crate::client::Fault;
use crate::history::Act;
use crate::history::Level;
use crate::history::Part;
use crate::history::Read;
use crate::history::Session;
use crate::history::Write;
use crate::scene::Scene;
use crate::scene::Token;

/// Who a worker is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Worker {
    /// Its number, and that of its register.
    number: usize,
    level: Level,
    proxy: usize,
    /// Whether its transactions bind late.
    is_late: bool,
}

impl Worker {
    /// Of each twelve, three are at `eventual`, four at `session`, two at `database`, two at
    /// `strong`, and one waits for the tokens of others. Most are behind the first proxy. Every other
    /// one has transactions that bind late.
    pub(crate) fn new(number: usize) -> Self {
        let level = match number % 12 {
            0..3 => Level::Eventual,
            3..7 => Level::Session,
            7..9 => Level::Database,
            9..11 => Level::Strong,
            _ => Level::Token,
        };
        let is_elsewhere = matches!(number % 24, 3 | 7 | 23);
        Self {
            number,
            level,
            proxy: usize::from(is_elsewhere),
            is_late: number % 2 == 1 && level != Level::Token,
        }
    }

    /// Works until all are told to stop, over one connection after the other.
    pub(crate) async fn run(self, scene: Arc<Scene>) {
        let mut random = StdRng::seed_from_u64(scene.seed.wrapping_add(self.number as u64));
        let mut value = 0;
        while !scene.stop.load(Ordering::Relaxed) {
            let conninfo = &scene.proxies[self.proxy];
            let by_hint = self.number.is_multiple_of(5);
            let mut session = Session {
                level: self.level,
                proxy: self.proxy,
                acts: Vec::new(),
            };
            match Client::connect(conninfo, self.level, by_hint).await {
                Ok(client) => {
                    scene.logins.fetch_add(1, Ordering::Relaxed);
                    let mut visit = Visit {
                        worker: self,
                        scene: &scene,
                        client: &client,
                        session: &mut session,
                        value: &mut value,
                    };
                    visit.work(&mut random).await;
                }
                Err(fault) => scene.fault("login", &fault),
            }
            scene.keep(session);
            // A proxy or cluster in trouble is not stormed.
            pause(&mut random, 20..100).await;
        }
    }
}

/// A worker's time on one connection.
struct Visit<'a> {
    worker: Worker,
    scene: &'a Scene,
    client: &'a Client,
    session: &'a mut Session,
    /// The last value that it has written, acknowledged or not.
    value: &'a mut i64,
}

impl Visit<'_> {
    async fn work(&mut self, random: &mut StdRng) {
        if self.worker.is_late
            && let Err(fault) = self.client.bind_late().await
        {
            return self.scene.fault("bind late", &fault);
        }
        while !self.scene.stop.load(Ordering::Relaxed) && !self.client.is_closed() {
            pause(random, 20..240).await;
            let done = match (self.worker.level, random.random_range(0..100)) {
                (Level::Token, _) => self.read_by_token(random).await,
                (_, 0..12) => self.write(random).await,
                (_, 12..16) => self.write_and_read().await,
                (_, 16..32) if self.worker.is_late => self.transact(random).await,
                (_, 16..70) => self.read(None, random).await,
                _ => self.read_twice(random).await,
            };
            if let Err((what, fault)) = done {
                self.scene.fault(what, &fault);
                if let Fault::Hanging = fault {
                    return;
                }
                // Whatever transaction it was in is none of the next one's.
                if self.client.run("rollback").await.is_err() {
                    return;
                }
            }
        }
    }

    fn begin_write(&mut self) -> Write {
        *self.value += 1;
        Write {
            register: self.worker.number,
            value: *self.value,
            started: Instant::now(),
            acknowledged: None,
        }
    }

    async fn write(&mut self, random: &mut StdRng) -> Result<(), (&'static str, Fault)> {
        let mut write = self.begin_write();
        let done = self
            .client
            .write(self.register(), write.value, random)
            .await;
        write.acknowledged = done.is_ok().then(Instant::now);
        self.session.acts.push(Act::Wrote(write));
        done.map_err(|fault| ("write", fault))?;
        if random.random_range(0..4) == 0 {
            let text = self.client.value("show pgsluice.write_token").await;
            let text = text.map_err(|fault| ("token", fault))?;
            self.scene.publish(Token { write, text });
        }
        // What must be there is looked for at once, before replicas have had the time.
        if random.random_bool(0.7) {
            self.read(None, random).await?;
        }
        Ok(())
    }

    async fn write_and_read(&mut self) -> Result<(), (&'static str, Fault)> {
        let mut write = self.begin_write();
        let started = write.started;
        let (wrote, seen) = self
            .client
            .write_and_read(self.register(), write.value)
            .await;
        let ended = Instant::now();
        write.acknowledged = wrote.is_ok().then_some(ended);
        self.session.acts.push(Act::Wrote(write));
        let (seen, place) = seen.map_err(|fault| ("read behind a write", fault))?;
        self.session.acts.push(Act::Read(Read {
            seen,
            started,
            ended,
            place,
            part: Part::None,
            owed: None,
        }));
        wrote.map_err(|fault| ("write before a read", fault))
    }

    async fn read(
        &mut self,
        owed: Option<Write>,
        random: &mut StdRng,
    ) -> Result<(), (&'static str, Fault)> {
        let registers = self.some_registers(owed, random);
        let started = Instant::now();
        let (seen, place) = self
            .client
            .read(&registers, random)
            .await
            .map_err(|fault| ("read", fault))?;
        self.session.acts.push(Act::Read(Read {
            seen,
            started,
            ended: Instant::now(),
            place,
            part: Part::None,
            owed,
        }));
        Ok(())
    }

    /// A transaction that binds late: reads, mostly a write, reads behind it, and its end.
    async fn transact(&mut self, random: &mut StdRng) -> Result<(), (&'static str, Fault)> {
        let failed = |fault| ("transaction", fault);
        self.client.run("begin").await.map_err(failed)?;
        let first = Instant::now();
        self.read_within(Part::First, first, random).await?;
        for _ in 0..random.random_range(0..3) {
            pause(random, 0..20).await;
            self.read_within(Part::Later, first, random).await?;
        }
        if random.random_range(0..4) == 0 {
            return self.client.run("commit").await.map_err(failed);
        }
        let mut write = self.begin_write();
        let done = self.write_and_commit(write.value, random).await;
        write.acknowledged = done.is_ok().then(Instant::now);
        self.session.acts.push(Act::Wrote(write));
        done?;
        self.read(None, random).await
    }

    async fn write_and_commit(
        &mut self,
        value: i64,
        random: &mut StdRng,
    ) -> Result<(), (&'static str, Fault)> {
        let failed = |fault| ("write in a transaction", fault);
        let register = self.register();
        self.client
            .write_within(register, value, random)
            .await
            .map_err(failed)?;
        if random.random_bool(0.5) {
            self.read_within(Part::Bound, Instant::now(), random)
                .await?;
        }
        self.client.run("commit").await.map_err(failed)
    }

    async fn read_within(
        &mut self,
        part: Part,
        started: Instant,
        random: &mut StdRng,
    ) -> Result<(), (&'static str, Fault)> {
        let registers = self.some_registers(None, random);
        let (seen, place) = self
            .client
            .read_within(&registers, random)
            .await
            .map_err(|fault| ("read in a transaction", fault))?;
        self.session.acts.push(Act::Read(Read {
            seen,
            started,
            ended: Instant::now(),
            place,
            part,
            owed: None,
        }));
        Ok(())
    }

    /// Its own register, that of the write that is owed, one of all, and a hot one.
    fn some_registers(&self, owed: Option<Write>, random: &mut StdRng) -> Vec<i32> {
        let mut registers = vec![self.register()];
        registers.extend(owed.map(|write| as_key(write.register)));
        registers.push(as_key(random.random_range(0..self.scene.workers)));
        registers.push(as_key(random.random_range(0..HOT)));
        registers.sort_unstable();
        registers.dedup();
        registers
    }

    /// One read right behind the other, which may run elsewhere.
    async fn read_twice(&mut self, random: &mut StdRng) -> Result<(), (&'static str, Fault)> {
        self.read(None, random).await?;
        self.read(None, random).await
    }

    /// Reads what another session wrote, perhaps through another process.
    async fn read_by_token(&mut self, random: &mut StdRng) -> Result<(), (&'static str, Fault)> {
        let Some(Token { write, text }) = self.scene.token(random) else {
            return Ok(());
        };
        let set = format!("set pgsluice.wait_for = '{text}'");
        self.client
            .run(&set)
            .await
            .map_err(|fault| ("wait_for", fault))?;
        self.read(Some(write), random).await
    }

    fn register(&self) -> i32 {
        as_key(self.worker.number)
    }
}

fn as_key(number: usize) -> i32 {
    i32::try_from(number).unwrap_or_default()
}

async fn pause(random: &mut StdRng, ms: std::ops::Range<u64>) {
    time::sleep(Duration::from_millis(random.random_range(ms))).await;
}

/// Registers that all read more often than the others.
const HOT: usize = 24;
