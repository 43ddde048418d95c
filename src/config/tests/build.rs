//! What a good file means.

use std::time::Duration;

use crate::auth::server_login::Credential;
use crate::config::cluster::ClusterSettings;
use crate::config::cluster::Node;
use crate::config::database::PoolSizes;
use crate::config::nodes::from_text;
use crate::config::tests::good;
use crate::config::words::PoolMode;
use crate::config::words::Timeout;
use crate::topology::policy::Policy;
use crate::topology::policy::PrimaryReads;

#[test]
fn general_before_special_whatever_the_order_of_lines() {
    let config = good(
        "pool_size_replica = 40\n\
         default_pool_size = 10\n\
         [clusters.c]\nnodes = ['a']\n\
         [databases.d]\ncluster = 'c'\npool_size_primary = 7\n\
         [databases.e]\npool_size_primary = 7\ncluster = 'c'\npool_size = 5\n\
         [users.u]\npassword = 'p'\npool_size = 3\npool_mode = 'session'\nquery_timeout = 9\n",
    );
    let sizes = |primary, replica| PoolSizes { primary, replica };
    assert_eq!(config.pooling.pool_size, sizes(10, 40));
    let (d, e) = (&config.databases["d"], &config.databases["e"]);
    assert_eq!(d.pooling.pool_size, sizes(7, 40));
    assert_eq!(e.pooling.pool_size, sizes(7, 5));
    let overrides = &config.users["u"].overrides;
    let pooling = overrides.on_pooling(&d.pooling);
    assert_eq!(pooling.pool_size, sizes(3, 3));
    assert_eq!(pooling.pool_mode, PoolMode::Session);
    let timeouts = overrides.on_timeouts(&d.timeouts);
    assert_eq!(timeouts.query, Timeout::after(Duration::from_secs(9)));
    assert_eq!(timeouts.query_wait, d.timeouts.query_wait);
}

#[test]
fn databases_inherit_from_top_and_cluster() {
    let config = good(
        "max_lag = 3\nprimary_reads = 'never'\nquery_timeout = '5s'\n\
         [clusters.c]\nnodes = ['a']\nmax_lag = 4\n\
         [clusters.d]\nnodes = ['b']\nprimary_reads = 'always'\n\
         [databases.on_c]\ncluster = 'c'\nquery_timeout = 0\n\
         [databases.on_d]\ncluster = 'd'\n\
         [databases.own]\nnodes = ['x', 'y']\nmax_lag = 5\nprimary_reads = 'fallback'\n\
         [users.u]\npassword = 'p'\n",
    );
    let lag = |name: &str| {
        config.clusters[name]
            .settings
            .max_lag
            .limit()
            .map(|t| t.as_secs())
    };
    assert_eq!(
        (lag("c"), lag("d"), lag("own")),
        (Some(4), Some(3), Some(5))
    );
    let reads = |name: &str| config.databases[name].routing.primary_reads;
    assert_eq!(reads("on_c"), PrimaryReads::Never);
    assert_eq!(reads("on_d"), PrimaryReads::Always);
    assert_eq!(reads("own"), PrimaryReads::Fallback);
    assert_eq!(config.databases["on_c"].timeouts.query, Timeout::OFF);
    assert_eq!(config.databases["own"].cluster, "own");
    assert_eq!(
        config.summary(),
        "3 databases, 4 nodes in 3 clusters, 1 user"
    );
}

#[test]
fn a_name_without_an_entry_is_the_star() {
    let text = "[clusters.c]\nnodes = ['a']\n[databases.d]\ncluster = 'c'\ndbname = 'x'\n\
                [users.u]\npassword = 'p'\n";
    let config = good(text);
    assert!(config.database("e").is_none());
    let config = good(&format!("{text}[databases.'*']\ncluster = 'c'\n"));
    let names = |asked: &str| {
        let database = config.database(asked).expect("the star");
        (database.name.clone(), database.dbname_for(asked).to_owned())
    };
    assert_eq!(names("e"), ("*".to_owned(), "e".to_owned()));
    assert_eq!(names("d"), ("d".to_owned(), "x".to_owned()));
}

