//! What the system's log receives.

use std::os::unix::net::UnixDatagram;

use nix::sys::signal::Signal;

use crate::stage::PATIENCE;
use crate::stage::Place;

const OPTIONS: &str = "log_format = \"pgbouncer\"\nsyslog = true\nsyslog_socket = \"devlog\"\n";

fn listen(place: &Place) -> UnixDatagram {
    let socket = UnixDatagram::bind(place.path("devlog")).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// Reads lines until one holds `text`.
fn find(socket: &UnixDatagram, text: &str) -> String {
    let mut space = [0; 2048];
    loop {
        let size = socket.recv(&mut space).expect("a line in time");
        let line = String::from_utf8_lossy(&space[..size]).into_owned();
        if line.contains(text) {
            return line;
        }
    }
}

#[test]
fn lines_have_their_priority_name_and_process() {
    let place = Place::new(OPTIONS);
    let socket = listen(&place);
    let running = place.start(&["--quiet"]);
    let line = find(&socket, "process up");
    // LOG_DAEMON is 3 << 3, LOG_INFO 6.
    assert!(line.starts_with("<30>"), "{line}");
    let head = format!(" pgsluice[{}]: process up: PgBouncer ", running.pid());
    assert!(line.contains(&head), "{line}");
    let more = "syslog_ident = \"pool\"\nsyslog_facility = \"local3\"\n";
    place.configure(&format!("{OPTIONS}{more}"), &[1]);
    running.signal(Signal::SIGHUP);
    let line = find(&socket, "configuration reloaded");
    // LOG_LOCAL3 is 19 << 3.
    assert!(line.starts_with("<158>"), "{line}");
    assert!(line.contains(&format!(" pool[{}]: ", running.pid())));
    assert_eq!(place.text("stderr"), "");
}

#[test]
fn lines_go_on_when_the_systems_log_is_started_again() {
    let place = Place::new(OPTIONS);
    // It is not there yet.
    let running = place.start(&["--quiet"]);
    for _ in 0..2 {
        let socket = listen(&place);
        running.signal(Signal::SIGUSR1);
        let line = find(&socket, "got SIGUSR1, pausing all activity");
        assert!(line.starts_with("<30>"), "{line}");
        running.signal(Signal::SIGUSR2);
        find(&socket, "got SIGUSR2, continuing");
        std::fs::remove_file(place.path("devlog")).unwrap();
    }
}

#[test]
fn nothing_goes_there_when_it_is_off() {
    let place = Place::new(OPTIONS);
    let socket = listen(&place);
    let running = place.start(&["--quiet"]);
    find(&socket, "process up");
    place.configure("log_format = \"pgbouncer\"\nlogfile = \"p.log\"\n", &[1]);
    running.signal(Signal::SIGHUP);
    find(&socket, "got SIGHUP");
    crate::stage::wait("reloaded", || {
        place.text("p.log").contains("configuration reloaded")
    });
    socket.set_nonblocking(true).unwrap();
    let mut space = [0; 2048];
    let more = socket.recv(&mut space).map(|size| space[..size].to_vec());
    assert!(more.is_err(), "{more:?}");
}
