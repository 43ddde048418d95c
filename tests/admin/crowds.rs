//! Who does what: `SHOW POOLS`, `SHOW CLIENTS`, `SHOW SERVERS`, `SHOW DATABASES`, `SHOW USERS`, `SHOW
//! LISTS` and `SHOW STATE` beside what is so.

use nix::sys::signal::Signal;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use pgsluice::demo::cluster::Cluster;

use crate::ask;
use crate::front;
use crate::raw::Raw;
use crate::stage::Front;
use crate::stage::cluster;

/// Rows of a result with their values by the names of columns.
pub(crate) struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn show(raw: &mut Raw, what: &str) -> Self {
        let said = raw.ask(&format!("show {what}"));
        let columns = said[0].split_whitespace().skip(1);
        let columns = columns.map(|c| c.split(':').next().unwrap().to_owned());
        let rows = said.iter().filter_map(|line| line.strip_prefix("D "));
        Self {
            columns: columns.collect(),
            rows: rows
                .map(|row| row.split('|').map(str::to_owned).collect())
                .collect(),
        }
    }

    fn place(&self, column: &str) -> usize {
        let place = self.columns.iter().position(|c| c == column);
        place.expect("there is such a column")
    }

    /// Values of these columns of the rows that have `value` in `column`.
    pub(crate) fn values(&self, (column, value): (&str, &str), wanted: &str) -> Vec<String> {
        let is_it = |row: &&Vec<String>| row[self.place(column)] == value;
        let rows = self.rows.iter().filter(is_it);
        let line = |row: &Vec<String>| {
            let values = wanted.split_whitespace().map(|w| &*row[self.place(w)]);
            values.collect::<Vec<_>>().join(" ")
        };
        rows.map(line).collect()
    }

    /// As `values`, of the one row that there is.
    pub(crate) fn one(&self, is_it: (&str, &str), wanted: &str) -> String {
        let values = self.values(is_it, wanted);
        assert_eq!(values.len(), 1, "one row with {is_it:?}: {:?}", self.rows);
        values.into_iter().next().unwrap()
    }
}

/// What is shown of a pool.
fn pool(root: &mut Raw, database: &str) -> String {
    let wanted = "user cl_active cl_waiting sv_active sv_idle sv_used sv_tested sv_login pool_mode";
    Table::show(root, "pools").one(("database", database), wanted)
}

#[test]
fn everybody_is_shown_at_what_they_do() {
    let cluster = cluster(0);
    let databases = [
        ("app", ""),
        ("narrow", "pool_size = 1"),
        ("forced", "user = \"postgres\"\npassword = \"postgres\""),
        ("stale", "server_check_delay = \"200ms\""),
        ("whole", "pool_mode = \"session\""),
    ];
    let mut front = front(&cluster, "crowds", &databases);
    let mut root = Raw::log_in(front.port, "root").unwrap();
    nobody(&front, &mut root);
    one(&front, &mut root);
    waiting(&mut front, &mut root);
    forced(&front, &mut root);
    used(&mut front, &mut root);
    outdated(&front, &mut root);
    cancelling(&mut front, &cluster, &mut root);
    stopped(&front, &mut root);
}

fn nobody(front: &Front, root: &mut Raw) {
    let console = "pgbouncer 1 0 0 0 0 0 0 statement";
    assert_eq!(pool(root, "pgbouncer"), console);
    let pools = Table::show(root, "pools");
    assert_eq!(pools.rows.len(), 1, "{:?}", pools.rows);
    let clients = Table::show(root, "clients");
    let row = clients.one(
        ("database", "pgbouncer"),
        "type user state addr local_port link wait",
    );
    assert_eq!(row, format!("C root idle 127.0.0.1 {}  0", front.port));
    assert!(Table::show(root, "servers").rows.is_empty());
    let names: Vec<_> = ask(front, "show databases")
        .into_iter()
        .map(|row| row[0].clone())
        .collect();
    let expected = ["app", "forced", "narrow", "pgbouncer", "stale", "whole"];
    assert_eq!(names, expected);
}

