//! psql, psycopg, asyncpg and JDBC log in by every auth_type, with a pgbouncer.ini.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use pgsluice::demo::cluster::options::Options;
use pgsluice::demo::cluster::run;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

use crate::certificates::Authority;
use crate::stage::File;
use crate::stage::Pooler;
use crate::stage::SECRETS;
use crate::stage::Stage;
use crate::support::proxy::PASSWORD;
use crate::support::proxy::cluster_of;

/// One who logs in.
#[derive(Clone, Copy)]
struct Visit<'a> {
    database: &'a str,
    password: &'a str,
    /// By TLS, with the files in this folder.
    folder: Option<&'a Path>,
}

impl Visit<'_> {
    fn conninfo(&self, port: u16) -> String {
        let Self {
            database, password, ..
        } = self;
        let files = self.folder.map_or_else(String::new, |folder| {
            let at = folder.display();
            format!(
                " sslmode=verify-full sslrootcert={at}/root.crt sslcert={at}/app.crt \
                 sslkey={at}/app.key"
            )
        });
        format!(
            "host=127.0.0.1 port={port} user=app password='{password}' dbname={database}{files}"
        )
    }

    fn url(&self, port: u16) -> String {
        let Self {
            database, password, ..
        } = self;
        let password = password.replace(' ', "%20");
        let files = self.folder.map_or_else(
            || "&sslmode=disable".to_owned(),
            |folder| {
                let at = folder.display();
                format!(
                    "&sslmode=verify-full&sslrootcert={at}/root.crt&sslcert={at}/app.crt\
                     &sslkey={at}/app.pk8"
                )
            },
        );
        format!("jdbc:postgresql://127.0.0.1:{port}/{database}?user=app&password={password}{files}")
    }
}

/// What each driver says to these visits, a line each.
fn said(stage: &Stage<'_>, visits: &[Visit<'_>]) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let conninfos: Vec<_> = visits.iter().map(|v| v.conninfo(stage.port())).collect();
    let mut said = String::new();
    for conninfo in &conninfos {
        let mut psql = stage.cluster.program("psql");
        psql.args(["-X", "-At", "-c", "select current_user", conninfo]);
        let output = psql.output().expect("psql runs");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).replace('\n', " ");
        said.push_str(&format!("psql: {}\n", text.trim()));
    }
    let mut python = Command::new(root.join(".venv/bin/python"));
    python.arg(root.join("tests/pgbouncer/drivers/logins.py"));
    said.push_str(&run("python", python.args(&conninfos)).expect("the Python drivers run"));
    said.push('\n');
    let mut java = Command::new("java");
    java.args(["-cp", "/usr/share/java/postgresql.jar"])
        .arg(root.join("tests/pgbouncer/drivers/Login.java"));
    let urls = visits.iter().map(|v| v.url(stage.port()));
    said.push_str(&run("java", java.args(urls)).expect("JDBC runs"));
    said.lines().map(str::to_owned).collect()
}

/// A folder with the certificate of `app`, as each driver wants it.
fn certificates() -> (Authority, PathBuf) {
    let authority = Authority::new();
    authority.issue("front", "front", &["127.0.0.1", "localhost"]);
    authority.issue("app", "app", &[]);
    let key = authority.path("app.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let der = PrivateKeyDer::from_pem_file(&key).unwrap();
    fs::write(authority.path("app.pk8"), der.secret_der()).unwrap();
    let folder = authority.path("root.crt").parent().unwrap().to_owned();
    (authority, folder)
}

/// One that is let in, and one that is not, if there is such a one.
fn visits<'a>(auth_type: &str, folder: &'a Path) -> (Visit<'a>, Option<Visit<'a>>) {
    let plain = Visit {
        database: "app",
        password: PASSWORD,
        folder: None,
    };
    let (mut right, mut wrong) = (plain, plain);
    match auth_type {
        "any" => right.database = "forced",
        "cert" => right.folder = Some(folder),
        _ => wrong.password = "wrong",
    }
    let is_anyone_let_in = ["any", "trust"].contains(&auth_type);
    (right, (!is_anyone_let_in).then_some(wrong))
}

#[test]
fn drivers_log_in_by_every_auth_type() {
    let cluster = cluster_of(Options::default().replicas(0));
    let (_authority, folder) = certificates();
    let tls = format!(
        "client_tls_sslmode = verify-full\nclient_tls_ca_file = {0}/root.crt\n\
         client_tls_cert_file = {0}/front.crt\nclient_tls_key_file = {0}/front.key",
        folder.display()
    );
    for auth_type in [
        "trust",
        "any",
        "plain",
        "md5",
        "scram-sha-256",
        "hba",
        "cert",
    ] {
        let mut stage = Stage::new(&cluster, &Pooler::ours());
        let rules = "host app app 127.0.0.1/32 scram-sha-256\n";
        fs::write(stage.path("hba.conf"), rules).unwrap();
        let more = match auth_type {
            "hba" => "auth_hba_file = FOLDER/hba.conf",
            "cert" => &tls,
            _ => "",
        };
        stage.start(File {
            databases: "app = NODE\nforced = NODE dbname=app user=app password='wholly secret'",
            users: "",
            pgbouncer: &format!("auth_type = {auth_type}\n{more}"),
            secrets: SECRETS,
        });
        let (right, wrong) = visits(auth_type, &folder);
        for line in said(&stage, &[right]) {
            assert!(line.ends_with(": app"), "{auth_type}: {line}");
        }
        let Some(wrong) = wrong else { continue };
        let refusals = said(&stage, &[wrong]);
        assert_eq!(refusals.len(), 4, "{refusals:?}");
        for line in refusals {
            let why = match auth_type {
                "cert" => "SSL",
                _ => "authentication failed",
            };
            assert!(line.contains(why), "{auth_type}: {line}");
        }
    }
}
