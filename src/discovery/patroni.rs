//! What Patroni's REST interface says of its cluster at `GET /cluster`.
//!
//! <https://patroni.readthedocs.io/en/latest/rest_api.html>; the members are made by
//! `cluster_as_json` in patroni/utils.py.

use serde_json::Map;
use serde_json::Value;

use crate::config::cluster::Node;
use crate::config::discovery::Url;
use crate::config::nodes::is_host;
use crate::discovery::list::as_configured;

/// What Patroni names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Members {
    /// Their PostgreSQL.
    pub nodes: Vec<Node>,
    /// Their own REST interfaces.
    pub urls: Vec<Url>,
}

impl Members {
    /// Reads the answer. A member without a host (it has not started yet), or of which something
    /// cannot be read, is left out. Weights are those of the file; `noloadbalance` takes away all
    /// reads.
    ///
    /// # Errors
    /// What was expected, and what came.
    pub fn parse(body: &[u8], configured: &[Node]) -> Result<Self, (&'static str, String)> {
        let nonsense = |found: String| ("a JSON object with a list `members`", found);
        let answer: Value =
            serde_json::from_slice(body).map_err(|error| nonsense(error.to_string()))?;
        let members = answer
            .get("members")
            .and_then(Value::as_array)
            .ok_or_else(|| nonsense("something else".to_owned()))?;
        let mut found = Self::default();
        for member in members.iter().filter_map(Value::as_object) {
            found.nodes.extend(node(member, configured));
            let url = member.get("api_url").and_then(Value::as_str);
            found.urls.extend(url.and_then(Url::parse));
        }
        if found.nodes.is_empty() {
            let what = format!("{} members and no host among them", members.len());
            return Err(("members with a host", what));
        }
        Ok(found)
    }
}

fn node(member: &Map<String, Value>, configured: &[Node]) -> Option<Node> {
    let host = member.get("host")?.as_str()?;
    let port = match member.get("port") {
        Some(port) => u16::try_from(port.as_u64()?).ok().filter(|p| *p != 0)?,
        None => Node::default().port,
    };
    if !is_host(host) {
        return None;
    }
    let mut node = as_configured(configured, host, port);
    let tags = member.get("tags").and_then(Value::as_object);
    let tag = tags.and_then(|tags| tags.get("noloadbalance"));
    if tag.is_some_and(is_true) {
        node.weight = 0.0;
    }
    Some(node)
}

/// Tags are what someone has written in YAML.
fn is_true(tag: &Value) -> bool {
    match tag {
        Value::Bool(is_so) => *is_so,
        Value::String(text) => {
            let text = text.to_ascii_lowercase();
            ["true", "on", "yes", "1"].contains(&text.as_str())
        }
        Value::Number(number) => number.as_u64() == Some(1),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests;
