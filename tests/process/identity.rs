//! Pid file, background, user, limits.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use nix::sys::signal::Signal;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use nix::unistd::Uid;
use nix::unistd::getsid;

use crate::stage::Place;
use crate::stage::wait;

const PIDFILE: &str = "pidfile = \"p.pid\"\nlogfile = \"p.log\"\nlog_format = \"pgbouncer\"\n";

#[test]
fn the_pid_file_is_there_while_the_process_is() {
    let place = Place::new(PIDFILE);
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT] {
        let mut running = place.start(&[]);
        assert_eq!(place.text("p.pid"), format!("{}\n", running.pid()));
        assert_eq!(running.end(signal).code(), Some(0), "{signal}");
        assert!(!place.path("p.pid").exists(), "{signal}");
    }
}

#[test]
fn a_pid_file_of_the_living_is_left_alone_and_that_of_the_dead_is_not() {
    let place = Place::new(PIDFILE);
    let shown = place.path("p.pid").display().to_string();
    let pid = format!("{}\n", std::process::id());
    fs::write(place.path("p.pid"), &pid).unwrap();
    for options in [&[][..], &["-d"]] {
        let (code, said) = place.fail(options);
        assert_eq!(code, Some(1));
        let expected = format!("] FATAL pidfile '{shown}' exists, another instance running?\n");
        assert!(said.ends_with(&expected), "{said}");
    }
    assert_eq!(place.text("p.pid"), pid);
    fs::write(place.path("p.pid"), "4194305\n").unwrap();
    let running = place.start(&[]);
    assert_eq!(place.text("p.pid"), format!("{}\n", running.pid()));
    assert!(
        place
            .text("p.log")
            .contains("] LOG stale pidfile, removing\n")
    );
}

#[test]
fn the_background_is_a_session_of_its_own() {
    let place = Place::new(PIDFILE);
    let output = place.command(&["-d"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    wait("up", || place.text("p.log").contains("process up"));
    let pid: i32 = place.text("p.pid").trim().parse().unwrap();
    assert_eq!(getsid(Some(Pid::from_raw(pid))), Ok(Pid::from_raw(pid)));
    for stream in [0, 1, 2] {
        let target = fs::read_link(format!("/proc/{pid}/fd/{stream}")).unwrap();
        assert_eq!(target.to_str(), Some("/dev/null"));
    }
    assert!(place.is_served());
    kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
    wait("gone", || !place.path("p.pid").exists());
    wait("silent", || !place.is_served());
}

#[test]
fn the_background_needs_a_pid_file() {
    let place = Place::new("log_format = \"pgbouncer\"\n");
    let (code, said) = place.fail(&["-d"]);
    assert_eq!(code, Some(1));
    assert!(
        said.ends_with("] FATAL daemon needs pidfile configured\n"),
        "{said}"
    );
}

#[test]
fn root_may_be_refused_and_becomes_another() {
    let place = Place::new("log_format = \"pgbouncer\"\nrunning_as_root = \"refuse\"\n");
    let (code, said) = place.fail(&["-u", "no such user"]);
    assert_eq!(code, Some(1));
    let expected = "] FATAL could not find user 'no such user' to switch to\n";
    assert!(said.ends_with(expected), "{said}");
    if !Uid::effective().is_root() {
        let (code, said) = place.fail(&["-u", "root"]);
        assert_eq!(code, Some(1));
        assert!(
            said.contains("failed to assume identity of user 'root'"),
            "{said}"
        );
        return;
    }
    let (code, said) = place.fail(&[]);
    assert_eq!(code, Some(1));
    assert!(
        said.ends_with("] FATAL PgBouncer should not run as root\n"),
        "{said}"
    );
    let running = place.start(&["--user=nobody"]);
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    let status = fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap();
    let numbers = |kind: &str| -> Vec<u32> {
        let line = status.lines().find(|line| line.starts_with(kind)).unwrap();
        line.split_whitespace()
            .skip(1)
            .map(|n| n.parse().unwrap())
            .collect()
    };
    assert_eq!(numbers("Uid:"), [nobody.uid.as_raw(); 4]);
    assert_eq!(numbers("Gid:"), [nobody.gid.as_raw(); 4]);
    assert!(!numbers("Groups:").contains(&0), "{status}");
}

#[test]
fn with_the_file_of_pgbouncer_all_is_as_pgbouncer_has_it() {
    let place = Place::new("");
    place.configure_as_pgbouncer("pidfile = p.pid\n");
    if Uid::effective().is_root() {
        let (code, said) = place.fail(&[]);
        assert_eq!(code, Some(1));
        assert!(
            said.ends_with("] FATAL PgBouncer should not run as root\n"),
            "{said}"
        );
        // It must write its pid file.
        let folder = place.folder.path();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
        place.configure_as_pgbouncer("pidfile = p.pid\nuser = nobody\n");
    }
    let mut running = place.start(&[]);
    wait("up", || {
        place
            .text("stderr")
            .contains("] LOG process up: PgBouncer 1.25.2 ")
    });
    assert_eq!(place.text("p.pid"), format!("{}\n", running.pid()));
    running.signal(Signal::SIGTERM);
    let said = "] LOG got SIGTERM, shutting down, waiting for all clients disconnect\n";
    wait("told", || place.text("stderr").contains(said));
    assert_eq!(running.wait().code(), Some(0));
}

#[test]
fn all_file_descriptors_there_may_be_are_taken() {
    let place = Place::new("log_format = \"pgbouncer\"\n");
    let script = "ulimit -Sn 64; ulimit -Hn 512; exec \"$0\" \"$@\"";
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", script, env!("CARGO_BIN_EXE_pgsluice")])
        .arg(place.file());
    let running = place.start_as("stderr", &mut command);
    let limits = fs::read_to_string(format!("/proc/{}/limits", running.pid())).unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .unwrap();
    let numbers: Vec<_> = line.split_whitespace().skip(3).take(2).collect();
    assert_eq!(numbers, ["512", "512"]);
    // 100 clients, 20 servers of the only user, 10 for us.
    let said = "kernel file descriptor limit: 512 (hard: 512); max_client_conn: 100, max expected \
                fd use: 130\n";
    assert!(
        place.text("stderr").contains(said),
        "{}",
        place.text("stderr")
    );
}

#[test]
fn a_unix_socket_that_answers_is_left_alone() {
    let place = Place::new("log_format = \"pgbouncer\"\nunix_socket_dir = \".\"\n");
    let running = place.start(&[]);
    wait("up", || place.text("stderr").contains("process up"));
    let (code, said) = place.fail(&[]);
    assert_eq!(code, Some(1));
    assert!(
        said.ends_with("] FATAL unix socket is in use, cannot continue\n"),
        "{said}"
    );
    let socket = format!(".s.PGSQL.{}", place.port);
    assert!(place.path(&socket).exists());
    drop(running);
    // What was killed has left its socket behind.
    assert!(place.path(&socket).exists());
    let mut running = place.start(&[]);
    running.end(Signal::SIGTERM);
    assert!(!place.path(&socket).exists());
}
