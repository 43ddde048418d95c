//! One process takes the place of another: `--reboot`.

use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;

use nix::sys::signal::Signal;
use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::free_ports;
use pgsluice::demo::cluster::options::Options;

use crate::raw::Raw;
use crate::stage::Held;
use crate::stage::Place;
use crate::stage::Running;
use crate::stage::wait;

const OPTIONS: &str = "log_format = \"pgbouncer\"\nunix_socket_dir = \".\"\npidfile = \"p.pid\"\n";

/// Starts a process that takes over, whose standard error goes to a file of this name.
fn take_over(place: &Place, name: &str) -> Running {
    let running = place.start_as(name, &mut place.command(&["-R"]));
    wait("over", || {
        place.text(name).contains("took over from the old process")
    });
    running
}

fn pid_in(place: &Place) -> String {
    place.text("p.pid").trim().to_owned()
}

/// Files in the folder that begin with a dot: the sockets.
fn sockets(place: &Place) -> Vec<String> {
    let files = fs::read_dir(place.folder.path()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut sockets: Vec<_> = names.filter(|name| name.starts_with('.')).collect();
    sockets.sort();
    sockets
}

fn both_sockets(place: &Place) -> [String; 2] {
    let socket = format!(".s.PGSQL.{}", place.port);
    let window = format!("{socket}.takeover");
    [socket, window]
}

#[test]
fn nobody_is_refused_while_processes_replace_each_other() {
    let cluster = Cluster::start(&Options::default().replicas(0)).unwrap();
    let ports = [cluster.primary().port()];
    let place = Place::with_nodes(&format!("{OPTIONS}shutdown_mode = \"pgbouncer\"\n"), &ports);
    let mut old = place.start_as("0", &mut place.command(&[]));
    wait("ready", || place.psql("select 1").as_deref() == Ok("1"));
    let unix = format!("host={} port={}", place.folder.path().display(), place.port);
    let is_over = AtomicBool::new(false);
    let come_and_go = |conninfo: &str| {
        let mut count = 0;
        while !is_over.load(Ordering::Relaxed) {
            assert_eq!(place.psql_at(conninfo, "select 1").as_deref(), Ok("1"));
            count += 1;
        }
        count
    };
    let tcp = format!("host=127.0.0.1 port={}", place.port);
    let counts = thread::scope(|scope| {
        let clients = [&tcp, &unix, &tcp].map(|at| scope.spawn(|| come_and_go(at)));
        for name in ["1", "2", "3"] {
            let new = take_over(&place, name);
            assert_eq!(pid_in(&place), new.pid().to_string());
            // Its clients leave by themselves.
            assert_eq!(old.wait().code(), Some(0));
            assert_eq!(sockets(&place), both_sockets(&place));
            let logins = || place.text(name).matches("login attempt").count();
            wait("come", || 5 < logins());
            old = new;
        }
        is_over.store(true, Ordering::Relaxed);
        clients.map(|client| client.join().unwrap())
    });
    assert!(counts.iter().all(|&count| 0 < count), "{counts:?}");
    assert_eq!(old.end(Signal::SIGTERM).code(), Some(0));
    assert!(sockets(&place).is_empty());
    assert!(!place.path("p.pid").exists());
}

#[test]
fn clients_of_the_old_process_stay_and_new_ones_find_the_new() {
    let cluster = Cluster::start(&Options::default().replicas(0)).unwrap();
    let ports = [cluster.primary().port()];
    let place = Place::with_nodes(&format!("{OPTIONS}shutdown_mode = \"pgbouncer\"\n"), &ports);
    let mut old = place.start_as("0", &mut place.command(&[]));
    wait("ready", || place.psql("select 1").as_deref() == Ok("1"));
    let mut idle = Held::settle(&place, "select 'idle';");
    let mut busy = Held::settle(&place, "begin; create temporary table t as select 42;");
    let logins = |name: &str| place.text(name).matches("login attempt").count();
    let mut new = take_over(&place, "1");
    assert!(place.text("0").contains("a new process has taken over"));
    assert_eq!(place.psql("select 1").as_deref(), Ok("1"));
    assert_eq!((logins("0"), logins("1")), (3, 1));
    idle.say("select 'still here';");
    busy.say("select * from t; commit;");
    assert_eq!(busy.leave(), "42\n");
    assert!(old.is_up());
    assert_eq!(idle.leave(), "idle\nstill here\n");
    assert_eq!(old.wait().code(), Some(0));
    let said = "LOG client connections dropped, exiting\n";
    assert!(place.text("0").contains(said));
    assert_eq!(place.psql("select 1").as_deref(), Ok("1"));
    assert_eq!(new.end(Signal::SIGTERM).code(), Some(0));
}

#[test]
fn with_a_drain_idle_clients_may_stay_for_a_while() {
    let cluster = Cluster::start(&Options::default().replicas(0)).unwrap();
    let ports = [cluster.primary().port()];
    let place = Place::with_nodes(&format!("{OPTIONS}shutdown_timeout = \"1s\"\n"), &ports);
    let mut old = place.start_as("0", &mut place.command(&[]));
    wait("ready", || place.psql("select 1").as_deref() == Ok("1"));
    let mut idle = Held::settle(&place, "select 'idle';");
    let mut new = take_over(&place, "1");
    idle.say("select 'still here';");
    assert_eq!(old.wait().code(), Some(0));
    let said = idle.leave();
    assert!(said.starts_with("idle\nstill here\n"), "{said}");
    assert_eq!(place.psql("select 1").as_deref(), Ok("1"));
    assert_eq!(new.end(Signal::SIGTERM).code(), Some(0));
}

#[test]
fn one_that_cannot_start_changes_nothing() {
    let place = Place::new(OPTIONS);
    let mut old = place.start_as("0", &mut place.command(&[]));
    // An address that is not ours, by RFC 5737.
    place.configure(
        &format!("{OPTIONS}listen_addr = [\"127.0.0.1\", \"192.0.2.1\"]\n"),
        &[1],
    );
    let (code, said) = place.fail(&["-R"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("could not listen on 192.0.2.1:"), "{said}");
    wait("told", || {
        place.text("0").contains("did not take them: going on")
    });
    assert!(old.is_up());
    assert!(place.is_served());
    assert_eq!(sockets(&place), both_sockets(&place));
    assert_eq!(pid_in(&place), old.pid().to_string());
    place.configure(OPTIONS, &[1]);
    let mut new = take_over(&place, "1");
    assert_eq!(old.wait().code(), Some(0));
    assert!(new.is_up());
    new.end(Signal::SIGTERM);
    assert!(sockets(&place).is_empty());
}

#[test]
fn queries_of_all_old_processes_can_be_cancelled() {
    let cluster = Cluster::start(&Options::default().replicas(0)).unwrap();
    let ports = [cluster.primary().port()];
    let place = Place::with_nodes(&format!("{OPTIONS}shutdown_mode = \"pgbouncer\"\n"), &ports);
    let mut processes = vec![place.start_as("0", &mut place.command(&[]))];
    wait("ready", || place.psql("select 1").as_deref() == Ok("1"));
    let mut clients = Vec::new();
    for name in ["1", "2"] {
        let mut client = Raw::log_in_to(place.port, "postgres", "postgres").unwrap();
        client.begin("select pg_sleep(60)");
        clients.push(client);
        let sleeps = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'";
        let count = Ok(clients.len().to_string());
        wait("asleep", || place.psql(sleeps) == count);
        processes.push(take_over(&place, name));
    }
    assert_eq!(sockets(&place).len(), 4);
    for client in &mut clients {
        let mut asking = client.cancel(place.port);
        asking.read_to_end(&mut Vec::new()).unwrap();
        let answer = client.answer();
        assert!(
            answer.iter().any(|line| line.contains(" C57014 ")),
            "{answer:?}"
        );
    }
    for name in ["0", "1"] {
        assert!(
            place
                .text(name)
                .contains("closing because: successfully sent cancel request")
        );
    }
    drop(clients);
    let new = processes.pop();
    for old in &mut processes {
        assert_eq!(old.wait().code(), Some(0));
    }
    assert_eq!(sockets(&place), both_sockets(&place));
    drop(new);
}

/// Whether somebody says at the port for HTTP that the process lives.
fn is_healthy(port: u16) -> bool {
    let mut answer = String::new();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    stream.read_to_string(&mut answer).unwrap();
    answer.starts_with("HTTP/1.1 200 ")
}

#[test]
fn the_port_for_http_is_passed_on_too() {
    let port = free_ports(1).unwrap()[0];
    let place = Place::new(&format!("{OPTIONS}http_listen = \"127.0.0.1:{port}\"\n"));
    let mut old = place.start_as("0", &mut place.command(&[]));
    wait("up", || place.text("0").contains("process up"));
    for name in ["1", "2"] {
        assert!(is_healthy(port));
        let new = take_over(&place, name);
        assert!(is_healthy(port));
        assert_eq!(old.wait().code(), Some(0));
        old = new;
    }
    assert!(is_healthy(port));
}

#[test]
fn without_an_old_process_it_starts_as_ever() {
    let place = Place::new(OPTIONS);
    let mut running = place.start(&["--reboot"]);
    let said = "LOG old process not found, try to continue normally\n";
    assert!(place.text("stderr").contains(said));
    assert_eq!(pid_in(&place), running.pid().to_string());
    assert_eq!(running.end(Signal::SIGTERM).code(), Some(0));
    assert!(sockets(&place).is_empty());
}

#[test]
fn the_new_process_may_go_into_the_background() {
    let place = Place::new(&format!("{OPTIONS}logfile = \"p.log\"\n"));
    let mut old = place.start_as("0", &mut place.command(&[]));
    let status = place.command(&["-q", "-d", "-R"]).status().unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(old.wait().code(), Some(0));
    wait("over", || {
        place
            .text("p.log")
            .contains("took over from the old process")
    });
    assert_ne!(pid_in(&place), old.pid().to_string());
    assert!(place.is_served());
    let pid = nix::unistd::Pid::from_raw(pid_in(&place).parse().unwrap());
    nix::sys::signal::kill(pid, Signal::SIGTERM).unwrap();
    wait("ended", || !place.path("p.pid").exists());
    assert!(sockets(&place).is_empty());
}
