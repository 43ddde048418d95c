//! Buffers that no connection of this thread needs at the moment, for the next one that reads.
//!
//! A connection that waits with nothing unread holds no buffer, so that an idle client costs none,
//! and a busy process reads again and again into the few that its caches hold.

use std::cell::RefCell;

use bytes::BytesMut;

/// Bytes of each buffer.
pub(super) const BUFFER_BYTES: usize = 8 * 1024;

/// Most buffers that are kept.
const BUFFERS_COUNT_MAX: usize = 64;

thread_local! {
    static BUFFERS: RefCell<Vec<BytesMut>> = const { RefCell::new(Vec::new()) };
}

/// An empty buffer: the one that was put back last, or a new one.
pub(super) fn take() -> BytesMut {
    BUFFERS
        .with_borrow_mut(Vec::pop)
        .unwrap_or_else(|| BytesMut::with_capacity(BUFFER_BYTES))
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
        BUFFERS.with_borrow(Vec::len)
    }

    #[test]
    fn used_buffers_are_whole_again_when_taken() {
        let mut buffer = take();
        buffer.extend_from_slice(b"some");
        buffer.advance(4);
        put(&mut buffer);
        assert_eq!((buffer.capacity(), count()), (0, 1));
        let again = take();
        assert_eq!((again.len(), again.capacity()), (0, BUFFER_BYTES));
        assert_eq!(count(), 0);
    }

    #[test]
    fn grown_and_shared_buffers_stay_where_they_are() {
        let mut grown = BytesMut::with_capacity(2 * BUFFER_BYTES);
        put(&mut grown);
        let mut shared = take();
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
