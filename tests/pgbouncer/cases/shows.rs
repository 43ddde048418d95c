//! What the console shows: the columns of all of it, and the values that a case decides.

use crate::cases::Case;
use crate::cases::case;
use crate::cases::file;
use crate::cases::since;
use crate::client::Client;
use crate::client::Login;
use crate::raw::message;
use crate::stage::File;
use crate::stage::Stage;

pub(crate) const CASES: &[Case] = &[
    case("columns", columns),
    case("pools", pools),
    case("databases", databases),
    case("clients and servers", sockets),
    case("statistics", statistics),
    since((1, 21), "statistics of prepared statements", prepared),
    case("state", state),
    since((1, 24), "memory", memory),
];

/// What is shown as a table.
struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn ask(console: &mut Client, what: &str) -> Self {
        let said = console.ask(&format!("SHOW {what}"));
        let columns = said.first().and_then(|line| line.strip_prefix("T "));
        let columns = columns.unwrap_or_else(|| panic!("{what}: {said:?}"));
        let name = |column: &str| column.split(':').next().unwrap_or_default().to_owned();
        let rows = said.iter().filter_map(|line| line.strip_prefix("D "));
        Self {
            columns: columns.split(' ').map(name).collect(),
            rows: rows
                .map(|row| row.split('|').map(str::to_owned).collect())
                .collect(),
        }
    }

    /// The rows in which `key` is `value`, by these columns, in the order of their text.
    fn pick(&self, (key, value): (&str, &str), columns: &[&str]) -> Vec<String> {
        let place = |name: &str| self.columns.iter().position(|column| column == name);
        let key = place(key).expect("a column");
        let rows = self.rows.iter().filter(|row| row[key] == value);
        let cell = |row: &Vec<String>, column: &str| {
            let value = place(column).map_or("no such column", |place| row[place].as_str());
            format!("{column}={value}")
        };
        let text = |row| {
            let cells: Vec<_> = columns.iter().map(|column| cell(row, column)).collect();
            cells.join(" ")
        };
        let mut texts: Vec<_> = rows.map(text).collect();
        texts.sort();
        texts
    }
}

/// Names, types and sizes, and the command's tag.
fn columns(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust"));
    let mut console = stage.console();
    for what in [
        "CLIENTS",
        "SERVERS",
        "SOCKETS",
        "ACTIVE_SOCKETS",
        "POOLS",
        "DATABASES",
        "USERS",
        "LISTS",
        "STATE",
        "STATS",
        "STATS_TOTALS",
        "STATS_AVERAGES",
        "TOTALS",
        "VERSION",
    ] {
        let said = console.ask(&format!("SHOW {what}")).into_iter();
        let heads = said.filter(|line| !line.starts_with("D ")).collect();
        stage.note(what, heads);
    }
}

const POOL: &[&str] = &[
    "database",
    "user",
    "cl_active",
    "cl_waiting",
    "sv_active",
    "sv_idle",
    "sv_used",
    "sv_tested",
    "sv_login",
    "maxwait",
    "pool_mode",
];

fn pools(stage: &mut Stage<'_>) {
    let options = "auth_type = trust\npool_mode = transaction\ndefault_pool_size = 1";
    stage.start(file(options));
    let (mut console, mut busy, mut waiter) = (stage.console(), stage.app(), stage.app());
    let note = |stage: &mut Stage<'_>, console: &mut Client, label: &str| {
        let table = Table::ask(console, "POOLS");
        stage.note(label, table.pick(("database", "app"), POOL));
    };
    note(stage, &mut console, "idle");
    stage.ask(&mut busy, "begin");
    waiter.begin("select 1");
    assert!(waiter.is_silent(std::time::Duration::from_millis(300)));
    note(stage, &mut console, "busy");
    stage.ask(&mut busy, "commit");
    waiter.answer();
    note(stage, &mut console, "idle again");
    drop((busy, waiter));
    std::thread::sleep(std::time::Duration::from_millis(300));
    note(stage, &mut console, "without clients");
}