#[test]
fn monitor_logs_in_as_told_else_as_databases_and_clients_do() {
    let monitor = |top: &str, database: &str, users: &str| {
        let config = good(&format!(
            "{top}\n[clusters.c]\nnodes = ['a']\n[databases.d]\ncluster = 'c'\n{database}\n{users}"
        ));
        let found = &config.clusters["c"].monitor;
        let password = match &found.credential {
            Credential::Password(password) => {
                Some(String::from_utf8(password.as_bytes().to_vec()).expect("text"))
            }
            Credential::Md5(_) => Some("md5".to_owned()),
            Credential::None | Credential::Scram(_) => None,
        };
        (found.user.clone(), password)
    };
    let users = "[users.a]\npassword = 'SCRAM-SHA-256$4096:c2FsdA==$\
                 iaytrj3aI9qqXHNXMyTZkx0gwHpQ2jqJL4bsO5Ci9pM=:\
                 iaytrj3aI9qqXHNXMyTZkx0gwHpQ2jqJL4bsO5Ci9pM='\n\
                 [users.b]\npassword = 'pb'\n[users.c]\npassword = 'pc'\n\
                 [users.hashed]\npassword = 'md500000000000000000000000000000000'\n";
    let told = |user: &str, password: &str| (user.to_owned(), Some(password.to_owned()));
    let cases = [
        ("", "", told("b", "pb")),
        ("", "user = 'f'\npassword = 'pf'", told("f", "pf")),
        ("", "user = 'c'", told("c", "pc")),
        ("", "user = 'f'", told("b", "pb")),
        (
            "monitor_user = 'm'\nmonitor_password = 'pm'",
            "",
            told("m", "pm"),
        ),
        ("monitor_user = 'c'", "", told("c", "pc")),
        (
            "monitor_user = 'f'",
            "user = 'f'\npassword = 'pf'",
            told("f", "pf"),
        ),
        ("monitor_user = 'm'", "", ("m".to_owned(), None)),
        // A digest serves some servers only: where one may choose, a password is better.
        ("auth_type = 'md5'", "user = 'hashed'", told("b", "pb")),
        (
            "auth_type = 'md5'\nmonitor_user = 'hashed'",
            "",
            told("hashed", "md5"),
        ),
    ];
    for (top, database, expected) in cases {
        let top = match top.contains("auth_type") {
            true => top.to_owned(),
            false => format!("auth_type = 'plain'\n{top}"),
        };
        assert_eq!(monitor(&top, database, users), expected, "{top} {database}");
    }
    let trusting = monitor("auth_type = 'trust'", "user = 'f'", "");
    assert_eq!(trusting, ("f".to_owned(), None));
}

#[test]
fn nodes_are_written_in_several_ways() {
    let cases: &[(&str, &str, u16)] = &[
        ("h", "h:5432", 5432),
        ("h:6000", "h:6000", 6000),
        ("10.0.0.1:1", "10.0.0.1:1", 1),
        ("::1", "[::1]:5432", 5432),
        ("[::1]", "[::1]:5432", 5432),
        ("[fe80::1]:65535", "[fe80::1]:65535", 65535),
        ("/run/postgresql", "/run/postgresql:5432", 5432),
        ("/run/postgresql:5433", "/run/postgresql:5433", 5433),
        ("a_b-c.example:5", "a_b-c.example:5", 5),
    ];
    for (text, shown, port) in cases {
        let node = from_text(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!((node.to_string().as_str(), node.port), (*shown, *port));
        assert_eq!(from_text(shown), Ok(node));
    }
    for text in [
        "", ":", "[::1", "[::1]5", "h:+5", "h: 5", "a b", "h:5:6", "u@h",
    ] {
        assert!(from_text(text).is_err(), "{text}");
    }
    let table = "[clusters.c]\nnodes = [{ host = '::1', port = 7, weight = 0, pool_size = 3 }]\n\
                 [databases.d]\ncluster = 'c'\n[users.u]\npassword = 'p'\n";
    let expected = Node {
        host: "::1".to_owned(),
        port: 7,
        weight: 0.0,
        pool_size: Some(3),
        ..Node::default()
    };
    assert_eq!(good(table).clusters["c"].nodes, [expected]);
}

#[test]
fn policy_of_the_defaults_is_the_default_policy() {
    assert_eq!(ClusterSettings::default().policy(), Policy::default());
}

#[test]
fn a_database_may_be_on_the_nodes_of_another() {
    let config = good(
        "[databases.a]\ncluster = 'b'\n[databases.b]\nnodes = ['x']\nprimary_reads = 'always'\n\
         [users.u]\npassword = 'p'\n",
    );
    let a = &config.databases["a"];
    assert_eq!(a.cluster, "b");
    let cluster = config.cluster_of(a).expect("it is checked");
    assert_eq!(cluster.nodes.len(), 1);
    assert_eq!(a.routing.primary_reads, PrimaryReads::Always);
}

#[test]
fn an_unknown_database_of_lookups_is_told_of() {
    let text = |dbname: &str| {
        format!(
            "auth_user = 'u'\nauth_dbname = '{dbname}'\n[databases.d]\nnodes = ['a']\n\
             [databases.e]\nnodes = ['a']\nauth_dbname = 'd'\n[users.u]\npassword = 'p'\n"
        )
    };
    assert_eq!(good(&text("e")).notices, [] as [String; 0]);
    let told = "auth_dbname: there is no database x: lookups of users will fail";
    assert_eq!(good(&text("x")).notices, [told]);
}
