//! A client that behaves, and checks all along that it is served.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use crate::raw::End;
use crate::raw::Raw;
use crate::raw::tags;

/// A client on a thread of its own.
#[derive(Debug)]
pub(crate) struct Bystander {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Seen>,
}

/// What it went through.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// Queries that it ran, all with the right answer.
    pub(crate) queries: u64,
    /// The longest of them.
    pub(crate) longest: Duration,
}

impl Seen {
    /// Runs one more query.
    fn ask(&mut self, raw: &mut Raw) {
        let began = Instant::now();
        let (messages, end) = raw.query(&format!("select {}", self.queries));
        assert_eq!((tags(&messages).as_str(), end), ("TDCZ", End::Ready));
        self.queries += 1;
        self.longest = self.longest.max(began.elapsed());
    }
}

impl Bystander {
    /// Logs in and starts to ask.
    pub(crate) fn start(port: u16) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let mut raw = Raw::log_in(port);
        let thread = thread::spawn(move || {
            let mut seen = Seen::default();
            // Once more after the last of the bad clients.
            while !asked.load(Ordering::Relaxed) {
                seen.ask(&mut raw);
                thread::sleep(Duration::from_millis(5));
            }
            seen.ask(&mut raw);
            seen
        });
        Self { stop, thread }
    }

    /// Ends it and tells what it went through.
    pub(crate) fn end(self) -> Seen {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the bystander was served")
    }
}
