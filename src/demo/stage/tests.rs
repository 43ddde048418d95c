use std::net::SocketAddr;
use std::net::TcpListener;
use std::path::Path;

use crate::config::types::Config;
use crate::demo::stage::configuration;
use crate::demo::stage::free_port;

#[test]
fn the_proxy_takes_its_configuration() {
    let http = SocketAddr::from(([127, 0, 0, 1], 9127));
    let text = configuration(6432, http, &[15000, 15001, 15002]);
    let config = Config::parse(&text, Path::new("demo.toml")).unwrap();
    assert_eq!(config.clusters.len(), 1);
    assert!(config.databases.contains_key("demo"));
}

#[test]
fn a_taken_port_is_passed_over() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    assert_ne!(free_port(port).unwrap(), port);
}
