//! Files as people have them, in front of a real server: a user logs in and is answered.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::options::Login;
use pgsluice::demo::cluster::options::Options;
use pgsluice::demo::cluster::options::TlsFiles;
use pgsluice::demo::cluster::owner::Owner;

use crate::certificates::Authority;
use crate::stage::Pooler;
use crate::stage::Stage;
use crate::support::proxy::PASSWORD;
use crate::support::proxy::cluster_with;
use crate::support::proxy::commits;

/// Each sample with a database that it serves. The one that splits has a test of its own.
const SAMPLES: &[(&str, &str)] = &[
    ("azure", "app"),
    ("buildpack", "db1"),
    ("busy", "shop"),
    ("debian", "app"),
    ("image-a", "app"),
    ("image-b", "postgres"),
    ("operator-a", "app"),
    ("operator-b", "app"),
    ("operator-c", "app"),
    ("rds", "legacy"),
];

/// Databases that samples name.
const DATABASES: &[&str] = &["d3adbeef", "shop", "app_production", "legacy", "orders"];

/// Roles by which users are looked up.
const LOOKERS: &[&str] = &["pooler", "cnpg_pooler_pgbouncer", "_crunchypgbouncer"];

/// What a login is looked up by, in the schema and with the columns of each operator.
const FUNCTIONS: &[(&str, &str, &str)] = &[
    ("pooler", "user_lookup", "uname text, phash text"),
    ("public", "user_search", "usename text, passwd text"),
    ("pgbouncer", "get_auth", "username text, password text"),
];

fn cluster(authority: &Authority) -> Cluster {
    authority.issue("node", "node", &["127.0.0.1"]);
    let key = authority.path("node.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    Owner::find().unwrap().own(&key).unwrap();
    // That operator lets its pooler in by a certificate, which its own start-up script adds.
    let options = Options::default()
        .replicas(0)
        .login(Login::Scram)
        .hba("hostssl all cnpg_pooler_pgbouncer 127.0.0.1/32 trust");
    let cluster = cluster_with(&options.tls(TlsFiles {
        certificate: authority.path("node.crt"),
        key,
        client_authority: None,
        required: false,
    }));
    let primary = cluster.primary();
    for name in LOOKERS {
        let role = format!("create role {name} login superuser password '{name}'");
        primary.psql(&role).unwrap();
    }
    let role = "create role legacy login password 'it''s secret'";
    primary.psql(role).unwrap();
    for name in DATABASES {
        let database = format!("create database {name} owner app");
        primary.psql(&database).unwrap();
    }
    for database in ["app", "postgres"] {
        for (schema, name, columns) in FUNCTIONS {
            let sql = format!(
                "create schema if not exists {schema}; \
                 create function {schema}.{name}(wanted text) returns table ({columns}) \
                 language sql security definer as \
                 'select usename::text, passwd from pg_shadow where usename = wanted'"
            );
            primary.psql_in(database, &sql).unwrap();
        }
    }
    cluster
}

/// A sample with the addresses of this test in place of its own: of equal keys in a line of
/// `[databases]` the last counts.
fn adapted(sample: &str, folder: &Path, port: u16, node: &str) -> String {
    let mut section = String::new();
    let mut lines = vec![String::new()];
    for line in sample
        .replace("@DIR@", &folder.display().to_string())
        .lines()
    {
        if line.starts_with('[') {
            line.trim().clone_into(&mut section);
        }
        let key = line.split('=').next().unwrap_or_default().trim();
        lines.push(match (&*section, key) {
            ("[databases]", key) if !key.is_empty() && !key.starts_with([';', '#', '[']) => {
                format!("{line} {node}")
            }
            ("[pgbouncer]", "listen_addr") => "listen_addr = 127.0.0.1".to_owned(),
            ("[pgbouncer]", "[pgbouncer]") => format!("{line}\nlisten_port = {port}"),
            ("[pgbouncer]", "listen_port") => String::new(),
            _ => line.to_owned(),
        });
    }
    lines.join("\n")
}

fn files(folder: &Path, authority: &Authority) {
    let lookers = LOOKERS
        .iter()
        .map(|name| format!("\"{name}\" \"{name}\"\n"));
    let users = format!("\"app\" \"{PASSWORD}\"\n{}", lookers.collect::<String>());
    fs::write(folder.join("userlist.txt"), users).unwrap();
    fs::write(folder.join("user.ini"), "max_client_conn = 321\n").unwrap();
    fs::write(folder.join("pg_hba.conf"), "host all all all md5\n").unwrap();
    for (from, to) in [
        ("root.crt", "ca.crt"),
        ("front.crt", "tls.crt"),
        ("front.key", "tls.key"),
    ] {
        fs::copy(authority.path(from), folder.join(to)).unwrap();
    }
}

/// Asks through the pooler who one is and where; what the client hears of an error otherwise.
fn ask(stage: &Stage<'_>, cluster: &Cluster, database: &str, password: &str) -> String {
    let conninfo = format!(
        "host=127.0.0.1 port={} user=app dbname={database} sslmode=prefer",
        stage.port()
    );
    let mut psql = cluster.program("psql");
    let sql = "select current_user, 6 * 7";
    psql.args(["-X", "-At", "-c", sql, &conninfo]);
    let output = psql
        .env("PGPASSWORD", password)
        .output()
        .expect("psql runs");
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).trim().to_owned()
}