fn one(front: &Front, root: &mut Raw) {
    let mut client = Raw::log_in_to(front.port, "app", "app").unwrap();
    client.ask("select 1");
    assert_eq!(pool(root, "app"), "app 1 0 0 1 0 0 0 transaction");
    client.ask("begin read write");
    let pid = client.ask("select pg_backend_pid()")[1].clone();
    assert_eq!(pool(root, "app"), "app 1 0 1 0 0 0 0 transaction");
    let clients = Table::show(root, "clients");
    let wanted = "user state link ptr application_name prepared_statements close_needed";
    let row = clients.one(("database", "app"), wanted);
    let row: Vec<_> = row.split(' ').collect();
    let servers = Table::show(root, "servers");
    let wanted = "type user state ptr link application_name prepared_statements remote_pid";
    let server = servers.one(("database", "app"), wanted);
    let server: Vec<_> = server.split(' ').collect();
    assert_eq!((row[0], row[1], row[4]), ("app", "active", "x"));
    assert_eq!(server[..3], ["S", "app", "active"]);
    assert_eq!((row[2], server[4]), (server[3], row[3]), "linked");
    assert_eq!((server[5], &*format!("D {}", server[7])), ("x", &*pid));
    client.ask("commit");
    client.send(&[parse("a"), crate::raw::message(b'S', b"")].concat());
    client.answer();
    client.ask("set application_name to 'other'");
    for (what, state) in [("clients", "idle"), ("servers", "idle")] {
        let wanted = "state link application_name prepared_statements";
        let row = Table::show(root, what).one(("database", "app"), wanted);
        assert_eq!(row, format!("{state}  other 1"), "{what}");
    }
    let times = Table::show(root, "clients").one(("database", "app"), "connect_time request_time");
    let words: Vec<_> = times.split(' ').collect();
    assert_eq!(words.len(), 6, "date, time and zone of each: {times}");
    // One in session mode is shown as it is, too, though it keeps its server.
    let mut whole = Raw::log_in_to(front.port, "app", "whole").unwrap();
    whole.send(&[parse("a"), parse("b"), crate::raw::message(b'S', b"")].concat());
    whole.answer();
    whole.ask("set application_name to 'mine'");
    let wanted = "state application_name prepared_statements";
    for what in ["clients", "servers"] {
        let row = Table::show(root, what).one(("database", "whole"), wanted);
        let count = if what == "clients" { 2 } else { 1 };
        assert_eq!(row, format!("active mine {count}"), "{what}");
    }
}

fn parse(name: &str) -> Vec<u8> {
    crate::raw::message(b'P', format!("{name}\0select 1\0\0\0").as_bytes())
}

fn waiting(front: &mut Front, root: &mut Raw) {
    let port = front.port;
    let mut holder = Raw::log_in_to(port, "app", "narrow").unwrap();
    let mut waiter = Raw::log_in_to(port, "app", "narrow").unwrap();
    holder.ask("begin read write");
    waiter.begin("select 1");
    front.wait("waiting", |_| {
        pool(root, "narrow") == "app 1 1 1 0 0 0 0 transaction"
    });
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let wait = Table::show(root, "pools").one(("database", "narrow"), "maxwait maxwait_us");
    let (seconds, micros) = wait.split_once(' ').unwrap();
    assert_eq!(seconds, "1", "{wait}");
    assert!(micros.parse::<u32>().unwrap() < 1_000_000, "{wait}");
    let clients = Table::show(root, "clients");
    assert_eq!(
        clients.one(("state", "waiting"), "database wait link"),
        "narrow 1 "
    );
    let databases = Table::show(root, "databases");
    let wanted = "host port database pool_size current_connections current_client_connections";
    let row = databases.one(("name", "narrow"), wanted);
    let words: Vec<_> = row.split(' ').collect();
    assert_eq!((words[0], words[2]), ("127.0.0.1", "app"), "{row}");
    assert_eq!(words[3..], ["1", "1", "2"], "{row}");
    holder.ask("commit");
    waiter.answer();
}

