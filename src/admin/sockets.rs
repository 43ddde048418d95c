//! `SHOW CLIENTS`, `SHOW SERVERS` and `SHOW SOCKETS`: every connection.

use std::net::IpAddr;
use std::time::Duration;
use std::time::Instant;

use jiff::Zoned;

use crate::admin::Scene;
use crate::admin::cell::Cell;
use crate::admin::cell::Row;
use crate::admin::cell::cell;
use crate::admin::cell::int4;
use crate::admin::cell::text;
use crate::net::stream::Peer;
use crate::registry::place::SlotLink;
use crate::registry::requests::Request;
use crate::registry::requests::Stage;
use crate::registry::survey::Client;
use crate::registry::survey::Server;
use crate::registry::survey::ServerState;
use crate::registry::survey::Survey;
use crate::session::reported::Reported;
use crate::wire::startup::Replication;
use crate::wire::write::Column;

macro_rules! columns {
    ($($more:expr),* $(,)?) => {
        &[
            text("type"),
            text("user"),
            text("database"),
            text("replication"),
            text("state"),
            text("addr"),
            int4("port"),
            text("local_addr"),
            int4("local_port"),
            text("connect_time"),
            text("request_time"),
            int4("wait"),
            int4("wait_us"),
            int4("close_needed"),
            text("ptr"),
            text("link"),
            int4("remote_pid"),
            text("tls"),
            text("application_name"),
            int4("prepared_statements"),
            int4("id"),
            $($more),*
        ]
    };
}

/// The columns of `SHOW CLIENTS` and `SHOW SERVERS`.
pub(super) const COLUMNS: &[Column<'static>] = columns!();

/// The columns of `SHOW SOCKETS`.
pub(super) const SOCKETS_COLUMNS: &[Column<'static>] = columns!(
    int4("recv_pos"),
    int4("pkt_pos"),
    int4("pkt_remain"),
    int4("send_pos"),
    int4("send_remain"),
    int4("pkt_avail"),
    int4("send_avail"),
);

/// How many columns of buffers `SHOW SOCKETS` has. Where PgBouncer's buffers are is nothing that
/// buffers of ours have.
const BUFFERS_COUNT: usize = SOCKETS_COLUMNS.len() - COLUMNS.len();

/// The rows of `SHOW CLIENTS`.
pub(super) fn clients(scene: &Scene<'_>) -> Vec<Row> {
    let (survey, page) = (scene.registry.survey(scene.now), Page::of(scene));
    let clients = survey.clients.iter();
    let clients = clients.map(|client| page.client(&survey, client, client_state(client)));
    let requests = survey.requests.iter();
    let requests = requests.map(|request| page.request(request, request_state(request.stage)));
    clients.chain(requests).collect()
}

/// The rows of `SHOW SERVERS`.
pub(super) fn servers(scene: &Scene<'_>) -> Vec<Row> {
    let (survey, page) = (scene.registry.survey(scene.now), Page::of(scene));
    let servers = survey.servers.iter();
    let servers = servers.map(|server| page.server(&survey, server, server_state(server.state)));
    let carriers = survey.requests.iter().filter(|r| r.stage == Stage::Active);
    let carriers = carriers.map(|request| page.carrier(request, "active_cancel"));
    servers.chain(carriers).collect()
}

/// The rows of `SHOW SOCKETS`.
pub(super) fn sockets(scene: &Scene<'_>) -> Vec<Row> {
    all(scene, |_| true, |_| true)
}

/// The rows of `SHOW ACTIVE_SOCKETS`: of those that something is being done for.
pub(super) fn active_sockets(scene: &Scene<'_>) -> Vec<Row> {
    all(
        scene,
        |client| !matches!(client.place.link, SlotLink::Idle),
        |server| match server.state {
            ServerState::New
            | ServerState::Active
            | ServerState::Tested
            | ServerState::BeingCanceled => true,
            ServerState::Idle | ServerState::Used => false,
        },
    )
}

fn all(
    scene: &Scene<'_>,
    has_client: impl Fn(&Client) -> bool,
    has_server: impl Fn(&Server) -> bool,
) -> Vec<Row> {
    let (survey, page) = (scene.registry.survey(scene.now), Page::of(scene));
    let clients = survey.clients.iter().filter(|c| has_client(c)).map(|c| {
        let state = match c.place.link {
            SlotLink::Waiting => "cl_waiting",
            SlotLink::Idle | SlotLink::Linked(_) => "cl_active",
        };
        page.client(&survey, c, state)
    });
    let servers = survey.servers.iter().filter(|s| has_server(s)).map(|s| {
        let state = match s.state {
            ServerState::New => "sv_login",
            ServerState::Active => "sv_active",
            ServerState::Idle => "sv_idle",
            ServerState::Used => "sv_used",
            ServerState::Tested => "sv_tested",
            ServerState::BeingCanceled => "sv_being_canceled",
        };
        page.server(&survey, s, state)
    });
    let requests = survey.requests.iter();
    let requests = requests.map(|request| {
        let state = match request.stage {
            Stage::Waiting => "cl_waiting_cancel",
            Stage::Active => "cl_active_cancel",
        };
        page.request(request, state)
    });
    let carriers = survey.requests.iter().filter(|r| r.stage == Stage::Active);
    let carriers = carriers.map(|request| page.carrier(request, "sv_active_cancel"));
    let buffers = std::iter::repeat_n(cell(0), BUFFERS_COUNT);
    clients
        .chain(requests)
        .chain(servers)
        .chain(carriers)
        .map(|row| row.into_iter().chain(buffers.clone()).collect())
        .collect()
}

fn client_state(client: &Client) -> &'static str {
    match client.place.link {
        SlotLink::Idle => "idle",
        SlotLink::Waiting => "waiting",
        SlotLink::Linked(_) => "active",
    }
}

