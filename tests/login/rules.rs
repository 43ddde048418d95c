//! Who may log in by which rule, over TCP and by the Unix socket; and the console's owner.

use std::fs;
use std::process::Command;

use nix::unistd::User;
use nix::unistd::geteuid;
use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::owner::Owner;

use crate::stage::Front;
use crate::stage::cluster_of;
use crate::whole::WRONG;
use crate::whole::login;
use crate::whole::node;
use crate::whole::runtime;
use crate::whole::said;

const SQL: &str = "
    create role app login password 'of app'; create role other login password 'of other';";

const USERS: &str = "[users.app]\npassword = \"of app\"\n[users.other]\npassword = \"of other\"\n\
                     [users.root]\npassword = \"of root\"\n";

const RULES: &str = "
# TYPE  DATABASE USER ADDRESS METHOD
local   all      app                  peer map=us
local   all      other                peer
host    secret   all   127.0.0.0/8    reject
host    app      app   127.0.0.1/32   scram-sha-256
host    app      other 127.0.0.1      255.255.255.255 md5
hostssl postgres other all            trust
hostnossl postgres app all            trust
host    postgres nobody all           trust
host    pgbouncer all  all            password
host    gone     app   all            md5
";

fn databases() -> String {
    ["app", "secret", "postgres"]
        .map(|name| format!("[databases.{name}]\ncluster = \"main\"\ndbname = \"postgres\"\n"))
        .concat()
}

fn config(cluster: &Cluster, head: &str) -> String {
    let folder = cluster.folder().display();
    let nodes = cluster_of(&[cluster.primary().port()]);
    format!(
        "unix_socket_dir = \"{folder}\"\nadmin_users = \"root\"\n{head}{nodes}{}{USERS}",
        databases()
    )
}

/// What comes of a login by the Unix socket, as the user of the system that runs the tests.
fn at_socket(cluster: &Cluster, front: &Front, user: &str, database: &str) -> String {
    let folder = cluster.folder().display();
    let conninfo = format!(
        "host={folder} port={} user={user} dbname={database}",
        front.port
    );
    runtime().block_on(login(&conninfo, "not asked for"))
}

/// Writes the files, and the options that name them.
fn rules(cluster: &Cluster) -> String {
    let me = User::from_uid(geteuid()).unwrap().unwrap().name;
    let rules = cluster.folder().join("rules");
    fs::write(&rules, RULES).unwrap();
    let maps = cluster.folder().join("maps");
    fs::write(&maps, format!("us {me} app\nus nobody-here all\n")).unwrap();
    format!(
        "auth_type = \"hba\"\nauth_hba_file = \"{}\"\nauth_ident_file = \"{}\"\n",
        rules.display(),
        maps.display()
    )
}

#[test]
fn the_first_rule_that_fits_decides() {
    let cluster = node(SQL);
    let head = rules(&cluster);
    let mut front = Front::ready(&cluster, "rules", &config(&cluster, &head));
    let check = |front: &Front, user, password, database, expected: &str| {
        let found = said(front, user, password, database);
        assert_eq!(found, expected, "{user} {password} {database}");
    };
    let none = "08P01 no authentication method is found";
    check(&front, "app", "of app", "app", "app");
    check(&front, "app", "wrong", "app", WRONG);
    check(&front, "other", "of other", "app", "other");
    check(
        &front,
        "other",
        "wrong",
        "app",
        "08P01 password authentication failed",
    );
    check(&front, "app", "of app", "secret", "08P01 login rejected");
    check(&front, "nobody", "x", "secret", "08P01 login rejected");
    check(&front, "app", "not asked for", "postgres", "app");
    check(&front, "other", "of other", "postgres", none);
    check(
        &front,
        "nobody",
        "x",
        "postgres",
        "08P01 \"trust\" authentication failed",
    );
    check(&front, "nobody", "x", "app", none);
    check(&front, "root", "of root", "app", none);
    // What is not there is told to those who have shown who they are.
    check(
        &front,
        "app",
        "of app",
        "gone",
        "08P01 no such database: gone",
    );
    check(
        &front,
        "app",
        "wrong",
        "gone",
        "08P01 password authentication failed",
    );
    check(&front, "app", "of app", "pgbouncer", "08P01 not allowed");
    check(
        &front,
        "app",
        "wrong",
        "pgbouncer",
        "08P01 password authentication failed",
    );

    assert_eq!(
        at_socket(&cluster, &front, "app", "app"),
        "app",
        "by the map"
    );
    let rejected = "08P01 unix socket login rejected";
    assert_eq!(at_socket(&cluster, &front, "other", "app"), rejected);
    assert_eq!(at_socket(&cluster, &front, "root", "app"), none);

    // Rules are read again, and broken ones change nothing.
    let rules = cluster.folder().join("rules");
    fs::write(&rules, "host all all all reject\n").unwrap();
    front.reload(&config(&cluster, &head));
    check(&front, "app", "of app", "app", "08P01 login rejected");
    fs::write(&rules, "host all all all trust\nhost all all nowhere md5\n").unwrap();
    front.reload(&config(&cluster, &head));
    check(&front, "app", "of app", "app", "08P01 login rejected");
    assert_eq!(front.logged("rules:2: hba line 2:"), 1, "{}", front.log());
}

