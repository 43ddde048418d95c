//! TLS on both sides of the running proxy.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::options::Login;
use pgsluice::demo::cluster::options::Options;
use pgsluice::demo::cluster::options::TlsFiles;
use pgsluice::demo::cluster::owner::Owner;
use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::DnType;
use rcgen::IsCa;
use rcgen::Issuer;
use rcgen::KeyPair;

use crate::stage::Front;
use crate::stage::PASSWORD;
use crate::stage::main_cluster;
use crate::stage::user_app;

/// An authority that signs for this test.
struct Authority(Issuer<'static, KeyPair>);

impl Authority {
    fn new(folder: &Path, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let own = params.self_signed(&key).unwrap();
        fs::write(folder.join(format!("{name}.crt")), own.pem()).unwrap();
        Self(Issuer::new(params, key))
    }

    fn issue(&self, folder: &Path, name: &str, hosts: &[&str]) {
        let hosts: Vec<String> = hosts.iter().map(|h| (*h).to_owned()).collect();
        let mut params = CertificateParams::new(hosts).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let issued = params.signed_by(&key, &self.0).unwrap();
        fs::write(folder.join(format!("{name}.crt")), issued.pem()).unwrap();
        let path = folder.join(format!("{name}.key"));
        fs::write(&path, key.serialize_pem()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[test]
fn tls_on_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::set_permissions(at, fs::Permissions::from_mode(0o755)).unwrap();
    let root = Authority::new(at, "root");
    Authority::new(at, "stranger");
    root.issue(at, "node", &["127.0.0.1"]);
    root.issue(at, "front", &["127.0.0.1", "localhost"]);
    root.issue(at, "app", &[]);
    let key = at.join("node.key");
    Owner::find().unwrap().own(&key).unwrap();
    let options = Options::default().replicas(0).login(Login::Scram);
    let options = options.tls(TlsFiles {
        certificate: at.join("node.crt"),
        key,
        client_authority: None,
        required: true,
    });
    let cluster = Cluster::start(&options).unwrap();
    let make = format!("create role app login password '{PASSWORD}'");
    cluster.primary().psql(&make).unwrap();
    cluster
        .primary()
        .psql("create database app owner app")
        .unwrap();
    clients_by_tls(&cluster, at);
    files_are_read_again(&cluster, at, &root);
    servers_by_tls(&cluster, at);
    versions_and_suites(&cluster, at);
}

fn config(cluster: &Cluster, at: &Path, client: &str, server: &str, authority: &str) -> String {
    let file = |name: &str| at.join(name).display().to_string();
    format!(
        "client_tls_sslmode = \"{client}\"\nclient_tls_cert_file = \"{}\"\n\
         client_tls_key_file = \"{}\"\nclient_tls_ca_file = \"{}\"\n\
         server_tls_sslmode = \"{server}\"\nserver_tls_ca_file = \"{}\"\n\
         query_wait_timeout = \"2s\"\n{}[databases.app]\ncluster = \"main\"\n{}",
        file("front.crt"),
        file("front.key"),
        file("root.crt"),
        file(authority),
        main_cluster(cluster),
        user_app(),
    )
}

fn clients_by_tls(cluster: &Cluster, at: &Path) {
    let is_tls = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    let front = |mode: &str, name: &str| {
        Front::ready(
            cluster,
            name,
            &config(cluster, at, mode, "verify-full", "root.crt"),
        )
    };
    let with = |front: &Front, options: &str, user: &str| {
        let conninfo = format!("{} {options}", front.conninfo(user, "app"));
        front.psql(&conninfo, PASSWORD, is_tls)
    };
    let root = format!("sslrootcert={}", at.join("root.crt").display());
    let stranger = format!("sslrootcert={}", at.join("stranger.crt").display());
    let own = format!(
        "sslcert={} sslkey={}",
        at.join("app.crt").display(),
        at.join("app.key").display()
    );

    let required = front("require", "required");
    assert_eq!(
        with(&required, "sslmode=require", "app").as_deref(),
        Ok("t")
    );
    let full = format!("sslmode=verify-full {root}");
    assert_eq!(with(&required, &full, "app").as_deref(), Ok("t"));
    let refused = with(&required, "sslmode=disable", "app").unwrap_err();
    assert!(refused.contains("SSL required"), "{refused}");
    let wrong = format!("sslmode=verify-full {stranger}");
    assert!(with(&required, &wrong, "app").is_err());
    drop(required);

    let asked = front("verify-full", "asked");
    let good = format!("{full} {own}");
    assert_eq!(with(&asked, &good, "app").as_deref(), Ok("t"));
    assert!(with(&asked, &full, "app").is_err(), "no certificate");
}

/// A certificate that was renewed is shown after a reload, and nobody is dropped.
fn files_are_read_again(cluster: &Cluster, at: &Path, root: &Authority) {
    let text = config(cluster, at, "allow", "verify-ca", "root.crt");
    let mut front = Front::ready(cluster, "renewed", &text);
    let full = |front: &Front| {
        let root = at.join("root.crt");
        let options = format!("sslmode=verify-full sslrootcert={}", root.display());
        let conninfo = format!("{} {options}", front.conninfo("app", "app"));
        front.psql(&conninfo, PASSWORD, "select 1")
    };
    let kept = front.session("app");
    assert_eq!(full(&front).as_deref(), Ok("1"));
    root.issue(at, "front", &["elsewhere"]);
    assert_eq!(
        full(&front).as_deref(),
        Ok("1"),
        "not read before the reload"
    );
    front.reload(&text);
    assert!(
        full(&front)
            .unwrap_err()
            .contains("does not match host name")
    );
    assert_eq!(kept.sql("select 1").as_deref(), Ok("1"));
    fs::write(at.join("front.crt"), "nonsense").unwrap();
    front.reload(&text);
    assert_eq!(front.logged("reload failed"), 1, "{}", front.log());
    assert_eq!(kept.sql("select 1").as_deref(), Ok("1"));
    root.issue(at, "front", &["127.0.0.1", "localhost"]);
    // The authority of the servers is another one now: they are not trusted any more.
    let before = fs::read(at.join("root.crt")).unwrap();
    fs::copy(at.join("stranger.crt"), at.join("root.crt")).unwrap();
    front.reload(&text);
    front.wait("distrusted", |front| front.app("app", "select 1").is_err());
    fs::write(at.join("root.crt"), before).unwrap();
    front.reload(&text);
    front.wait("trusted", |front| front.app("app", "select 1").is_ok());
}

fn servers_by_tls(cluster: &Cluster, at: &Path) {
    for (mode, authority, is_good) in [
        ("disable", "root.crt", false),
        ("require", "stranger.crt", true),
        ("verify-ca", "stranger.crt", false),
        ("verify-full", "root.crt", true),
    ] {
        let text = config(cluster, at, "disable", mode, authority);
        let name = format!("{mode}-{authority}");
        let front = Front::start(cluster, &name, &text);
        let served = front.app("app", "select 1");
        assert_eq!(
            served.is_ok(),
            is_good,
            "{mode} {authority}: {served:?}\n{}",
            front.log()
        );
        if !is_good {
            assert_ne!(front.logged("probe failed"), 0, "{}", front.log());
        }
    }
}

const AES128: &str = "ECDHE-ECDSA-AES128-GCM-SHA256";
const AES256: &str = "ECDHE-ECDSA-AES256-GCM-SHA384";

/// Whether OpenSSL comes to terms with the proxy, and with what.
fn agreed(front: &Front, arguments: &[&str]) -> Option<String> {
    let output = Command::new("openssl")
        .args(["s_client", "-brief", "-starttls", "postgres", "-connect"])
        .arg(format!("127.0.0.1:{}", front.port))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = |name: &str| {
        let found = said.lines().find_map(|line| line.strip_prefix(name));
        found.map(str::trim).map(str::to_owned)
    };
    let version = line("Protocol version:")?;
    let suite = line("Ciphersuite:")?;
    output
        .status
        .success()
        .then(|| format!("{version} {suite}"))
}

/// What a server has agreed on with the proxy.
const SERVER: &str =
    "select version || ' ' || cipher from pg_stat_ssl where pid = pg_backend_pid()";

fn versions_and_suites(cluster: &Cluster, at: &Path) {
    let rest = config(cluster, at, "require", "require", "root.crt");
    let old = format!(
        "client_tls_protocols = \"tlsv1.1,tlsv1.2\"\nclient_tls_ciphers = \"{AES128}:DHE-RSA-AES128-SHA\"\n\
         client_tls_ecdhcurve = \"prime256v1\"\nserver_tls_protocols = \"tlsv1.2\"\n\
         server_tls_ciphers = \"{AES256}\"\n{rest}"
    );
    let mut front = Front::ready(cluster, "old", &old);
    assert_eq!(agreed(&front, &[]), Some(format!("TLSv1.2 {AES128}")));
    assert_eq!(agreed(&front, &["-tls1_3"]), None);
    assert_eq!(agreed(&front, &["-tls1_1"]), None);
    assert_eq!(agreed(&front, &["-cipher", AES256]), None);
    assert_eq!(agreed(&front, &["-groups", "P-384"]), None);
    assert!(agreed(&front, &["-groups", "P-384:P-256"]).is_some());
    assert_eq!(front.app("app", SERVER), Ok(format!("TLSv1.2 {AES256}")));
    for notice in ["TLS 1.0 and 1.1 are not spoken", "DHE-RSA-AES128-SHA"] {
        assert_ne!(front.logged(notice), 0, "{notice}:\n{}", front.log());
    }
    let suite = "TLS_CHACHA20_POLY1305_SHA256";
    let new = format!(
        "client_tls_protocols = \"tlsv1.3\"\nclient_tls13_ciphers = \"{suite}\"\n\
         server_tls_protocols = \"tlsv1.3\"\nserver_tls13_ciphers = \"{suite}\"\n{rest}"
    );
    front.reload(&new);
    let agreed_on = Some(format!("TLSv1.3 {suite}"));
    assert_eq!(agreed(&front, &[]), agreed_on, "{}", front.log());
    assert_eq!(agreed(&front, &["-tls1_2"]), None);
    let others = ["-ciphersuites", "TLS_AES_256_GCM_SHA384"];
    assert_eq!(agreed(&front, &others), None);
    front.wait("renewed", |front| {
        front.app("app", SERVER).ok() == agreed_on
    });
}
