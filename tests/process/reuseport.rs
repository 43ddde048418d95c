//! Several processes on one port.

use std::io::Read;
use std::io::Write;
use std::net::TcpStream;

use nix::sys::signal::Signal;

use crate::stage::Place;
use crate::stage::wait;

/// Asks for a database that there is not, and reads the refusal.
fn knock(place: &Place) {
    let mut stream = TcpStream::connect(("127.0.0.1", place.port)).unwrap();
    let parameters = b"\0\x03\0\0user\0mallory\0database\0nosuch\0\0";
    let size = u32::try_from(parameters.len() + 4).unwrap();
    stream.write_all(&size.to_be_bytes()).unwrap();
    stream.write_all(parameters).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(answer.first(), Some(&b'E'), "{answer:?}");
}

fn knocks(place: &Place, name: &str) -> usize {
    place.text(name).matches("login attempt").count()
}

#[test]
fn the_kernel_shares_clients_out_and_one_process_may_go() {
    const KNOCKS: usize = 64;
    let place = Place::new("log_format = \"pgbouncer\"\nso_reuseport = true\n");
    let mut first = place.start_as("first", &mut place.command(&[]));
    let mut second = place.start_as("second", &mut place.command(&[]));
    wait("up", || place.text("second").contains("process up"));
    (0..KNOCKS).for_each(|_| knock(&place));
    let counts = ["first", "second"].map(|name| knocks(&place, name));
    assert_eq!(counts[0] + counts[1], KNOCKS, "{counts:?}");
    // That all go one way happens once in 2^63 runs.
    assert!(!counts.contains(&0), "{counts:?}");
    assert_eq!(first.end(Signal::SIGTERM).code(), Some(0));
    (0..KNOCKS).for_each(|_| knock(&place));
    assert_eq!(knocks(&place, "second"), counts[1] + KNOCKS);
    assert!(second.is_up());
}

#[test]
fn without_the_option_there_is_one() {
    let place = Place::new("log_format = \"pgbouncer\"\n");
    let _first = place.start(&[]);
    let (code, said) = place.fail(&[]);
    assert_eq!(code, Some(1));
    let expected = format!("could not listen on 127.0.0.1:{}: ", place.port);
    assert!(said.contains(&expected), "{said}");
}