fn server_state(state: ServerState) -> &'static str {
    match state {
        ServerState::New => "new",
        ServerState::Active => "active",
        ServerState::Idle => "idle",
        ServerState::Used => "used",
        ServerState::Tested => "tested",
        ServerState::BeingCanceled => "being_canceled",
    }
}

fn request_state(stage: Stage) -> &'static str {
    match stage {
        Stage::Waiting => "waiting_cancel_req",
        Stage::Active => "active_cancel_req",
    }
}

/// What all rows have in common.
struct Page {
    now: Instant,
    wall: Zoned,
    /// What stands for the port of a Unix socket.
    port: u16,
}

impl Page {
    fn of(scene: &Scene<'_>) -> Self {
        Self {
            now: scene.now,
            wall: Zoned::now(),
            port: scene.registry.state().config.listen.port,
        }
    }

    fn client(&self, survey: &Survey, client: &Client, state: &str) -> Row {
        let (slot, place) = (&client.slot, &client.place);
        let waited = match place.link {
            SlotLink::Waiting => self.now.saturating_duration_since(place.since),
            SlotLink::Idle | SlotLink::Linked(_) => Duration::ZERO,
        };
        let server = client.server.and_then(|s| survey.servers.get(s));
        let mut row = vec![cell("C"), cell(&slot.user), cell(&slot.database)];
        row.extend([cell(replication(slot.replication)), cell(state)]);
        row.extend(self.place(slot.about.peer));
        row.extend(self.place(slot.about.local));
        row.extend([self.time(slot.about.since), self.time(place.since)]);
        row.extend([
            cell(waited.as_secs()),
            cell(waited.subsec_micros()),
            cell(0),
            cell(pointer(slot.id.0)),
            cell(server.map_or_else(String::new, |s| pointer(s.card.id.0))),
            cell(slot.about.pid),
            cell(slot.about.tls.as_deref().unwrap_or_default()),
            cell(application_name(&place.told)),
            cell(place.prepared),
            cell(slot.id.0),
        ]);
        row
    }

