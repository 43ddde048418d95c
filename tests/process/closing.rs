//! What is logged of connections that end: by the time that a client sees its end, the line is there.

use std::io::Read;
use std::io::Write;
use std::net::TcpStream;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::options::Options;

use crate::raw::Raw;
use crate::stage::PATIENCE;
use crate::stage::Place;
use crate::stage::wait;

/// The newest lines, without what differs from run to run: the time, ids, ports and ages.
fn newest(place: &Place, count: usize) -> Vec<String> {
    let text = place.text("stderr");
    let lines: Vec<_> = text.lines().map(plain).collect();
    lines[lines.len() - count..].to_vec()
}

fn plain(line: &str) -> String {
    let (_, said) = line.split_once("] ").expect("a line of ours");
    let words = said.split(' ').map(|word| {
        if word.starts_with("C-0x") || word.starts_with("S-0x") {
            return word[..1].to_owned();
        }
        match word.split_once("@127.0.0.1:") {
            Some((who, _)) => format!("{who}@"),
            None => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn read_to_the_end(mut stream: TcpStream) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn each_end_is_logged_with_its_reason_before_it_is_seen() {
    let cluster = Cluster::start(&Options::default().replicas(0)).unwrap();
    let options = "log_format = \"pgbouncer\"\nmax_client_conn = 2\n";
    let place = Place::with_nodes(options, &[cluster.primary().port()]);
    let _running = place.start(&[]);
    wait("ready", || place.psql("select 1").as_deref() == Ok("1"));
    wait("left", || {
        place.text("stderr").ends_with("close request (age=0s)\n")
    });
    let log_in = || Raw::log_in_to(place.port, "postgres", "postgres");
    let mut client = log_in().unwrap();
    requests_to_cancel(&place, &mut client);
    let other = log_in().unwrap();
    assert!(log_in().is_err());
    let expected = [
        "LOG C (nodb)/(nouser)@ closing because: no more connections allowed (max_client_conn) \
         (age=0s)",
        "WARNING C (nodb)/(nouser)@ pooler error: no more connections allowed (max_client_conn)",
    ];
    assert_eq!(newest(&place, 2), expected);
    drop(other);
    let gone = "LOG C postgres/postgres@ closing because: client unexpected eof (age=0s)";
    wait("gone", || newest(&place, 1) == [gone]);
}

fn requests_to_cancel(place: &Place, client: &mut Raw) {
    let ended = |who: &str, reason: &str| {
        let line = format!("LOG C {who}@ closing because: {reason} (age=0s)");
        assert_eq!(newest(place, 1), [line]);
    };
    read_to_the_end(client.cancel(place.port));
    ended("(nodb)/(nouser)", "cancel request for idle client");
    let mut stranger = TcpStream::connect(("127.0.0.1", place.port)).unwrap();
    let request = [16, 80_877_102, 1, 2].map(u32::to_be_bytes).concat();
    stranger.write_all(&request).unwrap();
    read_to_the_end(stranger);
    ended("(nodb)/(nouser)", "failed cancel request");
    client.begin("select pg_sleep(60)");
    let sleeps = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'";
    wait("asleep", || place.psql(sleeps).as_deref() == Ok("1"));
    wait("left", || {
        place.text("stderr").ends_with("close request (age=0s)\n")
    });
    read_to_the_end(client.cancel(place.port));
    ended("postgres/(nouser)", "successfully sent cancel request");
    let answer = client.answer();
    let is_cancelled = |line: &String| line.contains(" C57014 ");
    assert!(answer.iter().any(is_cancelled), "{answer:?}");
}

#[test]
fn one_who_leaves_while_it_is_asked_for_a_password_is_told_nothing() {
    let place = Place::new("");
    place.configure_as_pgbouncer("running_as_root = warn\n");
    let _running = place.start(&[]);
    let mut stream = TcpStream::connect(("127.0.0.1", place.port)).unwrap();
    let parameters = b"\0\x03\0\0user\0joe\0database\0postgres\0\0";
    let size = u32::try_from(parameters.len() + 4).unwrap();
    stream.write_all(&size.to_be_bytes()).unwrap();
    stream.write_all(parameters).unwrap();
    let mut asked = [0; 13];
    stream.read_exact(&mut asked).unwrap();
    assert_eq!(asked[..9], *b"R\0\0\0\x0c\0\0\0\x05");
    drop(stream);
    let expected = [
        "LOG C postgres/joe@ login attempt: db=postgres user=joe tls=no replication=no",
        "LOG C postgres/joe@ closing because: client unexpected eof (age=0s)",
    ];
    wait("gone", || newest(&place, 2) == expected);
}
