//! Files that are there, or not, or not what they should be.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::config::tests::BASE;
use crate::config::types::Config;

/// A folder with `files`.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).expect("a file in it");
    }
    folder
}

/// The faults of the file `t.toml` in `folder`, the folder's name taken out.
fn faults_in(folder: &Path) -> Vec<String> {
    match Config::load(&folder.join("t.toml")) {
        Ok(_) => Vec::new(),
        Err(faults) => {
            let name = format!("{}/", folder.display());
            let lines = faults.iter().map(|f| f.to_string().replace(&name, ""));
            lines.collect()
        }
    }
}

#[test]
fn not_a_file_that_can_be_read() {
    let empty = folder(&[]);
    let expected = ["t.toml: the file does not exist"];
    assert_eq!(faults_in(empty.path()), expected);
    fs::create_dir(empty.path().join("t.toml")).expect("a folder");
    let expected = ["t.toml: the file is a folder, not a file"];
    assert_eq!(faults_in(empty.path()), expected);
    let latin = folder(&[("t.toml", b"# a\n# b\n# \xe9\n")]);
    let expected = ["t.toml: the file is not UTF-8 (line 3)"];
    assert_eq!(faults_in(latin.path()), expected);
    let endless = Config::load(Path::new("/dev/zero")).expect_err("it never ends");
    assert_eq!(
        endless.to_string(),
        "/dev/zero: the file is longer than 16 MiB"
    );
    let nothing = folder(&[("t.toml", b"")]);
    assert_eq!(faults_in(nothing.path()).len(), 2);
    let marked = format!("\u{feff}{BASE}");
    let marked = folder(&[("t.toml", marked.as_bytes())]);
    assert!(faults_in(marked.path()).is_empty());
}

#[test]
fn tls_files_are_there_and_in_pairs() {
    let top = "client_tls_sslmode = 'verify-full'\nclient_tls_cert_file = 'c.crt'\n\
               client_tls_key_file = 'c.key'\nserver_tls_key_file = 'gone.key'\n";
    let text = format!("{top}{BASE}");
    let some = folder(&[("t.toml", text.as_bytes()), ("c.crt", b""), ("c.key", b"")]);
    let expected = [
        "t.toml:1: client_tls_sslmode: to verify clients, client_tls_ca_file is needed",
        "t.toml:4: server_tls_key_file: gone.key does not exist",
        "t.toml:4: server_tls_key_file: it is of no use without server_tls_cert_file",
    ];
    assert_eq!(faults_in(some.path()), expected);
}

#[test]
fn users_come_from_the_auth_file_also() {
    let top = "auth_file = 'users.txt'\nauth_type = 'md5'\n";
    let text = format!("{top}{BASE}[users.ann]\npool_size = 3\n");
    let list = "; a comment\n\n\"joe\" \"other\"\n  \"ann\"  \"p\"  and the rest\n\
                \"o\"\"neil\" \"a\"\"b\"\n\"twice\" \"1\"\n\"twice\" \"2\"\n\"none\" \"\"\n";
    let some = folder(&[("t.toml", text.as_bytes()), ("users.txt", list.as_bytes())]);
    let config = Config::load(&some.path().join("t.toml")).expect("no faults");
    let secret = |name: &str| {
        let secret = config.users[name].password_for_servers();
        secret.map(|s| String::from_utf8(s.as_bytes().to_vec()).expect("text"))
    };
    let names: Vec<_> = config.users.keys().map(String::as_str).collect();
    assert_eq!(names, ["ann", "joe", "none", "o\"neil", "twice"]);
    assert_eq!(
        secret("joe").as_deref(),
        Some("p"),
        "the section beats the file"
    );
    assert_eq!(secret("ann").as_deref(), Some("p"));
    assert_eq!(config.users["ann"].overrides.pool_size, Some(3));
    assert_eq!(secret("o\"neil").as_deref(), Some("a\"b"));
    assert_eq!(secret("twice").as_deref(), Some("2"));
    assert_eq!(secret("none"), None);
}

#[test]
fn broken_lines_of_the_auth_file_are_all_reported() {
    let text = format!("auth_file = 'users.txt'\n{BASE}");
    let long = "x".repeat(2048);
    let list = format!(
        "\"a\" \"b\"\njoe geheim\n\"joe\"\n\"joe\" \"geheim\n\"\" \"x\"\n\"y\" \"{long}\"\n"
    );
    let some = folder(&[("t.toml", text.as_bytes()), ("users.txt", list.as_bytes())]);
    let expected = [
        "users.txt:2: `\"name\" \"secret\"` is expected",
        "users.txt:3: `\"name\" \"secret\"` is expected",
        "users.txt:4: `\"name\" \"secret\"` is expected",
        "users.txt:5: the name is empty",
        "users.txt:6: the secret is longer than 2047 bytes",
    ];
    assert_eq!(faults_in(some.path()), expected);
}
