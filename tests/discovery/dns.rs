//! A name whose addresses change, as that of a service does.
//!
//! The resolver is the system's, with a file of the test's own in the place of `/etc/hosts`
//! (libnss-wrapper). Each address forwards to a node.

use std::fs;
use std::fs::File;
use std::io;
use std::net::Shutdown;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;
use std::time::SystemTime;

use crate::load::Load;
use crate::stage::Front;
use crate::stage::PASSWORD;
use crate::stage::cluster;
use crate::stage::user_app;

/// Where Debian has it.
fn wrapper() -> PathBuf {
    let folders = fs::read_dir("/usr/lib")
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let inside = folders.map(|folder| folder.join("libnss_wrapper.so"));
    let mut found = inside.chain([PathBuf::from("/usr/lib64/libnss_wrapper.so")]);
    let found = found.find(|path| path.exists());
    found.expect("there is libnss_wrapper.so: tools/setup test installs it")
}

/// Listens at one port of `127.0.0.11` and so on, one address a node, and forwards.
fn forward(ports: &[u16]) -> u16 {
    let listen = || {
        let first = TcpListener::bind("127.0.0.11:0")?;
        let port = first.local_addr()?.port();
        let others = (12..).take(ports.len() - 1);
        let others = others.map(|i| TcpListener::bind(format!("127.0.0.{i}:{port}")));
        let all: io::Result<Vec<_>> = std::iter::once(Ok(first)).chain(others).collect();
        Ok::<_, io::Error>((port, all?))
    };
    let (port, listeners) = (0..100)
        .find_map(|_| listen().ok())
        .expect("a port is free at all addresses");
    for (listener, to) in listeners.into_iter().zip(ports.to_vec()) {
        // It ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                pass(stream, to);
            }
        });
    }
    port
}

fn pass(from: TcpStream, to: u16) {
    let Ok(to) = TcpStream::connect(("127.0.0.1", to)) else {
        return;
    };
    let ways = [
        (from.try_clone().unwrap(), to.try_clone().unwrap()),
        (to, from),
    ];
    for (mut from, mut to) in ways {
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
}

/// Has `pg.test` stand for these addresses.
fn name(hosts: &Path, addresses: &[&str], age: &mut u64) {
    let lines: Vec<_> = addresses.iter().map(|a| format!("{a} pg.test\n")).collect();
    fs::write(hosts, lines.concat()).unwrap();
    // The file is read again when its time is another, in whole seconds.
    *age += 10;
    let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000 + *age);
    File::options()
        .write(true)
        .open(hosts)
        .unwrap()
        .set_modified(time)
        .unwrap();
}

fn addresses(front: &Front) -> Vec<String> {
    let shown = front.psql(&front.conninfo("root", "pgsluice"), PASSWORD, "show nodes");
    let shown = shown.expect("the console answers");
    let address = |line: &str| {
        let node = line.split('|').nth(1).unwrap_or_default();
        node.split(':').next().unwrap_or_default().to_owned()
    };
    shown.lines().map(address).collect()
}

#[test]
fn each_address_of_a_name_is_a_node() {
    let cluster = cluster(2);
    let ports: Vec<_> = cluster.nodes().iter().map(|node| node.port()).collect();
    let port = forward(&ports);
    let (hosts, mut age) = (cluster.folder().join("hosts"), 0);
    name(&hosts, &["127.0.0.11", "127.0.0.12"], &mut age);
    let config = [
        "admin_users = \"root\"\nlog_connections = false\nlog_disconnections = false\n".to_owned(),
        "dns_max_ttl = \"100ms\"\ndns_nxdomain_ttl = \"100ms\"\n".to_owned(),
        format!("[clusters.main]\nnodes = [\"pg.test:{port}\"]\ndiscovery = \"dns\"\n"),
        "discovery_interval = \"100ms\"\nslow_start = 0\nmonitor_user = \"postgres\"\n".to_owned(),
        "monitor_password = \"postgres\"\nprobe_interval = \"200ms\"\n".to_owned(),
        "[databases.app]\ncluster = \"main\"\nquery_wait_timeout = \"20s\"\n".to_owned(),
        user_app(),
        format!("[users.root]\npassword = \"{PASSWORD}\"\n"),
    ];
    let hosts_text = hosts.display().to_string();
    let env = [
        ("LD_PRELOAD", wrapper().display().to_string()),
        ("NSS_WRAPPER_HOSTS", hosts_text),
    ];
    let mut front = Front::start_with(&cluster, "dns", &config.concat(), &env);
    front.wait_ready();
    front.wait("found", |f| addresses(f) == ["127.0.0.11", "127.0.0.12"]);
    front
        .app("app", "create table work (client int, i int)")
        .unwrap();
    let load = Load::start(&front);
    let served = |front: &Front, address: &str| {
        let node = format!("{address}:{port}");
        front.metric("pgsluice_query_seconds_count", &[("node", &*node)])
    };
    name(
        &hosts,
        &["127.0.0.13", "127.0.0.11", "127.0.0.12"],
        &mut age,
    );
    front.wait("read from", |f| 20.0 < served(f, "127.0.0.13"));
    name(&hosts, &["127.0.0.13", "127.0.0.11"], &mut age);
    front.wait("gone", |f| addresses(f) == ["127.0.0.11", "127.0.0.13"]);
    let done = load.done();
    front.wait("at work", |_| done + 200 < load.done());
    // The name is gone for a while.
    name(&hosts, &[], &mut age);
    front.wait("missed", |f| f.logged("nodes not found") == 1);
    assert_eq!(addresses(&front), ["127.0.0.11", "127.0.0.13"]);
    name(&hosts, &["127.0.0.13", "127.0.0.11"], &mut age);
    front.wait("found again", |f| f.logged("nodes are found again") == 1);
    load.end();
}

// New servers were opened at whatever host the name stood for by then, by what was known of another.
#[test]
fn servers_are_opened_where_the_node_is_watched() {
    let cluster = cluster(1);
    let ports: Vec<_> = cluster.nodes().iter().map(|node| node.port()).collect();
    let port = forward(&ports);
    let (hosts, mut age) = (cluster.folder().join("hosts"), 0);
    name(&hosts, &["127.0.0.11"], &mut age);
    let config = [
        "dns_max_ttl = \"100ms\"\n".to_owned(),
        format!("[clusters.main]\nnodes = [\"pg.test:{port}\"]\nmonitor_user = \"postgres\"\n"),
        "monitor_password = \"postgres\"\nprobe_interval = \"200ms\"\n".to_owned(),
        "[databases.app]\ncluster = \"main\"\n".to_owned(),
        user_app(),
    ];
    let env = [
        ("LD_PRELOAD", wrapper().display().to_string()),
        ("NSS_WRAPPER_HOSTS", hosts.display().to_string()),
    ];
    let mut front = Front::start_with(&cluster, "watched", &config.concat(), &env);
    front.wait_ready();
    let place = || {
        let session = front.session("app");
        session.sql("begin").unwrap();
        let port = session.sql("select inet_server_port()").unwrap();
        (session, port)
    };
    let before = place();
    name(&hosts, &["127.0.0.12"], &mut age);
    thread::sleep(Duration::from_millis(500));
    let after = [place(), place()];
    let primary = cluster.primary().port().to_string();
    assert_eq!(before.1, primary);
    assert!(
        after.iter().all(|(_, port)| *port == primary),
        "{:?}",
        after.map(|a| a.1)
    );
}
