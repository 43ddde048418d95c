//! A stream with its buffers: bytes come in and stay until they are consumed, and go out when
//! flushed. Both halves survive a dropped future, because nothing half done is kept elsewhere.

use std::future::Future;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::pin::pin;
use std::task::Context;
use std::task::Poll;
use std::task::ready;

use bytes::Buf;
use bytes::BytesMut;
use thiserror::Error;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt;

use crate::error::Blame;
use crate::error::Error as CrateError;
use crate::net::shelf;
use crate::net::shelf::Held;
use crate::sqlstate::SqlState;
use crate::wire;

/// Bytes that a connection starts reading with, and grows from while its peer fills them.
pub const READ_BYTES_MIN: usize = shelf::BUFFER_BYTES;

/// Bytes that one read asks for at the most.
pub const READ_BYTES_MAX: usize = 256 * 1024;

/// Why a connection could not be read or written.
#[derive(Debug, Error)]
pub enum Fault {
    /// The operating system or TLS said no.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The peer does not speak the protocol.
    #[error("{0}")]
    Wire(#[from] wire::Fault),
}

impl Fault {
    /// The error that this is when the peer is `blame`.
    pub fn blamed(self, blame: Blame) -> CrateError {
        match self {
            Self::Wire(fault) => fault.blamed(blame),
            Self::Io(error) => CrateError::new(
                blame,
                SqlState::CONNECTION_FAILURE,
                format!("connection lost: {error}"),
            )
            .because(error),
        }
    }
}

/// One whole message.
#[derive(Debug)]
pub struct Message {
    /// Its tag.
    pub tag: u8,
    /// What follows the length field.
    pub body: BytesMut,
}

/// A stream, what was read from it and not yet consumed, and what is to be written.
#[derive(Debug)]
pub struct Conn<S> {
    stream: S,
    unread: BytesMut,
    /// That `unread` has a buffer.
    held: Option<Held>,
    out: BytesMut,
    read_bytes: usize,
    traffic: Traffic,
}

/// Bytes that went through a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Read.
    pub read: u64,
    /// Written.
    pub written: u64,
}

