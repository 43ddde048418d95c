//! Where cancel requests wait for their turn: each takes a connection, and one pool, or one peer,
//! has only so many at a time.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use tokio::sync::Semaphore;

/// The cancel requests of one pool or peer.
#[derive(Debug)]
pub struct Line {
    turns: Semaphore,
    size: Mutex<Size>,
    active: AtomicU32,
    waiting: AtomicU32,
}

#[derive(Debug)]
struct Size {
    count: u32,
    /// Turns that are to be taken away when they end.
    owed: u32,
}

impl Line {
    /// A line with one turn.
    pub fn new() -> Self {
        Self {
            turns: Semaphore::new(1),
            size: Mutex::new(Size { count: 1, owed: 0 }),
            active: AtomicU32::new(0),
            waiting: AtomicU32::new(0),
        }
    }

    /// Sets how many requests may have a connection at one time; at least one may.
    pub fn resize(&self, count: u32) {
        let count = count.max(1);
        let mut size = self.size();
        if size.count < count {
            let more = count - size.count;
            let kept = more.min(size.owed);
            size.owed -= kept;
            self.turns.add_permits(permits(more - kept));
        } else {
            let fewer = size.count - count;
            let taken = self.turns.forget_permits(permits(fewer));
            size.owed += fewer - u32::try_from(taken).unwrap_or(fewer).min(fewer);
        }
        size.count = count;
    }

    /// Waits for a turn, in the order of arrival.
    ///
    /// # Cancel safety
    /// Yes: one who waits no longer has left the line.
    pub async fn turn(self: &Arc<Self>) -> Turn {
        let waiting = Counted::new(&self.waiting);
        if let Ok(permit) = self.turns.acquire().await {
            // It is given back by the turn's end.
            permit.forget();
        }
        drop(waiting);
        self.active.fetch_add(1, Ordering::Relaxed);
        Turn {
            line: Arc::clone(self),
        }
    }

    /// Requests that have their turn.
    pub fn active(&self) -> u32 {
        self.active.load(Ordering::Relaxed)
    }

    /// Requests that wait for it.
    pub fn waiting(&self) -> u32 {
        self.waiting.load(Ordering::Relaxed)
    }

    fn size(&self) -> MutexGuard<'_, Size> {
        self.size.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

/// The right to a connection for one cancel request, until it is dropped.
#[derive(Debug)]
pub struct Turn {
    line: Arc<Line>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.line.active.fetch_sub(1, Ordering::Relaxed);
        let mut size = self.line.size();
        if size.owed == 0 {
            self.line.turns.add_permits(1);
        } else {
            size.owed -= 1;
        }
    }
}

/// One more, until it is dropped.
struct Counted<'a>(&'a AtomicU32);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn permits(count: u32) -> usize {
    usize::try_from(count).unwrap_or(Semaphore::MAX_PERMITS)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    async fn try_turn(line: &Arc<Line>) -> Option<Turn> {
        timeout(Duration::from_secs(1), line.turn()).await.ok()
    }

    fn check(line: &Line, active: u32, waiting: u32) {
        assert_eq!((line.active(), line.waiting()), (active, waiting));
    }

    #[tokio::test(start_paused = true)]
    async fn there_are_as_many_turns_as_the_size() {
        let line = Arc::new(Line::new());
        line.resize(2);
        let turns = [line.turn().await, line.turn().await];
        check(&line, 2, 0);
        assert!(try_turn(&line).await.is_none());
        // Who has left is counted no longer.
        check(&line, 2, 0);
        let theirs = Arc::clone(&line);
        let next = tokio::spawn(async move { theirs.turn().await });
        tokio::task::yield_now().await;
        check(&line, 2, 1);
        drop(turns);
        let turn = next.await.unwrap();
        check(&line, 1, 0);
        drop(turn);
        check(&line, 0, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_size_holds_for_turns_that_are_taken() {
        let line = Arc::new(Line::new());
        line.resize(3);
        let mut turns = vec![line.turn().await, line.turn().await];
        // One was free, one is owed.
        line.resize(1);
        turns.pop();
        assert!(try_turn(&line).await.is_none());
        turns.pop();
        turns.push(try_turn(&line).await.unwrap());
        assert!(try_turn(&line).await.is_none());
        line.resize(0);
        line.resize(2);
        turns.push(try_turn(&line).await.unwrap());
        assert!(try_turn(&line).await.is_none());
        line.resize(1);
        line.resize(2);
        turns.clear();
        check(&line, 0, 0);
        turns = vec![line.turn().await, line.turn().await];
        assert!(try_turn(&line).await.is_none());
        drop(turns);
    }
}
