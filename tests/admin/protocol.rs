//! The console's protocol. What is expected is what PgBouncer 1.24.1 answered to the same bytes,
//! but for its version and its list of commands.

use crate::front;
use crate::raw::Raw;
use crate::raw::message;
use crate::stage::cluster;

#[test]
fn the_console_speaks_as_pgbouncers() {
    let cluster = cluster(0);
    let front = front(&cluster, "protocol", &[("app", "")]);
    logins(front.port);
    commands(&mut Raw::log_in(front.port, "root").unwrap());
    rights(&mut Raw::log_in(front.port, "looker").unwrap());
    packets(front.port);
}

fn logins(port: u16) {
    let raw = Raw::log_in(port, "looker").unwrap();
    let told: Vec<_> = raw
        .parameters
        .iter()
        .map(|(n, v)| format!("{n}={v}"))
        .collect();
    let expected = [
        "server_version=1.25.2/bouncer",
        "client_encoding=UTF8",
        "server_encoding=UTF8",
        "DateStyle=ISO",
        "TimeZone=GMT",
        "standard_conforming_strings=on",
        "is_superuser=on",
        "application_name=x",
    ];
    assert_eq!(told, expected);
    let refused = Raw::log_in(port, "app").err().unwrap();
    assert_eq!(refused, "E SFATAL VFATAL C08P01 Mnot allowed");
    let unknown = Raw::log_in(port, "nobody").err().unwrap();
    assert!(
        unknown.contains("C08P01 M\"trust\" authentication failed"),
        "{unknown}"
    );
}

fn check(raw: &mut Raw, text: &str, expected: &[&str]) {
    assert_eq!(raw.ask(text), [expected, &["Z I"]].concat(), "{text:?}");
}

fn commands(raw: &mut Raw) {
    let version = format!(
        "D PgBouncer 1.25.2 (pgsluice {})",
        env!("CARGO_PKG_VERSION")
    );
    let version = ["T version:25:-1", &version, "C SHOW"];
    for text in [
        "show version",
        "SHOW VERSION;",
        " select version ; ",
        "\"show\" \"version\"",
    ] {
        check(raw, text, &version);
    }
    for (name, value) in [
        ("timezone", "GMT"),
        ("datestyle", "ISO"),
        ("client_encoding", "UTF-8"),
        ("standard_conforming_strings", "on"),
        ("default_transaction_isolation", "read committed"),
    ] {
        let (column, row) = (format!("T {name}:25:-1"), format!("D {value}"));
        check(raw, &format!("show {name}"), &[&column, &row, "C SHOW"]);
        let ignored = ["N SNOTICE C00000 MSET ignored", "C SET"];
        check(raw, &format!("set {name} to x"), &ignored);
        check(raw, &format!("set {name}='x'"), &ignored);
    }
    for text in [
        "",
        ";",
        "   ",
        "foo",
        "show",
        "show nosuch",
        "show version;;",
        "show version x",
        "show 'version'",
        "show \"ver\"\"sion\"",
        "-- x\nshow version",
        "select 1; select 2",
        "show version; show version",
        "set client_encoding = ",
        "explain select 1",
    ] {
        let error = format!("E SERROR C08P01 Minvalid command '{text}', use SHOW HELP;");
        check(raw, text, &[&error]);
    }
    let long = "v".repeat(64);
    check(raw, &long, &["E SERROR C08P01 Mbad arguments"]);
    check(
        raw,
        &format!("show {long}"),
        &["E SERROR C08P01 Mbad arguments"],
    );
    let help = raw.ask("show help");
    assert!(help[0].starts_with("N SNOTICE C00000 MConsole usage D\n\tSHOW HELP|"));
    assert_eq!(help[1..], ["C SHOW", "Z I"]);
}

fn rights(raw: &mut Raw) {
    let routes = "T database:25:-1 node:25:-1 class:25:-1 reason:25:-1 count:20:8";
    assert_eq!(raw.ask("show routes").first().unwrap(), routes);
    assert!(raw.ask("explain route select 1")[0].starts_with("T item:25:-1 verdict:25:-1"));
    let nodes = raw.ask("show nodes");
    assert!(
        nodes[0].contains(" lag_bytes:20:8 lag_ms:1700:-1 "),
        "{nodes:?}"
    );
    assert!(nodes[0].contains(" sv_active:23:4 "), "{nodes:?}");
}

/// What no console takes: each ends the connection.
fn packets(port: u16) {
    let bad_packet = "E SFATAL VFATAL C08P01 Mbad packet";
    let answers = |bytes: &[u8]| {
        let mut raw = Raw::log_in(port, "root").unwrap();
        raw.send(bytes);
        let mut said = raw.answer();
        while said.last().unwrap() != "end" {
            said.extend(raw.answer());
        }
        said
    };
    let parse = message(b'P', b"\0show version\0\0\0");
    let extended = "E SERROR C08P01 Mextended query protocol not supported by admin console";
    for tag in [b'P', b'B', b'E'] {
        let said = answers(&[&message(tag, b"\0\0\0\0\0\0\0\0")[..], &parse].concat());
        assert_eq!(said, [extended, "Z I", bad_packet, "end"]);
    }
    for tag in [b'S', b'H', b'D', b'C', b'F', b'd', b'c', b'f'] {
        let said = answers(&message(tag, b""));
        let error = format!("E SERROR C08P01 Munsupported packet type for admin console: {tag}");
        assert_eq!(said, [&*error, "Z I", bad_packet, "end"]);
    }
    for tag in [b'?', b'p'] {
        let said = answers(&message(tag, b"x\0"));
        assert_eq!(said, ["E SFATAL VFATAL C08P01 Munknown pkt", "end"]);
    }
    let said = answers(&message(b'Q', b"abc"));
    assert_eq!(said, ["E SFATAL VFATAL C08P01 Mincomplete query", "end"]);
    assert_eq!(answers(&message(b'X', b"")), ["end"]);
    let said = answers(&[b'Q', 0x7f, 0xff, 0xff, 0xff]);
    assert!(said[0].contains("C08P01"), "{said:?}");
}
