//! The list `nodes`: texts such as `"host:port"`, or tables.

use std::net::Ipv6Addr;

use crate::config::apply::apply;
use crate::config::cluster::Node;
use crate::config::fault::Faults;
use crate::config::raw::RawNode;
use crate::config::raw::RawSection;

/// The nodes of `section`; what is wrong with them is in `faults`.
pub(super) fn read(section: &RawSection, nodes: &[RawNode], faults: &mut Faults) -> Vec<Node> {
    let mut found: Vec<Node> = Vec::new();
    for raw in nodes {
        let (node, place, key) = match raw {
            RawNode::Text(place, text) => (from_text(text), place, section.key("nodes")),
            RawNode::Table(table) => {
                let node = from_table(table, faults);
                (node, table.place_of("host"), table.key("host"))
            }
        };
        match node {
            Ok(node) if found.iter().any(|n| is_same(n, &node)) => {
                faults.add(
                    place,
                    section.key("nodes"),
                    format!("{node} is listed twice"),
                );
            }
            Ok(node) => found.push(node),
            Err(message) => faults.add(place, key, message),
        }
    }
    found
}

fn is_same(a: &Node, b: &Node) -> bool {
    a.host == b.host && a.port == b.port
}

fn from_table(table: &RawSection, faults: &mut Faults) -> Result<Node, String> {
    let mut node = Node::default();
    apply(table, &mut node, faults);
    if table.entry("host").is_none() {
        return Err("host is missing".to_owned());
    }
    checked_host(&node.host)?;
    Ok(node)
}

/// A node from `host`, `host:port`, `[address]:port`, an IPv6 address or a folder.
pub(super) fn from_text(text: &str) -> Result<Node, String> {
    from_text_or(text, Node::default().port)
}

/// As [`from_text`], with this port where the text has none.
pub(super) fn from_text_or(text: &str, port_or: u16) -> Result<Node, String> {
    let expected = || format!("`{text}` is not a node; \"host:port\" is expected");
    if text.contains("://") {
        return Err(format!(
            "\"host:port\" is expected, the address `{}://…` came",
            scheme(text)
        ));
    }
    let (host, port) = split(text).ok_or_else(expected)?;
    let port = match port {
        None => port_or,
        Some(port) => match port.parse::<u16>() {
            Ok(number) if number != 0 && !port.starts_with('+') => number,
            _ => return Err(format!("`{port}` is not a port from 1 to 65535")),
        },
    };
    checked_host(host)?;
    Ok(Node {
        host: host.to_owned(),
        port,
        ..Node::default()
    })
}

/// What stands before `://`; what follows may hold a password.
fn scheme(text: &str) -> &str {
    text.split_once("://").map_or("", |(scheme, _)| scheme)
}

/// Host and port, if the text has one.
fn split(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Some((text, None));
    }
    match text.rsplit_once(':') {
        None => Some((text, None)),
        Some((host, _)) if host.contains(':') => None,
        Some((host, port)) => Some((host, Some(port))),
    }
}

/// Whether a host that someone else named is one: a name or an address, no folder.
pub fn is_host(host: &str) -> bool {
    !host.starts_with(['/', '@']) && host.len() <= HOST_BYTES_MAX && checked_host(host).is_ok()
}

/// The longest name of a host that is taken from others: that of RFC 1035.
const HOST_BYTES_MAX: usize = 255;

fn checked_host(host: &str) -> Result<(), String> {
    // The name behind `@` is that of a socket that no folder has.
    let is_folder = host.starts_with(['/', '@']) && !host.contains('\0');
    let is_name = !host.is_empty()
        && host
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if is_folder || is_name || host.parse::<Ipv6Addr>().is_ok() {
        return Ok(());
    }
    let hint = if host.contains(',') {
        "; make each host an entry of the list"
    } else if host.contains(':') {
        "; the port stands in `port`"
    } else {
        ""
    };
    Err(format!(
        "`{host}` is not a host name, address or folder{hint}"
    ))
}
