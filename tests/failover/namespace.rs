//! A network namespace for a proxy, with a link to the primary and another to all others, each of
//! which has its own address for the nodes.
//!
//! It has no name: it goes with the proxy's process, and the links with it, however that ends.

use std::fs;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::process::Command;
use std::process::Stdio;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::run;

use crate::support::proxy::Proxy;
use crate::support::proxy::Site;

/// A namespace whose proxy may run already.
#[derive(Debug)]
pub(crate) struct Namespace {
    /// Of 198.18.N.0/24, which is set apart for tests of networks (RFC 2544).
    number: u8,
    pid: OnceLock<u32>,
}

/// One of its two links.
#[derive(Clone, Copy, Debug)]
enum Link {
    Primary,
    Others,
}

impl Namespace {
    /// Whether this machine and user can have one.
    pub(crate) fn try_out() -> Result<(), String> {
        let mut shell = Command::new("unshare");
        shell
            .args(["--net", "--", "ip", "link", "set", "lo", "up"])
            .stdin(Stdio::null());
        run("unshare", &mut shell)
            .map(drop)
            .map_err(|e| e.to_string())
    }

    pub(crate) fn new() -> Self {
        Self {
            number: rand::random(),
            pid: OnceLock::new(),
        }
    }

    /// The line of `pg_hba.conf` that lets the proxy in.
    pub(crate) fn hba(&self) -> String {
        format!("host all all 198.18.{}.0/24 scram-sha-256", self.number)
    }

    /// Starts a proxy in it, and returns when it is ready.
    pub(crate) fn start_proxy(&self, cluster: &Cluster, global: &str) -> Proxy {
        let flag = cluster.folder().join("linked");
        let wrapper = [
            "unshare",
            "--net",
            "--",
            "sh",
            "-c",
            "until [ -e \"$0\" ]; do sleep 0.02; done; exec \"$@\"",
        ];
        let mut before: Vec<_> = wrapper.map(String::from).into();
        before.push(flag.display().to_string());
        let nodes = cluster.nodes().iter().map(|node| {
            let link = match node.index() {
                0 => Link::Primary,
                _ => Link::Others,
            };
            format!("{}:{}", self.outside(link), node.port())
        });
        let site = Site {
            address: IpAddr::V4(self.inside(Link::Others)),
            nodes: nodes.collect(),
            before,
        };
        let mut proxy = Proxy::launch(cluster.folder(), &site, global, "");
        self.wait_apart(proxy.pid());
        self.pid.set(proxy.pid()).expect("it is set once");
        self.within(&["ip", "link", "set", "lo", "up"]);
        for link in [Link::Others, Link::Primary] {
            self.make(link);
        }
        fs::write(&flag, "").expect("the flag is set");
        proxy.wait_ready(cluster.nodes().len());
        proxy
    }

    /// From here on nothing gets through between the proxy and the primary, either way: frames go
    /// to a wrong address, which nobody is told.
    pub(crate) fn cut(&self) {
        let link = Link::Primary;
        let (inside, outside) = (
            self.inside(link).to_string(),
            self.outside(link).to_string(),
        );
        let device = self.device(link);
        let nowhere = [
            "lladdr",
            "02:00:00:00:00:99",
            "dev",
            &device,
            "nud",
            "permanent",
        ];
        self.within(&[&["ip", "neigh", "replace", &outside], &nowhere[..]].concat());
        ip(&[&["ip", "neigh", "replace", &inside], &nowhere[..]].concat());
    }

    /// Undoes [`Namespace::cut`].
    pub(crate) fn heal(&self) {
        let link = Link::Primary;
        let (inside, outside) = (
            self.inside(link).to_string(),
            self.outside(link).to_string(),
        );
        let device = self.device(link);
        self.within(&["ip", "neigh", "del", &outside, "dev", &device]);
        ip(&["ip", "neigh", "del", &inside, "dev", &device]);
    }

    /// Makes a link with its two addresses.
    fn make(&self, link: Link) {
        let (device, pid) = (self.device(link), self.pid().to_string());
        let peer = ["type", "veth", "peer", "name", &device, "netns", &pid];
        ip(&[&["ip", "link", "add", &device], &peer[..]].concat());
        let outside = format!("{}/30", self.outside(link));
        ip(&["ip", "addr", "add", &outside, "dev", &device]);
        ip(&["ip", "link", "set", &device, "up"]);
        let inside = format!("{}/30", self.inside(link));
        self.within(&["ip", "addr", "add", &inside, "dev", &device]);
        self.within(&["ip", "link", "set", &device, "up"]);
    }

    /// Waits until the process is in a namespace of its own.
    fn wait_apart(&self, pid: u32) {
        let ours = fs::read_link("/proc/self/ns/net").expect("there is one");
        for _ in 0..1_000 {
            let its = fs::read_link(format!("/proc/{pid}/ns/net"));
            if its.is_ok_and(|its| its != ours) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("process {pid} is in our namespace");
    }

    fn within(&self, command: &[&str]) {
        let pid = self.pid().to_string();
        ip(&[&["nsenter", "--net", "--target", &pid], command].concat());
    }

    fn pid(&self) -> u32 {
        *self.pid.get().expect("its proxy runs")
    }

    fn device(&self, link: Link) -> String {
        let end = match link {
            Link::Primary => "p",
            Link::Others => "o",
        };
        format!("pgs{}{end}", self.number)
    }

    fn outside(&self, link: Link) -> Ipv4Addr {
        Ipv4Addr::new(198, 18, self.number, base(link) + 1)
    }

    fn inside(&self, link: Link) -> Ipv4Addr {
        Ipv4Addr::new(198, 18, self.number, base(link) + 2)
    }
}

fn base(link: Link) -> u8 {
    match link {
        Link::Primary => 0,
        Link::Others => 4,
    }
}

fn ip(command: &[&str]) {
    let mut program = Command::new(command[0]);
    program.args(&command[1..]).stdin(Stdio::null());
    run(&command.join(" "), &mut program).expect("the network is laid");
}
