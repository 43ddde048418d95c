//! What lines of a pgbouncer.ini mean, and what is said of those that mean nothing.

mod peers;

mod parameters;

mod runs;

mod samples;

use std::path::Path;

use crate::config::database::PoolSizes;
use crate::config::types::Config;
use crate::config::types::FileMode;
use crate::config::words::PoolMode;
use crate::config::words::Roles;
use crate::config::words::Timeout;

/// The configuration in `text`, or the faults, each as it is told.
fn parse(text: &str) -> Result<Config, Vec<String>> {
    Config::parse(text, Path::new("t.ini"))
        .map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

fn good(text: &str) -> Config {
    parse(text).unwrap_or_else(|faults| panic!("{faults:#?}\nin:\n{text}"))
}

/// The faults of `line`, the second one of a file.
fn faults_of(section: &str, line: &str) -> Vec<String> {
    let text = format!("[{section}]\n{line}\n[pgbouncer]\n");
    parse(&text).err().unwrap_or_default()
}

#[test]
fn an_empty_file_is_pgbouncer_as_it_is_by_default() {
    let config = good("[pgbouncer]\n");
    assert!(config.listen.addrs.is_empty() && config.databases.is_empty());
    assert_eq!(
        config.listen.unix_socket_dir.as_deref(),
        Some(Path::new("/tmp"))
    );
    assert_eq!(config.pooling.pool_mode, PoolMode::Session);
    assert_eq!(config.pooling.server_lifetime_jitter_percent, 0);
    assert!(!config.routing.read_write_split);
    assert_eq!(config.http.listen, None);
    assert_eq!(config.tcp.keepidle, None);
}

#[test]
fn lines_are_read_as_pgbouncer_reads_them() {
    let text = "; a comment\n # another\n\n[databases]\n  app = host = h port=5433 \
                dbname='a ''b'\n\"two words\"=\n[pgbouncer]\n\tlisten_port = 0x10 \r\n\
                max_client_conn=0100\nlisten_port=020\nunix_socket_mode = 504\n\
                query_timeout = 1.5\ntcp_user_timeout = 1500\ntcp_keepidle=7\nserver_lifetime=1e3\n\
                pool_mode=TRANSACTION\nlog_connections=0\n[databases]\nb=port=1\n";
    let config = good(text);
    assert_eq!(config.listen.port, 16);
    assert_eq!(config.limits.max_client_conn, 64);
    assert_eq!(config.listen.unix_socket_mode, FileMode(0o770));
    let millis = |n| std::time::Duration::from_millis(n);
    assert_eq!(config.timeouts.query, Timeout::after(millis(1500)));
    assert_eq!(config.tcp.user_timeout, Some(millis(1500)));
    assert_eq!(config.tcp.keepidle, Some(millis(7000)));
    assert_eq!(config.pooling.server_lifetime, millis(1_000_000));
    assert_eq!(config.pooling.pool_mode, PoolMode::Transaction);
    assert!(!config.log.connections);
    let names: Vec<_> = config.databases.keys().map(String::as_str).collect();
    assert_eq!(names, ["app", "b", "two words"]);
    assert_eq!(config.databases["app"].dbname.as_deref(), Some("a 'b"));
    let nodes = |name: &str| -> Vec<String> {
        let nodes = config.clusters[name].nodes.iter();
        nodes.map(ToString::to_string).collect()
    };
    assert_eq!(nodes("app"), ["h:5433"]);
    assert_eq!(nodes("b"), ["/tmp:1"]);
    assert_eq!(nodes("two words"), ["/tmp:5432"]);
}

/// So it is in PgBouncer 1.24, which then listens at no address.
#[test]
fn each_main_section_begins_with_the_defaults() {
    let text = "[pgbouncer]\nlisten_addr=h\nmax_client_conn=321\nauth_file=/dev/null\n\
                read_write_split=1\n[databases]\n[pgbouncer]\nlisten_port=1\n";
    let config = good(text);
    assert!(config.listen.addrs.is_empty());
    assert_eq!(
        (config.limits.max_client_conn, config.listen.port),
        (100, 1)
    );
    assert!(config.auth.auth_file.is_some() && config.routing.read_write_split);
    assert!(
        config.notices[0].ends_with(" (t.ini:7)"),
        "{:?}",
        config.notices
    );
}

#[test]
fn databases_and_users_have_their_own_settings() {
    let text = "[databases]\n* = host=10.0.0.1,10.0.0.2 user=u password='p q' pool_size=7 \
                min_pool_size=1 reserve_pool=2 pool_mode=statement\n\
                [users]\njoe = pool_mode=session pool_size=3 query_timeout=0.5\n[pgbouncer]\n";
    let config = good(text);
    let any = config.database("whatever").expect("the star");
    assert_eq!(any.pooling.pool_size, PoolSizes::both(7));
    assert_eq!(
        (any.pooling.min_pool_size, any.pooling.reserve_pool_size),
        (1, 2)
    );
    assert_eq!(any.pooling.pool_mode, PoolMode::Statement);
    assert_eq!(any.forced_user.as_ref().map(|c| c.user.as_str()), Some("u"));
    assert_eq!(config.clusters["*"].nodes.len(), 2);
    let joe = &config.users["joe"].overrides;
    assert_eq!(
        (joe.pool_mode, joe.pool_size),
        (Some(PoolMode::Session), Some(3))
    );
}

#[test]
fn only_databases_that_split_are_watched() {
    let roles = |database: &str, rest: &str| {
        let text = format!("[databases]\nd = {database}\n{rest}");
        good(&text).clusters["d"].settings.roles
    };
    let monitor = "[pgbouncer]\nmonitor_user=m\n";
    let cases = [
        ("host=a,b", "", Roles::Ignored),
        ("host=a,b read_write_split=1", "", Roles::Watched),
        ("host=a read_write_split=1", "", Roles::Ignored),
        (
            "host=a read_write_split=1 roles=watched",
            "",
            Roles::Watched,
        ),
        ("host=a,b", "read_write_split=1\n", Roles::Watched),
        ("nodes=a:1,a:2", "read_write_split=1\n", Roles::Watched),
        (
            "host=a,b read_write_split=0",
            "read_write_split=1\n",
            Roles::Ignored,
        ),
        (
            "host=a,b",
            "[users]\njoe=read_write_split=1\n",
            Roles::Watched,
        ),
    ];
    for (database, rest, expected) in cases {
        let found = roles(database, &format!("{monitor}{rest}"));
        assert_eq!(found, expected, "{database} {rest}");
    }
    let without = "[databases]\nd = host=a,b read_write_split=1\n[pgbouncer]\n";
    let faults = parse(without).expect_err("it cannot be watched");
    assert!(faults[0].contains("monitor_user"), "{faults:?}");
}

/// A section, a line in it, the first thing that is said of it (if there are two), and the value
/// and the key that the last one names.
const WRONG: &[(&str, &str, &str, &str, &str)] = &[
    (
        "pgbouncer",
        "foo=1",
        "unknown parameter: pgbouncer/foo",
        "1",
        "foo",
    ),
    ("pgbouncer", "listen_port = abc", "", "abc", "listen_port"),
    ("pgbouncer", "listen_port=", "", "", "listen_port"),
    ("pgbouncer", "log_stats=true", "", "true", "log_stats"),
    (
        "pgbouncer",
        "server_lifetime=1h",
        "",
        "1h",
        "server_lifetime",
    ),
    (
        "pgbouncer",
        "server_lifetime=-1",
        "",
        "-1",
        "server_lifetime",
    ),
    ("pgbouncer", "pool_mode=sess", "", "sess", "pool_mode"),
    ("pgbouncer", "auth_type=peer", "", "peer", "auth_type"),
    ("pgbouncer", "pkt_buf=x", "", "x", "pkt_buf"),
    (
        "databases",
        "x=bad=1",
        "unrecognized connection parameter: bad",
        "bad=1",
        "x",
    ),
    (
        "databases",
        "x=host",
        "syntax error in connection string",
        "host",
        "x",
    ),
    (
        "databases",
        "x=host='a",
        "syntax error in connection string",
        "host='a",
        "x",
    ),
    (
        "databases",
        "x=user='a'b=c",
        "syntax error in connection string",
        "user='a'b=c",
        "x",
    ),
    (
        "databases",
        "x=user=''",
        "syntax error in connection string",
        "user=''",
        "x",
    ),
    ("databases", "x=port=0", "invalid port: 0", "port=0", "x"),
    (
        "databases",
        "x=pool_mode=a",
        "invalid pool mode: a",
        "pool_mode=a",
        "x",
    ),
    (
        "databases",
        "pgbouncer=",
        "database name \"pgbouncer\" is reserved",
        "",
        "pgbouncer",
    ),
    (
        "databases",
        "x=password=geheim a=1",
        "unrecognized connection parameter: a",
        "password=…",
        "x",
    ),
    (
        "databases",
        "x=password=SCRAM-SHA-256$geheim",
        "invalid password",
        "password=…",
        "x",
    ),
    (
        "users",
        "x=bad=1",
        "unrecognized user parameter: bad",
        "bad=1",
        "x",
    ),
    (
        "users",
        "x=bad",
        "syntax error in user settings",
        "bad",
        "x",
    ),
];

#[test]
fn faults_are_told_in_pgbouncers_words() {
    for (section, line, first, value, key) in WRONG {
        let last =
            format!("invalid value \"{value}\" for parameter {key} in configuration (t.ini:2)");
        let expected = match first.is_empty() {
            true => last,
            false => format!("{first}\n{last}"),
        };
        assert_eq!(faults_of(section, line), [expected], "{line}");
    }
    let invalid = "invalid section \"nosuch\" in configuration (t.ini:1)";
    assert_eq!(faults_of("nosuch", "a=1"), [invalid]);
    let syntax = "syntax error in configuration (t.ini:2), stopping loading";
    assert_eq!(faults_of("users", "abc"), [syntax]);
    let main = "load_init_file: main section missing from config file";
    assert_eq!(parse("[databases]\n"), Err(vec![main.to_owned()]));
    let above = "load_init_file: value without section: a\n\
                 invalid value \"1\" for parameter a in configuration (t.ini:1)";
    assert_eq!(parse("a=1\n[pgbouncer]\n"), Err(vec![above.to_owned()]));
}

#[test]
fn own_options_say_what_they_expect() {
    let faults = faults_of("pgbouncer", "max_lag = soon");
    let expected = "max_lag: a time such as 20ms, 5s or 1h, or a number of seconds, is expected, \
                    `soon` came\ninvalid value \"soon\" for parameter max_lag in configuration \
                    (t.ini:2)";
    assert_eq!(faults, [expected]);
}

#[test]
fn what_has_no_effect_is_told_with_the_reason() {
    let notices = good("[pgbouncer]\nsbuf_loopcnt=9\n").notices;
    assert_eq!(notices.len(), 1);
    assert!(
        notices[0].starts_with("sbuf_loopcnt has no effect: "),
        "{notices:?}"
    );
    assert!(notices[0].ends_with(" (t.ini:2)"), "{notices:?}");
}

#[test]
fn files_are_included_up_to_a_depth() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let write = |name: &str, text: &str| std::fs::write(path(name), text).expect("a file");
    write(
        "one.ini",
        &format!("listen_port=7\n%include {}\n", path("two.ini")),
    );
    write("two.ini", "[databases]\nx = host=h\n");
    let config = good(&format!(
        "[pgbouncer]\n%include {}\ny=host=i\n",
        path("one.ini")
    ));
    assert_eq!((config.listen.port, config.databases.len()), (7, 2));
    let gone = path("gone.ini");
    let faults = parse(&format!("[pgbouncer]\n%include {gone}\n")).expect_err("it is gone");
    let expected = format!(
        "could not load file \"{gone}\": No such file or directory\nerror processing include file \
         in configuration (t.ini:2), stopping loading"
    );
    assert_eq!(faults, [expected]);
    let own = path("own.ini");
    write("own.ini", &format!("[pgbouncer]\n%include {own}\n"));
    let faults = Config::load(Path::new(&own)).expect_err("it includes itself");
    let expected = format!(
        "include nesting level too deep ({own}:2), stopping loading\ncannot load config file"
    );
    assert_eq!(faults.to_string(), expected);
    let faults = Config::load(Path::new(&gone)).expect_err("it is gone");
    let expected = format!(
        "could not load file \"{gone}\": No such file or directory\ncannot load config file"
    );
    assert_eq!(faults.to_string(), expected);
}

