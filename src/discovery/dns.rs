//! The addresses of the file's nodes: each is a node, as the pods of a service are.

use std::net::IpAddr;
use std::sync::Arc;

use crate::config::cluster::Node;
use crate::discovery::Fault;
use crate::net::names::Names;

/// The nodes that the names of these stand for. A name that cannot be resolved stands for what it did
/// in `present`.
///
/// # Errors
/// None of the names can be resolved.
///
/// # Cancel safety
/// Yes.
pub async fn find(
    configured: &[Node],
    present: &[Node],
    names: &Names,
) -> Result<Vec<Node>, Fault> {
    let mut found = Vec::new();
    let mut failed = None;
    let mut is_any_found = false;
    for node in configured {
        if node.is_unix() || node.host.parse::<IpAddr>().is_ok() {
            found.push(node.clone());
            continue;
        }
        match names.find(&node.host).await {
            Ok(addresses) => {
                is_any_found = true;
                found.extend(nodes(node, &addresses));
            }
            Err(error) => {
                failed = Some(Fault::Unreachable {
                    at: node.host.clone(),
                    why: error.to_string(),
                });
                let is_same = |n: &&Node| n.host == node.host && n.port == node.port;
                found.extend(present.iter().filter(is_same).cloned());
            }
        }
    }
    match failed {
        Some(fault) if !is_any_found => Err(fault),
        Some(_) | None => Ok(found),
    }
}

/// A node for each address, of the family that the resolver names first: the other one is another way
/// to the same hosts.
fn nodes(node: &Node, addresses: &Arc<[IpAddr]>) -> Vec<Node> {
    let is_ipv6 = addresses.first().is_some_and(IpAddr::is_ipv6);
    let family = addresses.iter().filter(|a| a.is_ipv6() == is_ipv6);
    let at = |address: &IpAddr| Node {
        address: Some(*address),
        ..node.clone()
    };
    family.map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(host: &str) -> Node {
        Node {
            host: host.to_owned(),
            weight: 0.5,
            ..Node::default()
        }
    }

    #[test]
    fn each_address_of_the_first_family_is_a_node() {
        let check = |addresses: &[&str], expected: &[&str]| {
            let addresses: Arc<[IpAddr]> = addresses.iter().map(|a| a.parse().unwrap()).collect();
            let found = nodes(&node("pg.svc"), &addresses);
            let shown: Vec<_> = found.iter().map(ToString::to_string).collect();
            assert_eq!(shown, expected);
            // Its name is kept for TLS, its options for choice.
            assert!(found.iter().all(|n| n.host == "pg.svc" && n.weight < 1.0));
        };
        check(&["10.0.0.1"], &["10.0.0.1:5432"]);
        check(
            &["10.0.0.1", "fd00::1", "10.0.0.2", "fd00::2"],
            &["10.0.0.1:5432", "10.0.0.2:5432"],
        );
        check(&["fd00::1", "10.0.0.1"], &["[fd00::1]:5432"]);
        check(&[], &[]);
    }

    #[tokio::test]
    async fn a_name_that_fails_stands_for_what_it_did() {
        let names = Names::default();
        let wrong = node("no.such.host.invalid");
        let before = Node {
            address: Some([10, 0, 0, 1].into()),
            ..wrong.clone()
        };
        let literal = node("10.9.9.9");
        let only = std::slice::from_ref(&literal);
        assert_eq!(find(only, &[], &names).await.unwrap(), only);
        let local = node("localhost");
        let present = [before.clone(), literal.clone()];
        let found = find(&[wrong.clone(), literal, local], &present, &names)
            .await
            .unwrap();
        assert_eq!(found[0], before);
        assert!(found[2].address.unwrap().is_loopback());
        let fault = find(&[wrong], &present, &names).await.unwrap_err();
        assert!(fault.to_string().starts_with("no.such.host.invalid: "));
    }
}
