//! Searches at real sockets, with answers as Patroni gives them.

use super::*;
use crate::config::types::Config;
use crate::discovery::rest::tests::Server;
use crate::topology::policy::Policy;
use crate::topology::tracker::Tracker;

fn configured(options: &str) -> Arc<Cluster> {
    let text = format!(
        "[clusters.a]\nnodes = [\"127.0.0.1:5001\", {{ host = \"127.0.0.1\", port = 5002, weight = 3 }}]\n\
         discovery = \"patroni\"\nmonitor_user = \"m\"\n{options}\n[users.u]\npassword = \"u\"\n\
         [databases.a]\ncluster = \"a\"\n"
    );
    let config = Config::parse(&text, std::path::Path::new("a.toml")).unwrap();
    Arc::clone(&config.clusters["a"])
}

fn urls(servers: &[&Server]) -> String {
    let urls: Vec<_> = servers.iter().map(|s| s.url().to_string()).collect();
    format!("discovery_timeout = \"20s\"\npatroni_urls = {urls:?}")
}

fn members(ports: &[u16], api: Option<&Server>) -> String {
    let api = api.map_or("http://127.0.0.1:9".to_owned(), |s| s.url().to_string());
    let member = |port: &u16| {
        format!(r#"{{"host": "127.0.0.1", "port": {port}, "api_url": "{api}/patroni"}}"#)
    };
    let members: Vec<_> = ports.iter().map(member).collect();
    format!(r#"{{"members": [{}]}}"#, members.join(","))
}

async fn found(search: &mut Search, configured: &Arc<Cluster>) -> Result<Vec<u16>, String> {
    let config = Config::default();
    let tracker = Tracker::new(Policy::default(), &[]);
    let scene = Scene {
        configured,
        present: &configured.nodes,
        view: tracker.view(),
        names: &Names::default(),
        tcp: &config.tcp,
        tls: &config.server_tls,
    };
    let found = search.find(scene).await;
    found
        .map(|list| list.nodes.iter().map(|n| n.port).collect())
        .map_err(|fault| fault.to_string())
}

fn asked(server: &Server) -> usize {
    server.asked.lock().unwrap().len()
}

#[tokio::test]
async fn the_first_that_answers_is_asked_again() {
    let broken = Server::of("<html>").await;
    let good = Server::of(&members(&[5002, 5003], None)).await;
    let configured = configured(&urls(&[&broken, &good]));
    let mut search = Search::default();
    for round in 1..4 {
        let found = found(&mut search, &configured).await;
        assert_eq!(found.unwrap(), [5002, 5003]);
        assert_eq!((asked(&broken), asked(&good)), (1, round));
    }
}

#[tokio::test]
async fn members_are_asked_when_the_files_urls_fail() {
    let other = Server::of(&members(&[5001, 5004], None)).await;
    let first = Server::of(&members(&[5001, 5003], Some(&other))).await;
    let configured = configured(&urls(&[&first]));
    let mut search = Search::default();
    assert_eq!(found(&mut search, &configured).await.unwrap(), [5001, 5003]);
    assert_eq!(asked(&other), 0);
    drop(first);
    assert_eq!(found(&mut search, &configured).await.unwrap(), [5001, 5004]);
    assert_eq!(asked(&other), 1);
}

#[tokio::test]
async fn when_all_fail_each_says_why() {
    let empty = Server::of(r#"{"members": []}"#).await;
    let broken = Server::start(Some(b"HTTP/1.1 500 No\r\n\r\n".to_vec())).await;
    let configured = configured(&urls(&[&empty, &broken]));
    let said = found(&mut Search::default(), &configured).await;
    let said = said.unwrap_err();
    assert!(said.contains("no host among them"), "{said}");
    assert!(said.contains("status 500"), "{said}");
}

#[test]
fn whoever_is_trusted_by_certificate_names_no_others() {
    let url = |text: &str| Url::parse(text).unwrap();
    let mut search = Search::default();
    let named = ["http://evil", "https://pg2", "https://pg1", "https://pg2"];
    search.learn(url("https://pg1"), named.map(url).into());
    assert_eq!(search.known, ["https://pg1", "https://pg2"].map(url));
    let many = (0..1_000).map(|i| url(&format!("http://pg{i}"))).collect();
    search.learn(url("http://pg1"), many);
    assert_eq!(search.known.len(), NODES_MAX);
}

#[test]
fn the_usual_port_of_each_node_is_asked_first() {
    let mut cluster = Cluster::clone(&configured(""));
    cluster.nodes[1].host = "/tmp".to_owned();
    let urls: Vec<_> = first_urls(&cluster).iter().map(Url::to_string).collect();
    assert_eq!(urls, ["http://127.0.0.1:8008"]);
    assert_eq!(pause(&cluster, true), Duration::from_secs(5));
    assert_eq!(pause(&cluster, false), Duration::from_secs(1));
}
