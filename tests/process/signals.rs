//! What the signals do, with clients at work. These need servers.

use nix::sys::signal::Signal;
use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::options::Options;

use crate::stage::Held;
use crate::stage::Place;
use crate::stage::Running;
use crate::stage::wait;

#[test]
fn signals_mean_what_they_mean_to_pgbouncer() {
    let cluster = Cluster::start(&Options::default().replicas(0)).unwrap();
    let ports = [cluster.primary().port()];
    let options =
        "log_format = \"pgbouncer\"\nshutdown_mode = \"pgbouncer\"\nlogfile = \"p.log\"\n";
    let place = Place::with_nodes(options, &ports);
    terminate_waits_for_clients(&place);
    interrupt_waits_for_servers(&place);
    a_second_one_does_not_wait(&place);
    quit_does_not_wait(&place);
    pause_and_resume(&place);
}

fn start(place: &Place) -> Running {
    // What was said before is of another process.
    let _ = std::fs::remove_file(place.path("p.log"));
    let running = place.start(&["-q"]);
    wait("ready", || place.psql("select 1").as_deref() == Ok("1"));
    assert_eq!(place.text("stderr"), "");
    running
}

fn wait_said(place: &Place, text: &str) {
    wait(text, || {
        place.text("p.log").contains(&format!("] LOG {text}\n"))
    });
}

fn terminate_waits_for_clients(place: &Place) {
    let mut running = start(place);
    let mut client = Held::settle(place, "select 'here';");
    running.signal(Signal::SIGTERM);
    wait_said(
        place,
        "got SIGTERM, shutting down, waiting for all clients disconnect",
    );
    wait("closed", || !place.is_served());
    client.say("select 40 + 2;");
    running.signal(Signal::SIGUSR2);
    wait_said(place, "got SIGUSR2 while shutting down, ignoring");
    assert!(running.is_up());
    assert_eq!(client.leave(), "here\n42\n");
    assert_eq!(running.wait().code(), Some(0));
    wait_said(place, "client connections dropped, exiting");
}

fn interrupt_waits_for_servers(place: &Place) {
    let mut running = start(place);
    let idle = Held::settle(place, "select 'idle';");
    let mut busy = Held::settle(place, "begin;");
    busy.say("select pg_sleep(0.5);");
    running.signal(Signal::SIGINT);
    let said = "got SIGINT, shutting down, waiting for all servers connections to be released";
    wait_said(place, said);
    assert!(running.is_up());
    busy.say("select 40 + 2; commit;");
    assert_eq!(running.wait().code(), Some(0));
    wait_said(place, "server connections dropped, exiting");
    assert!(busy.leave().contains("\n42\n"));
    idle.leave();
}

fn a_second_one_does_not_wait(place: &Place) {
    for (first, second) in [
        (Signal::SIGTERM, Signal::SIGTERM),
        (Signal::SIGTERM, Signal::SIGINT),
        (Signal::SIGINT, Signal::SIGTERM),
    ] {
        let mut running = start(place);
        let busy = Held::settle(place, "begin; select 1;");
        running.signal(first);
        wait_said(
            place,
            &format!(
                "got {first}, shutting down, waiting for all {}",
                waits(first)
            ),
        );
        assert!(running.is_up());
        assert_eq!(running.end(second).code(), Some(0));
        assert!(!place.is_served());
        busy.leave();
    }
}

fn waits(signal: Signal) -> &'static str {
    match signal {
        Signal::SIGINT => "servers connections to be released",
        _ => "clients disconnect",
    }
}

fn quit_does_not_wait(place: &Place) {
    let mut running = start(place);
    let busy = Held::settle(place, "begin;");
    assert_eq!(running.end(Signal::SIGQUIT).code(), Some(0));
    wait_said(place, "got SIGQUIT, fast exit");
    busy.leave();
}

fn pause_and_resume(place: &Place) {
    let running = start(place);
    running.signal(Signal::SIGUSR1);
    wait_said(place, "got SIGUSR1, pausing all activity");
    running.signal(Signal::SIGUSR1);
    wait_said(place, "got SIGUSR1, but already paused/suspended");
    let waits = Held::start(place, "select 'served';");
    wait("there", || {
        place.text("p.log").matches("login attempt").count() == 2
    });
    running.signal(Signal::SIGUSR2);
    wait_said(place, "got SIGUSR2, continuing from PAUSE");
    assert_eq!(waits.leave(), "served\n");
    running.signal(Signal::SIGUSR2);
    wait_said(place, "got SIGUSR2, but not paused/suspended");
}
