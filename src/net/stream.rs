//! One connection's byte stream, whatever carries it. Framing is in [`conn`](crate::net::conn).

use std::fmt;
use std::io;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

use pin_project::pin_project;
use socket2::SockRef;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::DuplexStream;
use tokio::io::Interest;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio::net::UnixStream;
use tokio_rustls::client::TlsStream as DialedTls;
use tokio_rustls::server::TlsStream as AcceptedTls;

/// Bytes to or from a client or server: a socket, or TLS over one.
#[pin_project(project = StreamProjection)]
#[derive(Debug)]
pub enum Stream {
    /// Plain bytes.
    Plain(#[pin] Socket),
    /// TLS with a client, which dialed us.
    TlsAccepted(#[pin] Box<AcceptedTls<Socket>>),
    /// TLS with a server, which we dialed.
    TlsDialed(#[pin] Box<DialedTls<Socket>>),
}

/// What carries plain bytes.
#[pin_project(project = SocketProjection)]
#[derive(Debug)]
pub enum Socket {
    /// TCP.
    Tcp(#[pin] TcpStream),
    /// A Unix domain socket.
    Unix(#[pin] UnixStream),
    /// A pipe within this process, by which the proxy is tested without a network.
    Duplex(#[pin] DuplexStream),
}

/// Who is at the other end; displayed as in logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// An address.
    Tcp(SocketAddr),
    /// This machine, by a Unix domain socket.
    Unix,
    /// This process.
    Duplex,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(addr) => addr.fmt(f),
            Self::Unix => f.write_str("unix"),
            Self::Duplex => f.write_str("duplex"),
        }
    }
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        Self::Plain(Socket::Tcp(stream))
    }
}

impl From<UnixStream> for Stream {
    fn from(stream: UnixStream) -> Self {
        Self::Plain(Socket::Unix(stream))
    }
}

impl From<DuplexStream> for Stream {
    fn from(stream: DuplexStream) -> Self {
        Self::Plain(Socket::Duplex(stream))
    }
}

impl Stream {
    /// Whether the bytes on the wire are encrypted.
    pub fn is_tls(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::TlsAccepted(_) | Self::TlsDialed(_) => true,
        }
    }

    /// Who is at the other end.
    pub fn peer(&self) -> Peer {
        self.socket().peer()
    }

    /// Whether TLS has decrypted bytes that were not read.
    fn has_decrypted(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::TlsAccepted(tls) => !tls.get_ref().1.wants_read(),
            Self::TlsDialed(tls) => !tls.get_ref().1.wants_read(),
        }
    }

    /// Whether something waits to be read: bytes, the end of the stream, or an error. Does not wait.
    ///
    /// What arrived after the runtime last looked at its sockets may be missed, as may what
    /// arrives right after this call. A [`Socket::Duplex`] cannot be asked and says `false`.
    pub fn has_news(&self) -> bool {
        self.has_decrypted() || self.socket().has_news()
    }

    /// What carries the bytes.
    pub fn socket(&self) -> &Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::TlsAccepted(tls) => tls.get_ref().0,
            Self::TlsDialed(tls) => tls.get_ref().0,
        }
    }
}

impl Socket {
    /// Who is at the other end.
    pub fn peer(&self) -> Peer {
        match self {
            // A socket that its peer has reset has no peer any more; it shows on the next read.
            Self::Tcp(stream) => Peer::Tcp(
                stream
                    .peer_addr()
                    .unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0))),
            ),
            Self::Unix(_) => Peer::Unix,
            Self::Duplex(_) => Peer::Duplex,
        }
    }

    /// Where this end is.
    pub fn local(&self) -> Peer {
        match self {
            Self::Tcp(stream) => Peer::Tcp(
                stream
                    .local_addr()
                    .unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0))),
            ),
            Self::Unix(_) => Peer::Unix,
            Self::Duplex(_) => Peer::Duplex,
        }
    }

    /// Who is at the other end, with what the kernel knows of a process on this machine, as
    /// PgBouncer tells servers: `10.0.0.7:4711` or `unix(4711@host):6432`.
    pub fn told(&self) -> String {
        let Self::Unix(stream) = self else {
            return self.peer().to_string();
        };
        let pid = stream.peer_cred().ok().and_then(|cred| cred.pid());
        let host = nix::unistd::gethostname().unwrap_or_default();
        let local = stream.local_addr().ok();
        let path = local.as_ref().and_then(|addr| addr.as_pathname());
        let port = path.and_then(|path| path.extension()).unwrap_or_default();
        let (host, port) = (host.to_string_lossy(), port.to_string_lossy());
        format!("unix({}@{host}):{port}", pid.unwrap_or_default())
    }

    /// The user of the system that is at the other end of a Unix socket.
    pub fn peer_uid(&self) -> Option<u32> {
        match self {
            Self::Unix(stream) => stream.peer_cred().ok().map(|peer| peer.uid()),
            Self::Tcp(_) | Self::Duplex(_) => None,
        }
    }

    /// As [`Stream::has_news`].
    pub fn has_news(&self) -> bool {
        // `try_io` asks the kernel only if readiness was seen, so an idle socket costs nothing.
        let peeked = match self {
            Self::Tcp(stream) => stream.try_io(Interest::READABLE, || peek(stream)),
            Self::Unix(stream) => stream.try_io(Interest::READABLE, || peek(stream)),
            Self::Duplex(_) => return false,
        };
        !matches!(peeked, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}

fn peek<'s, S>(stream: &'s S) -> io::Result<usize>
where
    SockRef<'s>: From<&'s S>,
{
    SockRef::from(stream).peek(&mut [MaybeUninit::uninit()])
}

macro_rules! on_each {
    ($projection:ident: $($variant:ident)|+, $self:ident.$method:ident $arguments:tt) => {
        match $self.project() {
            $($projection::$variant(inner) => inner.$method $arguments,)+
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        on_each!(StreamProjection: Plain | TlsAccepted | TlsDialed, self.poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        on_each!(StreamProjection: Plain | TlsAccepted | TlsDialed, self.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on_each!(
            StreamProjection: Plain | TlsAccepted | TlsDialed,
            self.poll_write_vectored(cx, bufs)
        )
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(socket) => socket.is_write_vectored(),
            Self::TlsAccepted(tls) => tls.is_write_vectored(),
            Self::TlsDialed(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_each!(StreamProjection: Plain | TlsAccepted | TlsDialed, self.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_each!(StreamProjection: Plain | TlsAccepted | TlsDialed, self.poll_shutdown(cx))
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        on_each!(SocketProjection: Tcp | Unix | Duplex, self.poll_read(cx, buf))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        on_each!(SocketProjection: Tcp | Unix | Duplex, self.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on_each!(SocketProjection: Tcp | Unix | Duplex, self.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.is_write_vectored(),
            Self::Unix(stream) => stream.is_write_vectored(),
            Self::Duplex(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_each!(SocketProjection: Tcp | Unix | Duplex, self.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_each!(SocketProjection: Tcp | Unix | Duplex, self.poll_shutdown(cx))
    }
}

#[cfg(test)]
mod tests;
