//! What systemd is told, and the sockets that it passes.

use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::os::unix::net::UnixListener;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::process::Stdio;

use nix::sys::signal::Signal;

use crate::stage::PATIENCE;
use crate::stage::Place;
use crate::stage::wait;

/// The next message for systemd.
fn told(socket: &UnixDatagram) -> String {
    let mut space = [0; 1024];
    let size = socket.recv(&mut space).expect("a message in time");
    String::from_utf8_lossy(&space[..size]).into_owned()
}

#[test]
fn systemd_hears_of_each_step() {
    let place = Place::new("");
    let socket = UnixDatagram::bind(place.path("notify")).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = place.command(&[]);
    command.env("NOTIFY_SOCKET", place.path("notify"));
    let mut running = place.start_as("stderr", &mut command);
    assert!(told(&socket).starts_with("READY=1\n"));
    running.signal(Signal::SIGHUP);
    let reloading = told(&socket);
    assert!(
        reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="),
        "{reloading}"
    );
    assert!(told(&socket).starts_with("READY=1\n"));
    running.end(Signal::SIGTERM);
    assert!(told(&socket).starts_with("STOPPING=1\n"));
}

#[test]
fn sockets_of_systemd_are_listened_on_instead_of_ours_and_stay() {
    let place = Place::new("log_format = \"pgbouncer\"\nunix_socket_dir = \".\"\n");
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = tcp.local_addr().unwrap().port();
    let unix = UnixListener::bind(place.path("passed")).unwrap();
    // The shell gives them the numbers that systemd does.
    let script = "exec 3<&0 4<&1; LISTEN_FDS=2 LISTEN_PID=$$ exec \"$0\" \"$@\"";
    let errors = std::fs::File::create(place.path("stderr")).unwrap();
    let child = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_pgsluice")])
        .arg(place.file())
        .stdin(Stdio::from(OwnedFd::from(tcp)))
        .stdout(Stdio::from(OwnedFd::from(unix)))
        .stderr(errors)
        .spawn()
        .unwrap();
    let mut running = crate::stage::Running::of(child);
    wait("up", || place.text("stderr").contains("process up"));
    let said = place.text("stderr");
    let expected = format!("] LOG listening on 127.0.0.1:{port}\n");
    assert!(said.contains(&expected), "{said}");
    assert!(said.contains("/passed\n"), "{said}");
    assert!(!place.is_served(), "our own port is not used");
    assert!(!place.path(&format!(".s.PGSQL.{}", place.port)).exists());
    is_answered(TcpStream::connect(("127.0.0.1", port)).unwrap());
    is_answered(UnixStream::connect(place.path("passed")).unwrap());
    running.end(Signal::SIGTERM);
    assert!(place.path("passed").exists());
}

/// An SSLRequest gets its answer: no.
fn is_answered(mut stream: impl Read + Write) {
    stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).unwrap();
    let mut answer = [0];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"N");
}
