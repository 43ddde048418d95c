//! Socket options of TCP connections on both sides.

use std::io;

use socket2::SockRef;
use socket2::TcpKeepalive;
use tokio::net::TcpStream;

use crate::config::types::Tcp;

/// Sets what the configuration says, and that small messages go out at once.
///
/// # Errors
/// The operating system refuses.
pub fn tune(stream: &TcpStream, tcp: &Tcp) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    if tcp.keepalive {
        let mut keepalive = TcpKeepalive::new();
        if let Some(idle) = tcp.keepidle {
            keepalive = keepalive.with_time(idle);
        }
        if let Some(interval) = tcp.keepintvl {
            keepalive = keepalive.with_interval(interval);
        }
        if tcp.keepcnt != 0 {
            keepalive = keepalive.with_retries(tcp.keepcnt);
        }
        socket.set_tcp_keepalive(&keepalive)?;
    }
    if let Ok(bytes @ 1..) = usize::try_from(tcp.socket_buffer) {
        socket.set_send_buffer_size(bytes)?;
        socket.set_recv_buffer_size(bytes)?;
    }
    #[cfg(target_os = "linux")]
    if tcp.user_timeout.is_some() {
        socket.set_tcp_user_timeout(tcp.user_timeout)?;
    }
    Ok(())
}
