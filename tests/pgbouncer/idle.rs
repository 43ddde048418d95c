//! Ten thousand idle clients, with the pgbouncer.ini of PgBouncer's manual.

use std::fs;

use nix::sys::resource::Resource;
use nix::sys::resource::getrlimit;
use nix::sys::resource::setrlimit;
use pgsluice::demo::cluster::options::Options;

use crate::stage::File;
use crate::stage::Pooler;
use crate::stage::SECRETS;
use crate::stage::Stage;
use crate::support::proxy::cluster_of;

const CLIENTS_COUNT: usize = 10_000;

/// Bytes that the process may have for each client, above what it has without: PgBouncer's 0.97 KiB
/// and 2 KiB more.
const CLIENT_BYTES_MAX: usize = 3_041;

#[test]
fn ten_thousand_idle_clients() {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let needed = CLIENTS_COUNT as u64 + 1_000;
    assert!(needed <= hard, "the system allows {hard} open files");
    setrlimit(Resource::RLIMIT_NOFILE, soft.max(needed), hard).unwrap();
    let cluster = cluster_of(Options::default().replicas(0));
    let mut stage = Stage::new(&cluster, &Pooler::ours());
    stage.start(File {
        databases: "app = NODE dbname=app",
        users: "",
        pgbouncer: "pool_mode = session\nauth_type = trust\nmax_client_conn = 10100\n\
                    default_pool_size = 20",
        secrets: SECRETS,
    });
    drop(stage.app());
    let before = stage.memory();
    let mut clients: Vec<_> = (0..CLIENTS_COUNT).map(|_| stage.app()).collect();
    let each = stage.memory().saturating_sub(before) / CLIENTS_COUNT;
    eprintln!("{each} bytes a client");
    assert!(each <= CLIENT_BYTES_MAX, "{each} bytes a client");
    let said = stage.console().ask("SHOW LISTS");
    let used = format!("D used_clients|{}", CLIENTS_COUNT + 1);
    assert!(said.contains(&used), "{said:?}");
    // Any of them may ask at any time, and leave again.
    for place in (0..CLIENTS_COUNT).step_by(997).rev() {
        let mut client = clients.swap_remove(place);
        assert_eq!(client.ask("select 1")[1], "D 1");
    }
}

impl Stage<'_> {
    /// Bytes of memory that the process has for itself.
    fn memory(&self) -> usize {
        let file = format!("/proc/{}/smaps_rollup", self.pid());
        let text = fs::read_to_string(file).expect("it runs");
        let line = text.lines().find(|line| line.starts_with("Anonymous:"));
        let kib = line.and_then(|line| line.split_whitespace().nth(1));
        kib.and_then(|kib| kib.parse::<usize>().ok()).expect("KiB") * 1024
    }
}
