//! Users that are in no file: `auth_query`.

use crate::stage::Front;
use crate::stage::cluster_of;
use crate::whole::WRONG;
use crate::whole::login;
use crate::whole::node;
use crate::whole::runtime;
use crate::whole::said;

/// Roles, and a function that counts how often it was asked.
const SQL: &str = "
    create role asker login password 'asks';
    create role sven login password 'of sven';
    create role expired login password 'late' valid until '2001-01-01';
    create role bare login;
    create role locked password 'in';
    create role owner login password 'of owner';
    create sequence asked;
    create table secrets (name text, secret text);
    insert into secrets values ('sven', 'of sven'), ('odd', 'one'), ('odd', 'two'), ('none', null);
    grant select on secrets to asker;
    create function find(n text, out name text, out secret text) language sql security definer
        set search_path = public, pg_catalog begin atomic
        select nextval('asked') is not null and pg_sleep(0.3) is not null;
        select rolname::text, rolpassword from pg_authid where rolname = n; end;
    create function rows(n text) returns table (name text, secret text) language sql
        security definer set search_path = pg_catalog begin atomic
        select rolname::text, rolpassword from pg_authid where rolname = n; end;";

/// The query of most tests: PgBouncer's own needs a superuser.
const BY_ROWS: &str = "auth_user = \"asker\"\nauth_query = \"select * from rows($1)\"\n";

const ASKER: &str = "[users.asker]\npassword = \"asks\"\n";

fn config(head: &str, nodes: &str, rest: &str) -> String {
    let app = "[databases.app]\ncluster = \"main\"\ndbname = \"postgres\"\n";
    [head, nodes, app, ASKER, rest].concat()
}

#[test]
fn who_is_in_no_file_is_looked_up() {
    let cluster = node(SQL);
    let primary = cluster.primary();
    let nodes = cluster_of(&[primary.port()]);
    let forced = "[databases.forced]\ncluster = \"main\"\ndbname = \"postgres\"\nuser = \"owner\"\n\
                  password = \"of owner\"\n[users.owner]\npool_mode = \"session\"\n";
    let front = Front::ready(&cluster, "lookup", &config(BY_ROWS, &nodes, forced));
    // No password of theirs is known: what they show at login opens servers.
    assert_eq!(said(&front, "sven", "of sven", "app"), "sven");
    assert_eq!(
        said(&front, "owner", "of owner", "app"),
        "owner",
        "listed without a secret"
    );
    assert_eq!(said(&front, "asker", "asks", "app"), "asker");
    assert_eq!(said(&front, "sven", "of sven", "forced"), "owner");
    for (user, password) in [
        ("sven", "wrong"),
        ("owner", "wrong"),
        ("bare", ""),
        ("bare", "x"),
        ("nobody", "x"),
    ] {
        for database in ["app", "nowhere"] {
            assert_eq!(
                said(&front, user, password, database),
                WRONG,
                "{user} in {database}"
            );
        }
    }
    // A changed password counts at the next login, and the old one does not.
    primary.psql("alter role sven password 'changed'").unwrap();
    assert_eq!(said(&front, "sven", "of sven", "app"), WRONG);
    assert_eq!(said(&front, "sven", "changed", "app"), "sven");
    primary.psql("drop role sven").unwrap();
    assert_eq!(said(&front, "sven", "changed", "app"), WRONG);
}

#[test]
fn the_query_of_pgbouncer_leaves_out_who_may_not_log_in() {
    let cluster = node(SQL);
    let primary = cluster.primary();
    primary.psql("alter role asker superuser").unwrap();
    let nodes = cluster_of(&[primary.port()]);
    let head = "auth_user = \"asker\"\n";
    let front = Front::ready(&cluster, "authid", &config(head, &nodes, ""));
    assert_eq!(said(&front, "sven", "of sven", "app"), "sven");
    assert_eq!(said(&front, "expired", "late", "app"), WRONG);
    assert_eq!(said(&front, "locked", "in", "app"), WRONG);
}