    fn server(&self, survey: &Survey, server: &Server, state: &str) -> Row {
        let card = &server.card;
        let about = card.login().map(|login| &login.about);
        let client = server.client.and_then(|c| survey.clients.get(c));
        let pid = card.login().map_or(0, |login| login.cancel.key.pid);
        let reported = server.reported.as_deref();
        let mut row = vec![cell("S"), cell(&card.purpose.user)];
        // One that replicates has the same server from its login to its end.
        let kind = client.map_or(Replication::No, |client| client.slot.replication);
        row.extend([cell(&card.purpose.database), cell(replication(kind))]);
        row.push(cell(state));
        row.extend(match about {
            Some(about) => self.place(about.peer),
            None => address(&card.target),
        });
        row.extend(about.map_or([cell(""), cell(0)], |about| self.place(about.local)));
        row.extend([self.time(card.since), self.time(server.since)]);
        row.extend([
            cell(0),
            cell(0),
            cell(u8::from(card.is_outdated())),
            cell(pointer(card.id.0)),
            cell(client.map_or_else(String::new, |c| pointer(c.slot.id.0))),
            cell(pid),
            cell(about.and_then(|a| a.tls.as_deref()).unwrap_or_default()),
            cell(reported.map_or("", application_name)),
            cell(card.prepared()),
            cell(card.id.0),
        ]);
        row
    }

    /// A request to cancel, as a client.
    fn request(&self, request: &Request, state: &str) -> Row {
        let (about, slot) = (&request.about, &request.slot);
        let mut row = vec![cell("C"), cell(&slot.user), cell(&slot.database)];
        row.extend([cell("none"), cell(state)]);
        row.extend(self.place(about.peer));
        row.extend(self.place(about.local));
        row.extend([self.time(about.since), self.time(about.since)]);
        row.extend([cell(0), cell(0), cell(0), cell(pointer(request.id.0))]);
        row.extend([cell(""), cell(about.pid)]);
        row.extend([cell(about.tls.as_deref().unwrap_or_default())]);
        row.extend([cell(""), cell(0), cell(request.id.0)]);
        row
    }

    /// What carries a request to cancel to its node, as a server. Its own address is not known.
    fn carrier(&self, request: &Request, state: &str) -> Row {
        let slot = &request.slot;
        let mut row = vec![cell("S"), cell(&slot.user), cell(&slot.database)];
        row.extend([cell("none"), cell(state)]);
        row.extend(address(&request.node));
        row.extend([cell(""), cell(0)]);
        row.extend([
            self.time(request.about.since),
            self.time(request.about.since),
        ]);
        row.extend([cell(0), cell(0), cell(0), cell(pointer(request.id.0))]);
        row.extend([cell(pointer(request.id.0)), cell(0), cell("")]);
        row.extend([cell(""), cell(0), cell(request.id.0)]);
        row
    }

    /// Address and port.
    fn place(&self, peer: Peer) -> [Cell; 2] {
        match peer {
            Peer::Tcp(address) => [cell(plain(address.ip())), cell(address.port())],
            Peer::Unix => [cell("unix"), cell(self.port)],
            Peer::Duplex => [cell("duplex"), cell(0)],
        }
    }

    /// `2026-11-21 03:37:22 UTC`
    fn time(&self, at: Instant) -> Cell {
        let ago = self.now.saturating_duration_since(at);
        let then = self.wall.checked_sub(ago).ok()?;
        cell(then.strftime("%Y-%m-%d %H:%M:%S %Z"))
    }
}

/// An IPv4 address that came by a socket of IPv6 is one of IPv4.
fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// A node's address and port.
fn address(node: &str) -> [Cell; 2] {
    let (host, port) = node.rsplit_once(':').unwrap_or((node, "0"));
    [cell(host), cell(port)]
}

/// What stands for a connection in the log, too.
fn pointer(number: u64) -> String {
    format!("{number:#x}")
}

fn replication(kind: Replication) -> &'static str {
    match kind {
        Replication::No => "none",
        Replication::Physical => "physical",
        Replication::Logical => "logical",
    }
}

fn application_name(told: &Reported) -> &str {
    told.value("application_name").unwrap_or_default()
}