/// The console of one's own process needs no password; nothing else goes without.
#[test]
fn who_runs_the_process_may_use_its_console() {
    let cluster = node(SQL);
    let front = Front::ready(&cluster, "owner", &config(&cluster, ""));
    let folder = cluster.folder().display().to_string();
    let ask = |user: &str, database: &str| {
        let conninfo = format!(
            "host={folder} port={} user={user} dbname={database}",
            front.port
        );
        front.psql(&conninfo, "", "show version")
    };
    assert!(
        ask("pgbouncer", "pgbouncer")
            .unwrap()
            .starts_with("PgBouncer")
    );
    assert!(
        ask("pgsluice", "pgsluice")
            .unwrap()
            .starts_with("PgBouncer")
    );
    for (user, database) in [("root", "pgbouncer"), ("pgbouncer", "app"), ("app", "app")] {
        let refused = ask(user, database).unwrap_err();
        assert!(
            !refused.contains("not allowed") && refused.contains("password"),
            "{refused}"
        );
    }
    let over_tcp = front.psql(
        &front.conninfo("pgbouncer", "pgbouncer"),
        "",
        "show version",
    );
    assert!(over_tcp.is_err(), "{over_tcp:?}");
    // Another user of the system, where the test may become one.
    if geteuid().is_root() {
        let mut psql = Command::new("psql");
        psql.args(["-XAtqw", "-c", "show version", "-d"])
            .arg(format!(
                "host={folder} port={} user=pgbouncer dbname=pgbouncer",
                front.port
            ));
        psql.current_dir("/");
        Owner::find().unwrap().run_as(&mut psql);
        let output = psql.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("no password supplied"), "{said}");
    }
}

#[test]
fn any_name_will_do_where_the_database_has_a_user() {
    let cluster = node(SQL);
    let forced = "[databases.forced]\ncluster = \"main\"\ndbname = \"postgres\"\nuser = \"app\"\n\
                  password = \"of app\"\n";
    let config = format!("{}{forced}", config(&cluster, "auth_type = \"any\"\n"));
    let front = Front::ready(&cluster, "any", &config);
    for user in ["app", "whoever"] {
        assert_eq!(said(&front, user, "", "forced"), "app");
        assert_eq!(said(&front, user, "", "app"), "08P01 bouncer config error");
        assert_eq!(
            said(&front, user, "", "nowhere"),
            "08P01 bouncer config error"
        );
        let looked = front.psql(&front.conninfo(user, "pgbouncer"), "", "show version");
        assert!(looked.unwrap().starts_with("PgBouncer"));
    }
}

/// A password of one user is of no use to log in to servers as another.
#[test]
fn what_a_client_shows_does_not_serve_for_the_forced_user() {
    let cluster = node(SQL);
    let forced =
        "[databases.forced]\ncluster = \"main\"\ndbname = \"postgres\"\nuser = \"other\"\n";
    let users = "[users.app]\npassword = \"of app\"\n";
    let nodes = cluster_of(&[cluster.primary().port()]);
    let head = "auth_type = \"plain\"\n";
    let front = Front::ready(&cluster, "forced", &[head, &nodes, forced, users].concat());
    let refused = said(&front, "app", "of app", "forced");
    assert_eq!(refused, "08P01 server login failed: wrong password type");
}