impl Traffic {
    fn add(total: &mut u64, count: usize) {
        *total = total.wrapping_add(u64::try_from(count).unwrap_or(u64::MAX));
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Conn<S> {
    /// Wraps a stream; allocates nothing until it is used.
    pub fn new(stream: S) -> Self {
        Self::with_unread(stream, BytesMut::new())
    }

    /// Wraps a stream of which `unread` was read already.
    pub fn with_unread(stream: S, unread: BytesMut) -> Self {
        let has_buffer = unread.capacity() != 0;
        Self {
            stream,
            unread,
            held: has_buffer.then(Held::new),
            out: BytesMut::new(),
            read_bytes: READ_BYTES_MIN,
            traffic: Traffic::default(),
        }
    }

    /// What went through since this was last asked.
    pub fn take_traffic(&mut self) -> Traffic {
        std::mem::take(&mut self.traffic)
    }

    /// The stream.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// The stream and what was read from it and not consumed; what was not flushed is lost.
    pub fn into_parts(self) -> (S, BytesMut) {
        (self.stream, self.unread)
    }

    /// What was read and not consumed.
    pub fn unread(&self) -> &[u8] {
        &self.unread
    }

    /// Drops the first `size` bytes of what was read.
    pub fn consume(&mut self, size: usize) {
        debug_assert!(size <= self.unread.len(), "consumes what was read");
        drop_front(&mut self.unread, size);
    }

    /// Where to append what is to be written.
    pub fn out(&mut self) -> &mut BytesMut {
        &mut self.out
    }

    /// Whether nothing waits to be written.
    pub fn is_flushed(&self) -> bool {
        self.out.is_empty()
    }

    /// Whether nothing read waits to be consumed.
    pub fn is_drained(&self) -> bool {
        self.unread.is_empty()
    }

    /// Gives the storage of empty buffers back, which makes an idle connection small.
    pub fn shed(&mut self) {
        if self.unread.is_empty() && self.unread.capacity() != 0 {
            self.unread = BytesMut::new();
            self.held = None;
        }
        if self.out.is_empty() && self.out.capacity() != 0 {
            self.out = BytesMut::new();
        }
        self.read_bytes = READ_BYTES_MIN;
    }

    /// Reads once: the count of bytes read, 0 at the end of the stream.
    ///
    /// A peer that fills the space it is given is given twice as much the next time. While there is
    /// nothing to read, and nothing that was read waits, the connection has no buffer.
    ///
    /// # Errors
    /// As the stream's.
    pub fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.unread.capacity() == 0 {
            let (unread, held) = shelf::take();
            self.unread = unread;
            self.held = Some(held);
        }
        // What waits to be consumed is short as a rule, and no reason to grow.
        if self.unread.capacity() - self.unread.len() < self.read_bytes / 2 {
            self.unread.reserve(self.read_bytes);
        }
        let space = self.unread.capacity() - self.unread.len();
        let read = pin!(self.stream.read_buf(&mut self.unread)).poll(cx);
        if matches!(read, Poll::Ready(Ok(count)) if count == space) {
            self.read_bytes = (self.read_bytes * 2).min(READ_BYTES_MAX);
        }
        match &read {
            Poll::Ready(Ok(count)) => Traffic::add(&mut self.traffic.read, *count),
            Poll::Ready(Err(_)) => (),
            Poll::Pending if self.unread.is_empty() => {
                shelf::put(&mut self.unread);
                if self.unread.capacity() == 0 {
                    self.held = None;
                }
            }
            Poll::Pending => (),
        }
        read
    }

    /// Writes all that waits, and through TLS too.
    ///
    /// # Errors
    /// As the stream's; a stream that takes no more bytes is an error.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, &self.out))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => {
                    drop_front(&mut self.out, count);
                    Traffic::add(&mut self.traffic.written, count);
                }
            }
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Writes once from `bytes`, which are not copied: the count written. Only when
    /// [`is_flushed`](Self::is_flushed), or they would overtake what waits.
    ///
    /// # Errors
    /// As the stream's; a stream that takes no more bytes is an error.
    pub fn poll_through(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        debug_assert!(self.out.is_empty(), "bytes keep their order");
        match ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))? {
            0 if !bytes.is_empty() => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            count => {
                Traffic::add(&mut self.traffic.written, count);
                Poll::Ready(Ok(count))
            }
        }
    }

    /// Writes all that waits.
    ///
    /// # Errors
    /// As the stream's.
    ///
    /// # Cancel safety
    /// Yes: what was not written stays in `self`.
    pub async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// Writes all that waits and ends the stream.
    ///
    /// # Errors
    /// As the stream's.
    ///
    /// # Cancel safety
    /// Yes: what was not written stays in `self`.
    pub async fn close(&mut self) -> io::Result<()> {
        self.flush().await?;
        self.stream.shutdown().await
    }

    /// Reads once more: the count of bytes read, 0 at the end of the stream.
    ///
    /// # Errors
    /// As the stream's.
    ///
    /// # Cancel safety
    /// Yes: what was read stays in `self`.
    pub async fn fill(&mut self) -> io::Result<usize> {
        poll_fn(|cx| self.poll_fill(cx)).await
    }

    /// The next whole message of at most `bytes_max` bytes (its length field); `None` at the end of
    /// the stream, between messages. For logins and internal queries, not for relaying.
    ///
    /// # Errors
    /// A length out of range (checked before it sizes anything), an end within a message, or the
    /// stream's error.
    ///
    /// # Cancel safety
    /// Yes: what was read stays in `self`.
    pub async fn next_message(&mut self, bytes_max: u32) -> Result<Option<Message>, Fault> {
        loop {
            if let Some(message) = self.buffered_message(bytes_max)? {
                return Ok(Some(message));
            }
            if self.fill().await? == 0 {
                return self.end();
            }
        }
    }

    fn end(&self) -> Result<Option<Message>, Fault> {
        if self.unread.is_empty() {
            Ok(None)
        } else {
            Err(wire::Fault::CutOff.into())
        }
    }

    fn buffered_message(&mut self, bytes_max: u32) -> Result<Option<Message>, wire::Fault> {
        let Some(([tag, a, b, c, d], _)) = self.unread.split_first_chunk::<5>() else {
            return Ok(None);
        };
        let (tag, bytes) = (*tag, u32::from_be_bytes([*a, *b, *c, *d]));
        if bytes < 4 {
            return Err(wire::Fault::TooShort { tag, bytes });
        }
        if bytes_max < bytes {
            return Err(wire::Fault::TooLong {
                tag,
                bytes,
                bytes_max,
            });
        }
        let frame_bytes = bytes as usize + 1;
        if self.unread.len() < frame_bytes {
            return Ok(None);
        }
        let mut body = self.unread.split_to(frame_bytes);
        body.advance(5);
        Ok(Some(Message { tag, body }))
    }
}

/// Drops the first `size` bytes. An emptied buffer goes on where it is, so that there is nothing to
/// reclaim when it is filled again.
fn drop_front(buffer: &mut BytesMut, size: usize) {
    if size < buffer.len() {
        buffer.advance(size);
    } else {
        buffer.clear();
    }
}

#[cfg(test)]
mod tests;
