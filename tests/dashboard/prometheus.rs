//! A real Prometheus that asks the proxy, with the alerts of `docker/prometheus`.

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::free_ports;
use pgsluice::demo::cluster::program::Program;
use pgsluice::demo::scrape;
use serde_json::Value;

/// A running Prometheus. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Prometheus {
    program: Program,
    address: SocketAddr,
}

/// An alert and its state: inactive, pending, firing.
#[derive(Debug)]
pub(crate) struct Alert {
    pub(crate) name: String,
    pub(crate) query: String,
    state: String,
}

impl Alert {
    pub(crate) fn is_quiet(&self) -> bool {
        self.state == "inactive"
    }
}

impl Prometheus {
    /// Starts one that asks `target` twice a second.
    pub(crate) fn start(cluster: &Cluster, target: SocketAddr) -> Self {
        let port = free_ports(1).expect("there are free ports")[0];
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let folder = cluster.folder().join("prometheus");
        fs::create_dir(&folder).expect("a folder");
        let alerts = Path::new(env!("CARGO_MANIFEST_DIR")).join("docker/prometheus/alerts.yml");
        let text = format!(
            "global: {{scrape_interval: 500ms, evaluation_interval: 500ms}}\n\
             rule_files: ['{}']\n\
             scrape_configs:\n\
             - job_name: pgsluice\n\
             \x20 static_configs: [{{targets: ['{target}']}}]\n",
            alerts.display()
        );
        let file = folder.join("prometheus.yml");
        fs::write(&file, text).expect("the configuration is written");
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.display()))
            .arg(format!("--web.listen-address={address}"))
            .current_dir(&folder);
        let program = cluster
            .spawn("prometheus", &mut command)
            .expect("Prometheus is installed");
        let prometheus = Self { program, address };
        prometheus.wait("it is ready", || scrape::fetch(address, "/-/ready").is_ok());
        prometheus
    }

    /// The samples that a query gives at this moment.
    pub(crate) fn query(&self, expression: &str) -> Vec<Value> {
        let path = format!("/api/v1/query?query={}", encoded(expression));
        let answer = self.page(&path);
        let samples = answer["data"]["result"].as_array();
        samples.cloned().unwrap_or_default()
    }

    /// The alerts that it knows.
    pub(crate) fn alerts(&self) -> Vec<Alert> {
        let answer = self.page("/api/v1/rules");
        let groups = answer["data"]["groups"].as_array().cloned();
        let rules = groups.into_iter().flatten().flat_map(|group| {
            let rules = group["rules"].as_array().cloned();
            rules.unwrap_or_default()
        });
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        rules
            .map(|rule| {
                assert_ne!(rule["health"], "err", "{rule}");
                Alert {
                    name: text(&rule["name"]),
                    query: text(&rule["query"]),
                    state: text(&rule["state"]),
                }
            })
            .collect()
    }

    /// Waits until there is a reason for an alert.
    pub(crate) fn wait_for_alert(&self, name: &str) {
        let has_reason = |alert: &Alert| alert.name == name && !alert.is_quiet();
        self.wait(name, || self.alerts().iter().any(has_reason));
    }

    /// Polls until something holds.
    pub(crate) fn wait(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(
                began.elapsed() < WITHIN,
                "not in {WITHIN:?}: {what}; Prometheus said:\n{}",
                self.program.output()
            );
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn page(&self, path: &str) -> Value {
        let page = scrape::fetch(self.address, path);
        let page = page.unwrap_or_else(|error| panic!("{path}: {error}"));
        serde_json::from_str(&page).expect("it answers in JSON")
    }
}

/// A query as a part of a URL.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

const WITHIN: Duration = Duration::from_secs(30);