#[test]
fn a_query_that_fails_is_an_error_of_the_configuration() {
    let cluster = node(SQL);
    let nodes = cluster_of(&[cluster.primary().port()]);
    let databases: String = [
        ("nonsense", "nonsense"),
        ("one", "select name from secrets where name = $1"),
        ("null", "select null::text, secret from secrets where name = $1"),
        ("plain", "select name, secret from secrets where name = $1"),
        ("denied", "select rolname, rolpassword from pg_authid where rolname = $1"),
    ]
    .map(|(name, query)| {
        format!(
            "[databases.{name}]\ncluster = \"main\"\ndbname = \"postgres\"\nauth_query = \"{query}\"\n"
        )
    })
    .concat();
    let head = "auth_type = \"md5\"\nauth_user = \"asker\"\n";
    let front = Front::ready(&cluster, "queries", &config(head, &nodes, &databases));
    for database in ["nonsense", "one", "null", "denied"] {
        let refused = said(&front, "sven", "of sven", database);
        assert_eq!(refused, "08P01 bouncer config error", "{database}");
    }
    assert_eq!(front.logged("expected 2 columns from auth_query, not 1"), 1);
    assert_eq!(front.logged("contained null user name"), 1);
    // A password in plain text serves md5 here and SCRAM on the server.
    assert_eq!(said(&front, "sven", "of sven", "plain"), "sven");
    let wrong = "08P01 password authentication failed";
    for (user, password) in [("odd", "one"), ("none", ""), ("nobody", "x")] {
        assert_eq!(said(&front, user, password, "plain"), wrong, "{user}");
    }
}

#[test]
fn those_who_come_together_ask_together() {
    let cluster = node(SQL);
    let primary = cluster.primary();
    let nodes = cluster_of(&[primary.port()]);
    let head = "auth_user = \"asker\"\nauth_query = \"select * from find($1)\"\n";
    let own =
        "[databases.kept]\ncluster = \"main\"\ndbname = \"postgres\"\nauth_dbname = \"app\"\n";
    let front = Front::ready(&cluster, "together", &config(head, &nodes, own));
    let asked = || -> u64 {
        let sql = "select last_value + is_called::int - 1 from asked";
        primary.psql(sql).unwrap().parse().unwrap()
    };
    let conninfo = front.conninfo("sven", "app");
    runtime().block_on(async {
        let logins: Vec<_> = (0..20)
            .map(|_| {
                let conninfo = conninfo.clone();
                tokio::spawn(async move { login(&conninfo, "of sven").await })
            })
            .collect();
        for login in logins {
            assert_eq!(login.await.unwrap(), "sven");
        }
    });
    // The first asks; those that came while it did have their own answer, one for all of them.
    assert!(
        (1..=4).contains(&asked()),
        "{} questions of 20 logins",
        asked()
    );
    let before = asked();
    assert_eq!(said(&front, "sven", "of sven", "app"), "sven");
    assert_eq!(asked(), before + 1, "no answer outlives its question");
    // Elsewhere, in the database that the configuration names.
    assert_eq!(said(&front, "sven", "of sven", "kept"), "sven");
    assert_eq!(asked(), before + 2);
}

#[test]
fn answers_hold_as_long_as_is_configured_and_questions_no_longer_than_a_login() {
    let cluster = node(SQL);
    let primary = cluster.primary();
    let nodes = cluster_of(&[primary.port()]);
    let head = format!("{BY_ROWS}auth_query_ttl = \"1h\"\nclient_login_timeout = \"2s\"\n");
    let slow = "[databases.slow]\ncluster = \"main\"\ndbname = \"postgres\"\n\
                auth_query = \"select $1::text, 'x' from pg_sleep(20)\"\n";
    let front = Front::ready(&cluster, "kept", &config(&head, &nodes, slow));
    assert_eq!(said(&front, "sven", "of sven", "app"), "sven");
    primary.psql("alter role sven password 'changed'").unwrap();
    assert_eq!(
        said(&front, "sven", "changed", "app"),
        WRONG,
        "the old answer holds"
    );
    let late = said(&front, "sven", "x", "slow");
    assert!(late.contains("client_login_timeout"), "{late}");
    // Who waits behind one that was given up asks for itself.
    let late = said(&front, "sven", "x", "slow");
    assert!(late.contains("client_login_timeout"), "{late}");
}

#[test]
fn names_that_clients_make_up_are_not_kept() {
    let cluster = node(SQL);
    let nodes = cluster_of(&[cluster.primary().port()]);
    let config = format!("{BY_ROWS}{nodes}[databases.\"*\"]\ncluster = \"main\"\n{ASKER}");
    let front = Front::ready(&cluster, "any", &config);
    assert_eq!(said(&front, "sven", "of sven", "postgres"), "sven");
    for name in ["nowhere1", "nowhere2"] {
        let refused = said(&front, "sven", "of sven", name);
        assert!(refused.ends_with("does not exist"), "{refused}");
    }
    let page = pgsluice::demo::scrape::fetch(front.http, "/metrics").unwrap();
    assert!(!page.contains("nowhere"), "{page}");
}
