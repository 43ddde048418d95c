//! A cluster, the proxy in front of it, a bystander, and what the proxy may use.

use std::fs;

use pgsluice::demo::cluster::Cluster;

use crate::bystander::Bystander;
use crate::raw::End;
use crate::raw::Message;
use crate::raw::Raw;
use crate::raw::said;
use crate::raw::tags;
use crate::support::proxy::Proxy;
use crate::support::proxy::cluster_with_app;

/// A stage for bad clients.
#[derive(Debug)]
pub(crate) struct Scene {
    // Dropped in this order.
    bystander: Option<Bystander>,
    pub(crate) proxy: Proxy,
    _cluster: Cluster,
    peak_before_kib: u64,
}

impl Scene {
    /// Sets it: pools of two servers per node, so that a lost one shows, and no password asked.
    pub(crate) fn set() -> Self {
        Self::set_with("auth_type = \"trust\"", true)
    }

    /// Sets it with other global options; a bystander needs a login without a password.
    pub(crate) fn set_with(global: &str, has_bystander: bool) -> Self {
        let cluster = cluster_with_app();
        let global = format!(
            "{global}\nclient_login_timeout = \"2s\"\nquery_wait_timeout = \"5s\"\n\
             max_client_conn = 2000\n"
        );
        let proxy = Proxy::start(&cluster, &global, "pool_size = 2");
        let bystander = has_bystander.then(|| Bystander::start(proxy.port()));
        let mut scene = Self {
            bystander,
            proxy,
            _cluster: cluster,
            peak_before_kib: 0,
        };
        scene.weigh();
        scene
    }

    /// The proxy's port.
    pub(crate) fn port(&self) -> u16 {
        self.proxy.port()
    }

    /// Takes the present memory as what the growth is counted from.
    pub(crate) fn weigh(&mut self) {
        let pid = self.proxy.pid();
        // Sets the peak to what is in use now.
        fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("its owner may");
        self.peak_before_kib = peak_kib(pid);
    }

    /// How much the proxy's memory has grown at most since it was weighed.
    pub(crate) fn growth_kib(&self) -> u64 {
        peak_kib(self.proxy.pid()).saturating_sub(self.peak_before_kib)
    }

    /// Checks that memory stayed within a bound.
    pub(crate) fn check_growth(&self, kib_max: u64) {
        let kib = self.growth_kib();
        eprintln!("memory grew by {kib} KiB at most (bound {kib_max})");
        assert!(kib <= kib_max, "memory grew by {kib} KiB, over {kib_max}");
    }

    /// Ends it: nobody else was harmed and all servers can still be had.
    pub(crate) fn end(mut self) {
        if let Some(bystander) = self.bystander.take() {
            let seen = bystander.end();
            eprintln!(
                "the bystander ran {} queries, longest {:?}",
                seen.queries, seen.longest
            );

            self.check_servers();
        }
    }

    /// More clients than servers run a transaction each; a lost server would leave some waiting.
    fn check_servers(&self) {
        for sql in ["select 7", "begin; create temp table t(); rollback"] {
            let mut clients: Vec<_> = (0..8).map(|_| Raw::log_in(self.port())).collect();
            for client in &mut clients {
                client.send(&crate::raw::query(sql));
            }
            for client in &mut clients {
                let (messages, end) = client.receive();
                assert_eq!(end, End::Ready, "{}", said(&messages));
                assert!(!tags(&messages).contains('E'), "{}", said(&messages));
            }
        }
    }

    /// Checks that a client that sent `bytes` gets an error that ends its session, or a close.
    pub(crate) fn check_refused(&self, name: &str, client: &mut Raw, bytes: &[u8]) {
        client.send(bytes);
        let (messages, closed) = client.receive_all(crate::raw::SILENCE);
        assert!(closed, "{name}: not closed; it said {}", said(&messages));
        check_last_words(name, &messages);
    }
}

/// After the last error nothing but ReadyForQuery may come, and no success before the close.
fn check_last_words(name: &str, messages: &[Message]) {
    let tags = tags(messages);
    let is_clear = tags.is_empty() || tags.ends_with('E') || !tags.contains('C');
    assert!(is_clear, "{name}: {}", said(messages));
}

fn peak_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next());
    kib.expect("the kernel says").parse().expect("a number")
}
