//! What is wrong although each option by itself is right.

use std::path::Path;
use std::sync::Arc;

use crate::auth::verifier::Kind;
use crate::auth::verifier::Verifier;
use crate::config::cluster::Cluster;
use crate::config::discovery::Source;
use crate::config::fault::Faults;
use crate::config::files;
use crate::config::raw::Dialect;
use crate::config::raw::Raw;
use crate::config::raw::RawSection;
use crate::config::rules;
use crate::config::tls::Tls;
use crate::config::types::CONSOLE_DATABASES;
use crate::config::types::Config;
use crate::config::words::AuthType;
use crate::config::words::SslMode;

/// Notes everything that does not fit together. `raw` says where it stands.
pub(super) fn all(raw: &Raw, config: &Config, faults: &mut Faults) {
    listening(raw, config, faults);
    limits(raw, config, faults);
    clients_tls(raw, config, faults);
    tls_files("client", raw, &config.client_tls, faults);
    tls_files("server", raw, &config.server_tls, faults);
    clusters(raw, config, faults);
    databases(raw, config, faults);
    login(raw, config, faults);
    match raw.dialect {
        Dialect::Native => someone(raw, config, faults),
        // Nobody may be known yet, or nobody may be let in: PgBouncer starts and says so to clients.
        Dialect::PgBouncer => (),
    }
}

/// Notes a fault of a global option, or of the section where that is overridden.
fn add(section: &RawSection, name: &str, message: impl Into<String>, faults: &mut Faults) {
    faults.add(section.place_of(name), section.key(name), message);
}

fn listening(raw: &Raw, config: &Config, faults: &mut Faults) {
    let listen = &config.listen;
    if listen.addrs.is_empty() && listen.unix_socket_dir.is_none() {
        let message = "nowhere to listen: no address, and no unix_socket_dir either";
        add(&raw.global, "listen_addr", message, faults);
    }
    if let Some(folder) = &listen.unix_socket_dir {
        if !is_abstract(folder) && !folder.is_dir() {
            let message = format!("there is no folder {}", folder.display());
            add(&raw.global, "unix_socket_dir", message, faults);
        }
        let socket = folder.join(format!(".s.PGSQL.{}", listen.port));
        if UNIX_PATH_BYTES_MAX < socket.as_os_str().len() {
            let message = format!("the socket's path would be over {UNIX_PATH_BYTES_MAX} bytes");
            add(&raw.global, "unix_socket_dir", message, faults);
        }
    }
    if let Some(http) = config.http.listen {
        let at_http = |a: &String| a == "*" || *a == http.ip().to_string();
        if http.port() == listen.port && listen.addrs.iter().any(at_http) {
            let message = "this is where clients connect (listen_addr and listen_port)";
            add(&raw.global, "http_listen", message, faults);
        }
    }
}

/// Whether a Unix socket in `folder` has no file: Linux's abstract namespace.
fn is_abstract(folder: &Path) -> bool {
    folder.as_os_str().as_encoded_bytes().starts_with(b"@")
}

/// Longest path of a Unix socket in bytes: `sun_path` of unix(7) without its final zero.
const UNIX_PATH_BYTES_MAX: usize = 107;

/// Smallest buffer towards a peer: a page of rows and some.
const RELAY_BUFFER_BYTES_MIN: u32 = 8192;

/// Smallest longest message: what PostgreSQL's own startup packet may have.
const PACKET_BYTES_MIN: u32 = 10_000;

fn limits(raw: &Raw, config: &Config, faults: &mut Faults) {
    if config.limits.relay_buffer_bytes_max < RELAY_BUFFER_BYTES_MIN {
        let message = format!("it must be {RELAY_BUFFER_BYTES_MIN} at least");
        add(&raw.global, "relay_buffer_bytes_max", message, faults);
    }
    if config.limits.max_packet_size < PACKET_BYTES_MIN {
        let message = format!("it must be {PACKET_BYTES_MIN} at least");
        add(&raw.global, "max_packet_size", message, faults);
    }
}

fn clients_tls(raw: &Raw, config: &Config, faults: &mut Faults) {
    let (tls, global) = (&config.client_tls, &raw.global);
    let name = "client_tls_sslmode";
    if config.auth.auth_type == AuthType::Certificate && tls.sslmode < SslMode::VerifyCa {
        let message = "to log in by certificate, client_tls_sslmode must be verify-ca or \
                       verify-full";
        add(global, "auth_type", message, faults);
    }
    if tls.sslmode == SslMode::Disable {
        return;
    }
    if tls.cert_file.is_none() && tls.key_file.is_none() {
        let message = "TLS needs client_tls_cert_file and client_tls_key_file";
        add(global, name, message, faults);
    }
    if SslMode::VerifyCa <= tls.sslmode && tls.ca_file.is_none() {
        let message = "to verify clients, client_tls_ca_file is needed";
        add(global, name, message, faults);
    }
}

fn tls_files(side: &str, raw: &Raw, tls: &Tls, faults: &mut Faults) {
    if raw.dialect == Dialect::PgBouncer && tls.sslmode == SslMode::Disable {
        // Nobody reads them, and PgBouncer does not look whether they are there.
        return;
    }
    let name = |file: &str| format!("{side}_tls_{file}");
    let lonely = match (&tls.cert_file, &tls.key_file) {
        (Some(_), None) => Some(("cert_file", "key_file")),
        (None, Some(_)) => Some(("key_file", "cert_file")),
        (Some(_), Some(_)) | (None, None) => None,
    };
    if let Some((have, lack)) = lonely {
        let message = format!("it is of no use without {}", name(lack));
        add(&raw.global, &name(have), message, faults);
    }
    let files = [
        (name("cert_file"), &tls.cert_file),
        (name("key_file"), &tls.key_file),
        (name("ca_file"), &tls.ca_file),
    ];
    for (name, path) in files {
        if let Some(path) = path {
            readable(&raw.global, &name, path, faults);
        }
    }
}