/// One pool for all clients, under the name that the database forces.
fn forced(front: &Front, root: &mut Raw) {
    let mut client = Raw::log_in_to(front.port, "app", "forced").unwrap();
    client.ask("select 1");
    assert_eq!(pool(root, "forced"), "postgres 1 0 0 1 0 0 0 transaction");
    let databases = Table::show(root, "databases");
    assert_eq!(databases.one(("name", "forced"), "force_user"), "postgres");
    assert_eq!(
        Table::show(root, "clients").one(("database", "forced"), "user"),
        "app"
    );
    assert_eq!(
        Table::show(root, "servers").one(("database", "forced"), "user"),
        "postgres"
    );
    let users = Table::show(root, "users");
    let counts = "current_connections current_client_connections";
    assert_eq!(users.one(("name", "postgres"), counts), "1 0");
    let lists = Table::show(root, "lists");
    let item = |list: &str| lists.one(("list", list), "items").parse::<usize>().unwrap();
    assert_eq!(
        (item("databases"), item("users"), item("login_clients")),
        (6, 5, 0)
    );
    assert_eq!(
        item("used_clients"),
        Table::show(root, "clients").rows.len()
    );
    assert_eq!(
        item("used_servers"),
        Table::show(root, "servers").rows.len()
    );
    assert_eq!(item("pools"), Table::show(root, "pools").rows.len());
}

fn used(front: &mut Front, root: &mut Raw) {
    let mut client = Raw::log_in_to(front.port, "app", "stale").unwrap();
    client.ask("select 1");
    front.wait("used", |_| {
        pool(root, "stale") == "app 1 0 0 0 1 0 0 transaction"
    });
    assert_eq!(
        Table::show(root, "servers").one(("database", "stale"), "state"),
        "used"
    );
}

fn outdated(front: &Front, root: &mut Raw) {
    let mut client = Raw::log_in_to(front.port, "app", "app").unwrap();
    client.ask("begin read write");
    let needed = |root: &mut Raw| {
        let servers = Table::show(root, "servers");
        servers.values(("database", "app"), "state close_needed")
    };
    assert_eq!(needed(root), ["active 0"]);
    root.ask("reconnect app");
    assert_eq!(needed(root), ["active 1"]);
    client.ask("commit");
    assert_eq!(needed(root), [""; 0]);
}

/// While the node does not answer, a server is being opened, and a request to cancel is on its way.
fn cancelling(front: &mut Front, cluster: &Cluster, root: &mut Raw) {
    let mut client = Raw::log_in_to(front.port, "app", "app").unwrap();
    client.ask("begin read write");
    client.begin("select pg_sleep(60)");
    front.wait("active", |_| pool(root, "app").starts_with("app 1 0 1 "));
    let postmaster = Pid::from_raw(i32::try_from(cluster.primary().pid().unwrap()).unwrap());
    kill(postmaster, Signal::SIGSTOP).unwrap();
    let mut other = Raw::log_in_to(front.port, "app", "app").unwrap();
    other.begin("select 1");
    let canceller = client.cancel(front.port);
    let wanted = "cl_active_cancel_req cl_waiting_cancel_req sv_active_cancel sv_login";
    front.wait("on its way", |_| {
        Table::show(root, "pools").one(("database", "app"), wanted) == "1 0 1 1"
    });
    let states = |root: &mut Raw, what: &str| {
        let mut states = Table::show(root, what).values(("database", "app"), "state");
        states.sort();
        states
    };
    assert_eq!(
        states(root, "clients"),
        ["active", "active_cancel_req", "waiting"]
    );
    assert_eq!(states(root, "servers"), ["active", "active_cancel", "new"]);
    kill(postmaster, Signal::SIGCONT).unwrap();
    drop(canceller);
    let said = client.answer();
    assert!(said[1].contains("C57014"), "{said:?}");
    other.answer();
    client.ask("rollback");
    front.wait("arrived", |_| {
        Table::show(root, "pools").one(("database", "app"), wanted) == "0 0 0 0"
    });
}

fn stopped(front: &Front, root: &mut Raw) {
    let state = |root: &mut Raw| {
        let state = Table::show(root, "state");
        ["active", "paused", "suspended"].map(|key| state.one(("key", key), "value"))
    };
    assert_eq!(state(root), ["yes", "no", "no"]);
    root.ask("pause");
    assert_eq!(state(root), ["no", "yes", "no"]);
    root.ask("resume");
    root.ask("suspend");
    assert_eq!(state(root), ["no", "no", "yes"]);
    root.ask("resume");
    root.ask("pause app");
    root.ask("disable narrow");
    assert_eq!(state(root), ["yes", "no", "no"]);
    let databases = Table::show(root, "databases");
    assert_eq!(databases.one(("name", "app"), "paused disabled"), "1 0");
    assert_eq!(databases.one(("name", "narrow"), "paused disabled"), "0 1");
    root.ask("resume app");
    root.ask("enable narrow");
    front.app("narrow", "select 1").unwrap();
}
