//! Cuts a byte stream into pieces: whole frames, and parts of frames too large to hold.
//!
//! A frame is a tag, a length that counts itself but not the tag, and a body. The scanner owns no
//! bytes: the caller shows what is buffered and is told how long the next piece is.

use crate::wire::Fault;
use crate::wire::client;
use crate::wire::server;

/// A frame of up to this many bytes is seen whole (rows and copied data need not be); a larger one
/// comes in parts, the first of at least this many bytes, so that names and error codes at its
/// start can be read.
pub const PIECE_BYTES: usize = 64 * 1024;

/// A Query or Parse of up to this many bytes is seen whole, so that its text can be read.
pub const TEXT_BYTES: usize = 1024 * 1024;

/// Longest message of those that carry no text or rows, as in PostgreSQL
/// (`PQ_SMALL_MESSAGE_LIMIT` in `src/include/libpq/libpq.h`).
pub const SMALL_BYTES_MAX: u32 = 10_000;

/// Longest message of a client (`PQ_LARGE_MESSAGE_LIMIT`, that is `MaxAllocSize - 1`).
pub const LARGE_BYTES_MAX: u32 = 0x3fff_fffe;

/// Longest message of a server: what the length field can say.
pub const SERVER_BYTES_MAX: u32 = 0x7fff_ffff;

/// Tag and length field.
const HEADER_BYTES: usize = 5;

/// Which side sends the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A client after login; no message is longer than this many bytes (its length field).
    Client {
        /// The limit, at most [`LARGE_BYTES_MAX`].
        bytes_max: u32,
    },
    /// A server.
    Server,
}

/// Where in its frame a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The piece is the frame.
    Whole,
    /// The piece is the start of a longer frame.
    First,
    /// Neither its start nor its end.
    Middle,
    /// The end of a frame that came in parts.
    Last,
}

/// The next piece of a stream: the first `size` bytes of what was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The frame's tag.
    pub tag: u8,
    /// Where in its frame this is.
    pub part: Part,
    /// Bytes of this piece, header included; `0 < size <= shown`.
    pub size: usize,
    /// Bytes of the whole frame, tag included.
    pub frame_bytes: usize,
}

/// The scanner's state between pieces.
#[derive(Clone, Debug)]
pub struct Frames {
    side: Side,
    /// Of the frame that is being passed in parts: tag, size, and bytes not yet seen (0: none is).
    tag: u8,
    frame_bytes: usize,
    rest: usize,
}

impl Frames {
    /// Starts at a frame's first byte.
    pub fn new(side: Side) -> Self {
        Self {
            side,
            tag: 0,
            frame_bytes: 0,
            rest: 0,
        }
    }

    /// Whether the next byte is the first of a frame.
    pub fn is_at_start(&self) -> bool {
        self.rest == 0
    }

    /// The next piece of `shown`, which starts where the last piece ended; `None` if more bytes
    /// are needed.
    ///
    /// # Errors
    /// A length out of range or a tag that this side does not send. The stream is then lost.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self, shown: &[u8]) -> Result<Option<Piece>, Fault> {
        if self.rest != 0 {
            return Ok(self.next_part(shown.len()));
        }
        let Some((head, _)) = shown.split_first_chunk::<HEADER_BYTES>() else {
            // An unknown tag is told before its length has come.
            return shown
                .first()
                .map_or(Ok(()), |tag| self.bytes_max(*tag).map(|_| ()))
                .map(|()| None);
        };
        let [tag, a, b, c, d] = *head;
        let bytes = u32::from_be_bytes([a, b, c, d]);
        let bytes_max = self.bytes_max(tag)?;
        if bytes < 4 {
            return Err(Fault::TooShort { tag, bytes });
        }
        if bytes_max < bytes {
            return Err(Fault::TooLong {
                tag,
                bytes,
                bytes_max,
            });
        }
        let frame_bytes = bytes as usize + 1;
        if frame_bytes <= shown.len() {
            return Ok(Some(Piece {
                tag,
                part: Part::Whole,
                size: frame_bytes,
                frame_bytes,
            }));
        }
        if shown.len() < self.held_bytes(tag) {
            return Ok(None);
        }
        self.tag = tag;
        self.frame_bytes = frame_bytes;
        self.rest = frame_bytes - shown.len();
        Ok(Some(Piece {
            tag,
            part: Part::First,
            size: shown.len(),
            frame_bytes,
        }))
    }

    fn next_part(&mut self, shown: usize) -> Option<Piece> {
        let size = shown.min(self.rest);
        if size == 0 {
            return None;
        }
        self.rest -= size;
        let part = if self.rest == 0 {
            Part::Last
        } else {
            Part::Middle
        };
        Some(Piece {
            tag: self.tag,
            part,
            size,
            frame_bytes: self.frame_bytes,
        })
    }

    /// How much of a frame with this tag must be there before it is passed on in parts; nothing in
    /// rows and copied data is read.
    fn held_bytes(&self, tag: u8) -> usize {
        match (self.side, tag) {
            (Side::Client { .. }, client::COPY_DATA)
            | (Side::Server, server::DATA_ROW | server::COPY_DATA) => 0,
            (Side::Client { .. }, client::QUERY | client::PARSE) => TEXT_BYTES,
            _ => PIECE_BYTES,
        }
    }

    fn bytes_max(&self, tag: u8) -> Result<u32, Fault> {
        match self.side {
            Side::Client { bytes_max } => match tag {
                client::QUERY
                | client::PARSE
                | client::BIND
                | client::COPY_DATA
                | client::FUNCTION_CALL => Ok(bytes_max),
                client::EXECUTE
                | client::DESCRIBE
                | client::CLOSE
                | client::SYNC
                | client::FLUSH
                | client::COPY_DONE
                | client::COPY_FAIL
                | client::TERMINATE => Ok(SMALL_BYTES_MAX.min(bytes_max)),
                _ => Err(Fault::UnknownTag { tag }),
            },
            Side::Server if tag.is_ascii_alphanumeric() => Ok(SERVER_BYTES_MAX),
            Side::Server => Err(Fault::UnknownTag { tag }),
        }
    }
}

#[cfg(test)]
mod tests;
