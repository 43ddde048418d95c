//! The configuration files of a node, and the names and paths they share.

use std::fmt::Write;
use std::path::Path;
use std::path::PathBuf;

use crate::demo::cluster::Error;
use crate::demo::cluster::options::Login;
use crate::demo::cluster::options::Options;
use crate::demo::cluster::write_file;

/// The superuser of every node.
pub const SUPERUSER: &str = "postgres";

/// The files that [`write()`] makes in a node's data folder, for the owner to be set.
pub const FILES: &[&str] = &["postgresql.conf", "pg_hba.conf"];

/// Writes `postgresql.conf` and `pg_hba.conf` of one node.
///
/// # Errors
///
/// When a file cannot be written.
pub fn write(
    folder: &Path,
    index: usize,
    port: u16,
    replica_of: Option<u16>,
    options: &Options,
) -> Result<(), Error> {
    let data = data_folder(folder, index);
    let mut text = String::new();
    let mut set = |name: &str, value: &str| {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{name} = '{}'", value.replace('\'', "''"));
    };
    for (name, value) in SETTINGS {
        set(name, value);
    }
    set("port", &port.to_string());
    set("unix_socket_directories", &folder.display().to_string());
    set("cluster_name", &node_name(index));
    set("password_encryption", hashing(options.login));
    if let Some(primary) = replica_of {
        set(
            "primary_conninfo",
            &conninfo(folder, primary, &node_name(index)),
        );
        set("primary_slot_name", &slot_name(index));
    }
    if let Some(tls) = &options.tls {
        set("ssl", "on");
        set("ssl_cert_file", &tls.certificate.display().to_string());
        set("ssl_key_file", &tls.key.display().to_string());
        if let Some(authority) = &tls.client_authority {
            set("ssl_ca_file", &authority.display().to_string());
        }
    }
    for (name, value) in &options.settings {
        set(name, value);
    }
    write_file(&data.join("postgresql.conf"), &text)?;
    write_file(&data.join("pg_hba.conf"), &hba(options))
}

/// `node0`, …: also `cluster_name` and a replica's `application_name`.
pub fn node_name(index: usize) -> String {
    format!("node{index}")
}

/// The data folder of a node.
pub fn data_folder(folder: &Path, index: usize) -> PathBuf {
    folder.join(node_name(index))
}

/// The log of a node.
pub fn log_file(folder: &Path, index: usize) -> PathBuf {
    folder.join(format!("node{index}.log"))
}

/// The replication slot of a replica.
pub fn slot_name(index: usize) -> String {
    format!("slot{index}")
}

/// How a replica reaches its primary: over the unix socket, which needs no password.
pub fn conninfo(folder: &Path, primary_port: u16, name: &str) -> String {
    format!(
        "host={} port={primary_port} user={SUPERUSER} application_name={name}",
        folder.display()
    )
}

fn hba(options: &Options) -> String {
    let method = match options.login {
        Login::Trust => "trust",
        Login::Password => "password",
        Login::Md5 => "md5",
        Login::Scram => "scram-sha-256",
    };
    let kind = match &options.tls {
        Some(tls) if tls.required => "hostssl",
        Some(_) | None => "host",
    };
    let mut text = String::new();
    for line in &options.hba {
        text.push_str(line);
        text.push('\n');
    }
    text.push_str("local all all trust\nlocal replication all trust\n");
    for network in ["127.0.0.1/32", "::1/128"] {
        let _ = writeln!(text, "{kind} all all {network} {method}");
        let _ = writeln!(text, "{kind} replication all {network} {method}");
    }
    text
}

fn hashing(login: Login) -> &'static str {
    match login {
        Login::Md5 => "md5",
        Login::Trust | Login::Password | Login::Scram => "scram-sha-256",
    }
}

/// Small, quick and careless: nothing here outlives the process, so nothing need reach the disk.
const SETTINGS: &[(&str, &str)] = &[
    ("listen_addresses", "127.0.0.1"),
    ("max_connections", "300"),
    ("shared_buffers", "64MB"),
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("wal_level", "replica"),
    ("max_wal_senders", "10"),
    ("max_replication_slots", "10"),
    ("wal_retrieve_retry_interval", "100ms"),
    ("wal_receiver_status_interval", "1s"),
    ("hot_standby", "on"),
    ("max_wal_size", "1GB"),
    ("checkpoint_timeout", "30min"),
    ("jit", "off"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("log_line_prefix", "%m [%p] %q%u@%d "),
];