#[test]
fn a_broken_list_of_users_stops_nothing_but_the_rest_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("users.txt");
    let text = "; list\n\"a\" \"1\"\n\"b\"\"c\" \"2\"  rest\nbroken\n\"d\" \"3\"\n";
    std::fs::write(&list, text).expect("a file");
    let text = format!("[pgbouncer]\nauth_file = {}\n", list.display());
    let config = good(&text);
    let names: Vec<_> = config.users.keys().map(String::as_str).collect();
    assert_eq!(names, ["a", "b\"c"]);
    assert!(
        config.troubles[0].starts_with("broken auth file: "),
        "{:?}",
        config.troubles
    );
    let gone = good("[pgbouncer]\nauth_file = /nonexistent/users.txt\n");
    let trouble = "could not open auth_file /nonexistent/users.txt: No such file or directory";
    assert_eq!(gone.troubles, [trouble]);
}

/// `BASE` cut at every byte is read or refused, without a panic.
#[test]
fn cut_at_every_byte() {
    let text = "[databases]\n'é b' = host=h,i port=5 password='a ''b' user=u\n\
                * = auth_user=x\n[users]\nu = pool_size=3\n[pgbouncer]\n%include /dev/null\n\
                listen_addr = 127.0.0.1\nunix_socket_mode = 0770\nread_write_split = 1\n";
    for end in (0..text.len()).filter(|i| text.is_char_boundary(*i)) {
        let _ = parse(&text[..end]);
    }
}
