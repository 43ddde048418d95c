//! Signals.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::cases::Case;
use crate::cases::case;
use crate::cases::file;
use crate::cases::since;
use crate::client::Login;
use crate::stage::File;
use crate::stage::PATIENCE;
use crate::stage::Stage;

pub(crate) const CASES: &[Case] = &[
    case("SIGHUP", hup),
    case("SIGUSR1 and SIGUSR2", pause),
    since((1, 23), "SIGTERM", term),
    since((1, 23), "SIGINT", int),
    case("SIGQUIT", quit),
    case("SHUTDOWN", shutdown),
];

const MOMENT: Duration = Duration::from_millis(700);

fn hup(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust"));
    stage.write(File {
        databases: "app = NODE\nmore = NODE dbname=app",
        ..file("auth_type = trust")
    });
    stage.signal(Signal::SIGHUP);
    std::thread::sleep(MOMENT);
    stage.log_in(
        "reloaded",
        Login {
            database: "more",
            ..Login::default()
        },
    );
}

fn pause(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust\npool_mode = transaction"));
    let mut client = stage.app();
    stage.ask(&mut client, "select 1");
    stage.signal(Signal::SIGUSR1);
    std::thread::sleep(MOMENT);
    client.begin("select 2");
    stage.note("paused", vec![client.is_silent(MOMENT).to_string()]);
    stage.signal(Signal::SIGUSR2);
    let heard = client.answer();
    stage.note("resumed", heard);
}

/// Clients may stay, and nobody else comes.
fn term(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust\npool_mode = transaction"));
    let mut client = stage.app();
    stage.signal(Signal::SIGTERM);
    stage.ends("with a client", MOMENT);
    stage.ask(&mut client, "select 1");
    drop(client);
    stage.ends("without", PATIENCE);
}

/// Transactions may end.
fn int(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust\npool_mode = transaction"));
    let (mut client, mut idle) = (stage.app(), stage.app());
    stage.ask(&mut client, "begin");
    stage.signal(Signal::SIGINT);
    stage.ends("with a transaction", MOMENT);
    stage.ask(&mut client, "commit");
    stage.ends("without", PATIENCE);
    let heard = idle.answer();
    stage.note("one without a transaction", heard);
}

fn quit(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust"));
    let mut client = stage.app();
    stage.ask(&mut client, "begin");
    stage.signal(Signal::SIGQUIT);
    stage.ends("at once", PATIENCE);
    let heard = client.answer();
    stage.note("told", heard);
}

fn shutdown(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust"));
    let (mut console, mut client) = (stage.console(), stage.app());
    stage.ask(&mut client, "select 1");
    stage.ask(&mut console, "SHUTDOWN");
    stage.ends("at once", PATIENCE);
    let heard = client.answer();
    stage.note("told", heard);
}
