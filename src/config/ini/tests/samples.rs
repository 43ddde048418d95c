//! An ini and the TOML that it is converted to are one configuration.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::config::types::Config;

/// A folder with what configurations name, and `text` in it as a pgbouncer.ini; `@DIR@` in a text is
/// the folder.
fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let key = rcgen::generate_simple_self_signed(vec!["pg".to_owned()]).expect("a certificate");
    let (certificate, key) = (key.cert.pem(), key.signing_key.serialize_pem());
    let dir = folder.path().display().to_string();
    let files = [
        ("pgbouncer.ini", text.replace("@DIR@", &dir)),
        ("user.ini", "max_client_conn = 321\n".to_owned()),
        (
            "userlist.txt",
            "\"app\" \"secret\"\n\"stats\" \"s\"\n".to_owned(),
        ),
        ("pg_hba.conf", "host all all all md5\n".to_owned()),
        ("ca.crt", certificate.clone()),
        ("tls.crt", certificate),
        ("tls.key", key),
    ];
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

/// Checks that `text` is right, and that what it is converted to builds the same.
fn check(name: &str, text: &str) {
    let folder = folder(text);
    let path = folder.path().join("pgbouncer.ini");
    let ini = Config::load(&path).unwrap_or_else(|f| panic!("{name}: {f}"));
    let toml = Config::convert(&path).unwrap_or_else(|f| panic!("{name}: {f}"));
    let converted = Config::parse(&toml, Path::new("/elsewhere/t.toml"));
    let converted = converted.unwrap_or_else(|f| panic!("{name}: {f}\nin:\n{toml}"));
    let ini = Config {
        dialect: converted.dialect,
        notices: Vec::new(),
        ..ini
    };
    assert_eq!(converted, ini, "{name}, converted to:\n{toml}");
}

#[test]
fn real_ones_load_and_are_converted_to_the_same() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pgbouncer/samples");
    let mut count = 0;
    for entry in fs::read_dir(samples).expect("samples") {
        let path = entry.expect("a sample").path();
        let text = fs::read_to_string(&path).expect("a text");
        let name = path.display().to_string();
        check(&name, &text);
        count += 1;
    }
    assert!(10 <= count, "{count} samples");
}

#[test]
fn what_it_has_of_each_kind_is_converted_to_the_same() {
    let text = "[databases]\n* = host=10.0.0.1,::1 port=5433\napp = user=u password=p pool_size=3 \
                dbname='x y'\n'b c' = host=h\nat = host=@pg,/run\n[users]\njoe = pool_mode=session \
                query_timeout=2 password=q\n[pgbouncer]\nlisten_addr = 127.0.0.1, ::1\n\
                server_idle_timeout=1.5\ntcp_user_timeout=1500\nunix_socket_mode=0700\n\
                stats_users=a,b\nserver_check_query=\n";
    check("all", text);
}

#[test]
fn splitting_needs_two_words() {
    let text = include_str!("../../../../tests/pgbouncer/samples/splitting.ini");
    let folder = folder(text);
    let config = Config::load(&folder.path().join("pgbouncer.ini"));
    let config = config.unwrap_or_else(|f| panic!("{f}"));
    assert!(config.databases["app"].routing.read_write_split);
    assert_eq!(config.clusters["app"].nodes.len(), 3);
    assert_eq!(config.clusters["app"].monitor.user, "monitor");
    let split = config.users["migrations"].overrides.read_write_split;
    assert_eq!(split, Some(false));
}
