//! `SHOW FDS`: the descriptors of all sockets. Nothing that proves who somebody is is shown: what
//! takes a process's place (`-R`) gets its sockets by another way.

use crate::admin::Scene;
use crate::admin::cell::Row;
use crate::admin::cell::bytea;
use crate::admin::cell::cell;
use crate::admin::cell::int4;
use crate::admin::cell::int8;
use crate::admin::cell::text;
use crate::net::stream::Peer;
use crate::registry::halt::is_console;
use crate::registry::survey::Survey;
use crate::session::reported::Reported;
use crate::wire::write::Column;

/// The columns.
pub(super) const COLUMNS: &[Column<'static>] = &[
    int4("fd"),
    text("task"),
    text("user"),
    text("database"),
    text("addr"),
    int4("port"),
    int8("cancel"),
    int4("link"),
    text("client_encoding"),
    text("std_strings"),
    text("datestyle"),
    text("timezone"),
    text("password"),
    bytea("scram_client_key"),
    bytea("scram_server_key"),
];

/// Settings that are shown.
const SETTINGS: [&str; 4] = [
    "client_encoding",
    "standard_conforming_strings",
    "DateStyle",
    "TimeZone",
];

/// The rows: sockets that listen, then clients, then servers.
pub(super) fn rows(scene: &Scene<'_>) -> Vec<Row> {
    let registry = scene.registry;
    let port = registry.state().config.listen.port;
    let survey = registry.survey(scene.now);
    let doors = registry.records.doors();
    let mut rows: Vec<_> = doors
        .iter()
        .map(|door| {
            let at = door.address.map_or(Peer::Unix, Peer::Tcp);
            row(("pooler", door.fd), None, (at, port), 0, None)
        })
        .collect();
    let clients = survey.clients.iter();
    for client in clients.filter(|c| !is_console(&c.slot.database)) {
        let (slot, told) = (&client.slot, &client.place.told);
        let owner = (&*slot.user, &*slot.database);
        let link = client.server.map_or(0, |s| fd_of_server(&survey, s));
        let about = &slot.about;
        rows.push(row(
            ("client", about.fd),
            Some(owner),
            (about.peer, port),
            link,
            Some(told),
        ));
    }
    for (i, server) in survey.servers.iter().enumerate() {
        let purpose = &server.card.purpose;
        let owner = (&*purpose.user, &*purpose.database);
        let Some(login) = server.card.login() else {
            continue;
        };
        let client = server.client.and_then(|c| survey.clients.get(c));
        let link = client.map_or(0, |c| c.slot.about.fd);
        let told = server.reported.as_deref();
        let at = (login.about.peer, port);
        rows.push(row(
            ("server", fd_of_server(&survey, i)),
            Some(owner),
            at,
            link,
            told,
        ));
    }
    rows
}

fn fd_of_server(survey: &Survey, place: usize) -> i32 {
    let login = survey.servers.get(place).and_then(|s| s.card.login());
    login.map_or(0, |login| login.about.fd)
}

fn row(
    (task, fd): (&str, i32),
    owner: Option<(&str, &str)>,
    (at, port): (Peer, u16),
    link: i32,
    told: Option<&Reported>,
) -> Row {
    let (address, port) = match at {
        Peer::Tcp(at) => (at.ip().to_canonical().to_string(), at.port()),
        Peer::Unix | Peer::Duplex => ("unix".to_owned(), port),
    };
    let mut row = vec![
        cell(fd),
        cell(task),
        owner.map(|(user, _)| user.to_owned()),
        owner.map(|(_, database)| database.to_owned()),
        cell(address),
        cell(port),
        cell(0),
        cell(link),
    ];
    let settings = SETTINGS.iter();
    row.extend(settings.map(|name| Some(told?.value(name)?.to_owned())));
    row.extend([None, None, None]);
    row
}
