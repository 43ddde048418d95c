//! Clients at work: reads and writes, transactions, logins. What fails is counted.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;

use crate::stage::Front;
use crate::stage::Session;

/// Running clients. Ended by [`Load::end`].
pub(crate) struct Load {
    told: Arc<Told>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Told {
    is_over: AtomicBool,
    done: AtomicUsize,
    failed: Mutex<Vec<String>>,
}

/// What a client does, again and again.
type Work = Box<dyn FnMut(&Told) + Send>;

impl Told {
    fn until_over(&self, mut work: Work) {
        while !self.is_over.load(Ordering::SeqCst) {
            work(self);
        }
    }

    fn note<T>(&self, what: &str, result: Result<T, String>) {
        match result {
            Ok(_) => drop(self.done.fetch_add(1, Ordering::SeqCst)),
            Err(error) => self.failed.lock().unwrap().push(format!("{what}: {error}")),
        }
    }
}

impl Load {
    /// Four that read and write, one in transactions, one that logs in again and again.
    pub(crate) fn start(front: &Front) -> Self {
        let told = Arc::<Told>::default();
        let mut work: Vec<Work> = Vec::new();
        for client in 0..4 {
            let (session, mut last) = (front.session("app"), 0);
            work.push(Box::new(move |told| {
                last += 1;
                write_and_read(told, &session, client, last);
            }));
        }
        let session = front.session("app");
        work.push(Box::new(move |told| {
            for sql in ["begin read only", "select 1", "select 2", "commit"] {
                told.note(sql, session.sql(sql));
            }
        }));
        let conninfo = front.conninfo("app", "app");
        work.push(Box::new(move |told| {
            let read = Session::start(&conninfo).and_then(|session| session.sql("select 1"));
            told.note("login", read);
        }));
        let start = |work: Work| {
            let told = Arc::clone(&told);
            thread::spawn(move || told.until_over(work))
        };
        let threads = work.into_iter().map(start).collect();
        Self { told, threads }
    }

    /// How much was done without an error.
    pub(crate) fn done(&self) -> usize {
        self.told.done.load(Ordering::SeqCst)
    }

    /// Ends them. None may have failed.
    pub(crate) fn end(self) {
        self.told.is_over.store(true, Ordering::SeqCst);
        for thread in self.threads {
            thread.join().unwrap();
        }
        let failed = self.told.failed.lock().unwrap();
        let done = self.told.done.load(Ordering::SeqCst);
        assert!(failed.is_empty(), "beside {done}: {failed:?}");
    }
}

/// A session sees what it wrote, wherever it reads.
fn write_and_read(told: &Told, session: &Session, client: u32, last: u32) {
    let write = format!("insert into work values ({client}, {last})");
    told.note("write", session.sql(&write));
    let read = format!("select max(i) from work where client = {client}");
    for _ in 0..8 {
        let read = session.sql(&read).and_then(|found| match found {
            found if found == last.to_string() => Ok(()),
            found => Err(format!("{found} instead of {last}")),
        });
        told.note("read", read);
    }
}
