//! One direction between two connections of which nothing but the lengths of messages is read.

use std::io;
use std::task::Context;
use std::task::Poll;
use std::task::ready;

use crate::net::conn::Conn;
use crate::net::stream::Stream;
use crate::wire::Fault;
use crate::wire::frames::Frames;
use crate::wire::frames::Side;

/// What goes from one side to the other.
#[derive(Debug)]
pub(super) struct Way {
    frames: Frames,
    /// Bytes at the start of what was read that may go.
    through: usize,
    /// The tag of the last message.
    last: Option<u8>,
}

/// Why nothing more will go this way.
#[derive(Debug)]
pub(super) enum Broken {
    /// The side that it comes from has ended.
    End,
    /// That side cannot be read.
    From(io::Error),
    /// That side does not speak the protocol.
    Wire(Fault),
    /// The other side cannot be written to.
    To(io::Error),
}

impl Way {
    /// One on which `side` speaks.
    pub(super) fn new(side: Side) -> Self {
        Self {
            frames: Frames::new(side),
            through: 0,
            last: None,
        }
    }

    /// The tag of the last message of which at least the start has come.
    pub(super) fn last(&self) -> Option<u8> {
        self.last
    }

    /// Whether the receiver has no part of a message of which the rest is missing.
    pub(super) fn is_between_messages(&self) -> bool {
        self.through == 0 && self.frames.is_at_start()
    }

    /// Moves what can be moved; ready when nothing more will.
    pub(super) fn poll_pass(
        &mut self,
        from: &mut Conn<Stream>,
        to: &mut Conn<Stream>,
        cx: &mut Context<'_>,
    ) -> Poll<Broken> {
        loop {
            if let Err(fault) = self.scan(from.unread()) {
                return Poll::Ready(Broken::Wire(fault));
            }
            if let Err(error) = ready!(self.poll_write(from, to, cx)) {
                return Poll::Ready(Broken::To(error));
            }
            match ready!(from.poll_fill(cx)) {
                Ok(0) => return Poll::Ready(Broken::End),
                Ok(_) => (),
                Err(error) => return Poll::Ready(Broken::From(error)),
            }
        }
    }

    /// Writes what may go.
    fn poll_write(
        &mut self,
        from: &mut Conn<Stream>,
        to: &mut Conn<Stream>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if !to.is_flushed() {
            ready!(to.poll_flush(cx))?;
        }
        while self.through != 0 {
            let bytes = from.unread().get(..self.through).unwrap_or_default();
            let count = ready!(to.poll_through(cx, bytes))?;
            from.consume(count);
            self.through -= count;
        }
        // TLS may keep some of it; what comes next is read all the same.
        match to.poll_flush(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(())),
        }
    }

    /// Finds out how much of what was read may go.
    fn scan(&mut self, unread: &[u8]) -> Result<(), Fault> {
        while let Some(rest) = unread.get(self.through..)
            && let Some(piece) = self.frames.next(rest)?
        {
            self.through += piece.size;
            self.last = Some(piece.tag);
        }
        Ok(())
    }
}