fn readable(section: &RawSection, name: &str, path: &Path, faults: &mut Faults) {
    if let Err(problem) = files::check(path) {
        let message = format!("{} {problem}", path.display());
        add(section, name, message, faults);
    }
}

fn clusters(raw: &Raw, config: &Config, faults: &mut Faults) {
    for section in raw.clusters.iter().chain(&raw.databases) {
        let cluster = config.clusters.get(&section.name);
        let is_idle = |c: &&Arc<Cluster>| {
            c.is_plain() && c.settings.discovery.source != Source::None && section.nodes.is_some()
        };
        if section.entry("discovery").is_some() && cluster.is_some_and(|c| is_idle(&c)) {
            let message = "nodes are looked for only where roles are watched, and they are ignored \
                           here";
            add(section, "discovery", message, faults);
        }
    }
}

fn databases(raw: &Raw, config: &Config, faults: &mut Faults) {
    for section in &raw.databases {
        if CONSOLE_DATABASES.contains(&section.name.as_str()) {
            let message = "this name is reserved for the console";
            faults.add(&section.place, &section.path, message);
        }
        let Some(database) = config.databases.get(&section.name) else {
            continue;
        };
        let pooling = &database.pooling;
        let size = pooling.pool_size.primary.max(pooling.pool_size.replica);
        // PgBouncer keeps as many open as a pool may have.
        if raw.dialect == Dialect::Native && size < pooling.min_pool_size {
            let at = or_global(raw, section, "min_pool_size");
            let message = format!(
                "{} servers are to be kept open, but a pool has {size} at most",
                pooling.min_pool_size
            );
            add(at, "min_pool_size", message, faults);
        }
        if 100 < pooling.server_lifetime_jitter_percent {
            let name = "server_lifetime_jitter_percent";
            let at = or_global(raw, section, name);
            add(at, name, "a percentage from 0 to 100 is expected", faults);
        }
    }
}

/// The section that sets an option: this one, or the global one that it inherits from.
fn or_global<'a>(raw: &'a Raw, section: &'a RawSection, name: &str) -> &'a RawSection {
    if section.entry(name).is_some() {
        section
    } else {
        &raw.global
    }
}

/// What does not go with the way in which clients log in.
fn login(raw: &Raw, config: &Config, faults: &mut Faults) {
    match config.auth.auth_type {
        AuthType::Ldap => add(&raw.global, "auth_type", rules::LDAP, faults),
        AuthType::Pam => add(&raw.global, "auth_type", rules::PAM, faults),
        AuthType::Any
        | AuthType::Trust
        | AuthType::Plain
        | AuthType::Md5
        | AuthType::Scram
        | AuthType::Certificate
        | AuthType::Hba => (),
    }
    let lookups = config.databases.iter().map(|(name, d)| (name, &d.lookup));
    for (name, lookup) in lookups {
        let Some(dbname) = &lookup.dbname else {
            continue;
        };
        let section = raw.databases.iter().find(|section| section.name == *name);
        let at = section.map_or(&raw.global, |s| or_global(raw, s, "auth_dbname"));
        if CONSOLE_DATABASES.contains(&dbname.as_str()) {
            let message =
                format!("cannot use the reserved \"{dbname}\" database as an auth_dbname");
            add(at, "auth_dbname", message, faults);
        }
    }
}

/// Whether users that no file lists may be known to servers.
fn is_anyone_looked_up(config: &Config) -> bool {
    let mut databases = config.databases.values();
    config.auth.lookup.user.is_some() || databases.any(|d| d.lookup.user.is_some())
}

/// That there are databases, and users who can log in.
fn someone(raw: &Raw, config: &Config, faults: &mut Faults) {
    if raw.databases.is_empty() {
        let message = "there is no database; add [databases.NAME]";
        faults.add(&raw.global.place, "databases", message);
    }
    let auth = &config.auth;
    let needs_users = match auth.auth_type {
        AuthType::Any | AuthType::Trust => false,
        AuthType::Plain
        | AuthType::Md5
        | AuthType::Scram
        | AuthType::Certificate
        | AuthType::Hba
        | AuthType::Ldap
        | AuthType::Pam => auth.auth_file.is_none() && !is_anyone_looked_up(config),
    };
    if config.users.is_empty() && needs_users {
        let message = "nobody can log in: there are no users; add [users.NAME] or an auth_file";
        faults.add(&raw.global.place, "users", message);
    }
    for user in config.users.values() {
        let kind = user.secret.as_ref().map(Verifier::kind);
        if auth.auth_type != AuthType::Scram || kind != Some(Kind::Md5) {
            continue;
        }
        let message = format!(
            "the md5 secret of user {} does not serve for auth_type scram-sha-256; store a \
             password or a SCRAM verifier, or set auth_type to md5",
            user.name
        );
        match raw.users.iter().find(|s| s.name == user.name) {
            Some(section) => add(section, "password", message, faults),
            None => add(&raw.global, "auth_file", message, faults),
        }
    }
}