/// A sample as it stands in the tree.
fn sample(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(root.join(format!("tests/pgbouncer/samples/{name}.ini"))).unwrap()
}

#[test]
fn samples_serve() {
    let authority = Authority::new();
    authority.issue("front", "front", &["127.0.0.1"]);
    let cluster = cluster(&authority);
    for (name, database) in SAMPLES {
        let mut stage = Stage::new(&cluster, &Pooler::ours());
        let folder = stage.path("");
        files(&folder, &authority);
        let node = format!("host=127.0.0.1 port={}", cluster.primary().port());
        let text = adapted(&sample(name), &folder, stage.port(), &node);
        fs::write(stage.path("pooler.ini"), text).unwrap();
        stage.serve();
        let user = if *database == "legacy" {
            "legacy"
        } else {
            "app"
        };
        let answer = ask(&stage, &cluster, database, PASSWORD);
        assert_eq!(answer, format!("{user}|42"), "{name}: {}", stage.output());
        let refused = ask(&stage, &cluster, database, "wrong");
        assert!(
            refused.contains("authentication failed"),
            "{name}: {refused}"
        );
    }
}

#[test]
fn two_words_send_reads_to_replicas() {
    let cluster = cluster_with(&Options::default().replicas(2).login(Login::Scram));
    let create = "create role monitor login password 'secret'";
    cluster.primary().psql(create).unwrap();
    cluster.catch_up(0).unwrap();
    let mut stage = Stage::new(&cluster, &Pooler::ours());
    let folder = stage.path("");
    fs::write(
        folder.join("userlist.txt"),
        format!("\"app\" \"{PASSWORD}\"\n"),
    )
    .unwrap();
    let nodes = cluster
        .nodes()
        .iter()
        .map(|node| format!("127.0.0.1:{}", node.port()));
    let nodes = format!("nodes={} dbname=app", nodes.collect::<Vec<_>>().join(","));
    let text = adapted(&sample("splitting"), &folder, stage.port(), &nodes);
    fs::write(stage.path("pooler.ini"), text.replace(":9128", ":0")).unwrap();
    stage.serve();
    let until = Instant::now() + Duration::from_secs(20);
    for database in ["app", "reports"] {
        let on_replicas = || commits(&cluster).iter().skip(1).sum::<u64>();
        let before = on_replicas();
        // The catalog is read there, too, but not as often.
        while on_replicas() < before + 10 {
            let answer = ask(&stage, &cluster, database, PASSWORD);
            assert_eq!(answer, "app|42", "{database}: {}", stage.output());
            assert!(Instant::now() < until, "{database}: no read on a replica");
        }
    }
}