fn databases(stage: &mut Stage<'_>) {
    stage.start(File {
        databases: "app = NODE dbname=app pool_size=7 min_pool_size=2 reserve_pool=3 \
                    pool_mode=statement max_db_connections=11\n\
                    forced = NODE dbname=app user=app\nplain = NODE",
        users: "app = pool_mode=session max_user_connections=9",
        ..file("auth_type = trust\nmax_db_connections = 50")
    });
    let mut console = stage.console();
    let _client = stage.app();
    stage.ask(&mut console, "pause plain");
    stage.ask(&mut console, "disable forced");
    let table = Table::ask(&mut console, "DATABASES");
    for name in ["app", "forced", "plain", "pgbouncer"] {
        let columns = [
            "name",
            "host",
            "database",
            "force_user",
            "pool_size",
            "min_pool_size",
            "pool_mode",
            "max_connections",
            "paused",
            "disabled",
        ];
        stage.note(name, table.pick(("name", name), &columns));
    }
    let table = Table::ask(&mut console, "USERS");
    for name in ["app", "admin", "stats"] {
        stage.note(name, table.pick(("name", name), &["name", "pool_mode"]));
    }
}

fn sockets(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust\npool_mode = transaction"));
    let mut console = stage.console();
    let mut client = stage.client(Login {
        parameters: &[("application_name", "me")],
        ..Login::default()
    });
    let columns = [
        "type",
        "user",
        "database",
        "addr",
        "local_addr",
        "close_needed",
        "tls",
    ];
    for label in ["idle", "busy"] {
        for what in ["CLIENTS", "SERVERS"] {
            let table = Table::ask(&mut console, what);
            let rows = table.pick(("database", "app"), &columns);
            stage.note(&format!("{what}, {label}"), rows);
        }
        stage.ask_as(label, &mut client, "begin");
    }
    let table = Table::ask(&mut console, "SERVERS");
    stage.note("in use", table.pick(("database", "app"), &["state"]));
    stage.ask(&mut console, "reconnect app");
    let table = Table::ask(&mut console, "SERVERS");
    let columns = ["state", "close_needed"];
    stage.note("doomed", table.pick(("database", "app"), &columns));
}

/// Counts are exact.
fn statistics(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust\npool_mode = transaction"));
    let (mut console, mut client) = (stage.console(), stage.app());
    for sql in [
        "select 1",
        "begin",
        "select 2",
        "commit",
        "select 1; select 2",
        "select nonsense",
    ] {
        client.ask(sql);
    }
    let count = |stage: &mut Stage<'_>, console: &mut Client, label: &str| {
        let table = Table::ask(console, "STATS_TOTALS");
        let columns = ["xact_count", "query_count", "bytes_received", "bytes_sent"];
        stage.note(label, table.pick(("database", "app"), &columns));
    };
    count(stage, &mut console, "simple");
    let sync = message(b'S', b"");
    let bind = message(b'B', b"\0\0\0\0\0\x01\0\0\0\x015\0\0");
    let run = [bind, message(b'E', b"\0\0\0\0\0")].concat();
    let parse = message(b'P', b"\0select $1::int + 1\0\0\0");
    client.send(&[parse, run.clone(), sync.clone()].concat());
    client.answer();
    count(stage, &mut console, "extended");
}

fn prepared(stage: &mut Stage<'_>) {
    let options = "auth_type = trust\npool_mode = transaction\nmax_prepared_statements = 10";
    stage.start(file(options));
    let (mut console, mut client) = (stage.console(), stage.app());
    let sync = message(b'S', b"");
    let parse = message(b'P', b"s1\0select $1::int + 1\0\0\0");
    let bind = message(b'B', b"\0s1\0\0\0\0\x01\0\0\0\x015\0\0");
    let run = [bind, message(b'E', b"\0\0\0\0\0")].concat();
    client.send(&[parse, run.clone(), sync.clone()].concat());
    client.answer();
    for _ in 0..2 {
        client.send(&[run.clone(), sync.clone()].concat());
        client.answer();
    }
    let table = Table::ask(&mut console, "STATS_TOTALS");
    let columns = [
        "xact_count",
        "query_count",
        "client_parse_count",
        "server_parse_count",
        "bind_count",
    ];
    stage.note("counts", table.pick(("database", "app"), &columns));
}

fn state(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust"));
    let mut console = stage.console();
    stage.ask_as("at first", &mut console, "SHOW STATE");
    stage.ask(&mut console, "PAUSE");
    stage.ask_as("paused", &mut console, "SHOW STATE");
    stage.ask(&mut console, "RESUME");
    let table = Table::ask(&mut console, "LISTS");
    for name in [
        "databases",
        "users",
        "pools",
        "used_clients",
        "login_clients",
    ] {
        stage.note(name, table.pick(("list", name), &["items"]));
    }
}

/// What there is, in the same order; how much of it is each one's own.
fn memory(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust"));
    let mut console = stage.console();
    let table = Table::ask(&mut console, "MEM");
    let names = table.rows.iter().map(|row| row[0].clone());
    stage.note("caches", names.collect());
    stage.note("columns", table.columns);
}
