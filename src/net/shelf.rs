//! Buffers that no connection of this thread needs at the moment, for the next one that reads.
//!
//! A connection that waits with nothing unread holds no buffer, so that an idle client costs none,
//! and a busy process reads again and again into the few that its caches hold.

use std::cell::Cell;
use std::cell::RefCell;

use bytes::BytesMut;

/// Bytes of each buffer, before it grows.
pub const BUFFER_BYTES: usize = 8 * 1024;

/// Most buffers that are kept.
const BUFFERS_COUNT_MAX: usize = 64;

thread_local! {
    static BUFFERS: RefCell<Vec<BytesMut>> = const { RefCell::new(Vec::new()) };
    static HELD_COUNT: Cell<usize> = const { Cell::new(0) };
}

/// How many buffers there are for reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Those that connections have, grown ones too.
    pub used: usize,
    /// Those that none needs.
    pub free: usize,
}

/// The buffers of this thread: all of the process, where one runs all tasks.
pub fn counts() -> Counts {
    Counts {
        used: HELD_COUNT.get(),
        free: BUFFERS.with_borrow(Vec::len),
    }
}

/// Counts the buffer that a connection has, until it is dropped with it.
#[derive(Debug)]
pub(super) struct Held(());

impl Held {
    pub(super) fn new() -> Self {
        HELD_COUNT.set(HELD_COUNT.get() + 1);
        Self(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // It may have come from another thread.
        HELD_COUNT.set(HELD_COUNT.get().saturating_sub(1));
    }
}

/// An empty buffer: the one that was put back last, or a new one.
pub(super) fn take() -> (BytesMut, Held) {
    let free = BUFFERS.with_borrow_mut(Vec::pop);
    let buffer = free.unwrap_or_else(|| BytesMut::with_capacity(BUFFER_BYTES));
    (buffer, Held::new())
}

/// Puts an empty buffer back, unless it has another size or is shared: then it stays where it is.
pub(super) fn put(buffer: &mut BytesMut) {
    debug_assert!(buffer.is_empty(), "what was read is kept");
    if !buffer.try_reclaim(BUFFER_BYTES) || buffer.capacity() != BUFFER_BYTES {
        return;
    }
    let buffer = std::mem::take(buffer);
    BUFFERS.with_borrow_mut(|buffers| {
        if buffers.len() < BUFFERS_COUNT_MAX {
            buffers.push(buffer);
        }
    });
}

#[cfg(test)]
mod tests {
    use bytes::Buf;

    use super::*;

    fn count() -> usize {
        counts().free
    }

    #[test]
    fn used_buffers_are_whole_again_when_taken() {
        let (mut buffer, held) = take();
        assert_eq!(counts(), Counts { used: 1, free: 0 });
        buffer.extend_from_slice(b"some");
        buffer.advance(4);
        put(&mut buffer);
        drop(held);
        assert_eq!(buffer.capacity(), 0);
        assert_eq!(counts(), Counts { used: 0, free: 1 });
        let (again, _held) = take();
        assert_eq!((again.len(), again.capacity()), (0, BUFFER_BYTES));
        assert_eq!(counts(), Counts { used: 1, free: 0 });
    }

    #[test]
    fn grown_and_shared_buffers_stay_where_they_are() {
        let mut grown = BytesMut::with_capacity(2 * BUFFER_BYTES);
        put(&mut grown);
        let (mut shared, _held) = take();
        shared.extend_from_slice(b"some");
        let message = shared.split_to(4);
        put(&mut shared);
        assert!(shared.capacity() != 0 && grown.capacity() != 0);
        assert_eq!(count(), 0);
        drop(message);
        put(&mut shared);
        assert_eq!(count(), 1);
    }

    #[test]
    fn no_more_than_the_limit_are_kept() {
        for _ in 0..2 * BUFFERS_COUNT_MAX {
            put(&mut BytesMut::with_capacity(BUFFER_BYTES));
        }
        assert_eq!(count(), BUFFERS_COUNT_MAX);
    }
}
