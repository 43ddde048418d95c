//! The search for the nodes of one cluster, again and again.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::config::cluster::Cluster;
use crate::config::cluster::Node;
use crate::config::discovery::Source;
use crate::config::discovery::Url;
use crate::config::tls::Tls;
use crate::config::types::Tcp;
use crate::discovery::Fault;
use crate::discovery::dns;
use crate::discovery::list::List;
use crate::discovery::list::NODES_MAX;
use crate::discovery::patroni::Members;
use crate::discovery::replication::Followers;
use crate::discovery::rest;
use crate::net::names::Names;
use crate::net::tls::dial::ServerTls;
use crate::topology::view::View;

/// What a search goes by.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// As the file has it.
    pub configured: &'a Arc<Cluster>,
    /// The nodes that there are.
    pub present: &'a [Node],
    /// What is known of them.
    pub view: &'a View,
    /// What names stand for.
    pub names: &'a Names,
    /// Socket options.
    pub tcp: &'a Tcp,
    /// Authorities and certificates.
    pub tls: &'a Tls,
}

/// What is kept from one question to the next.
#[derive(Debug, Default)]
pub struct Search {
    /// Patroni's interfaces, the one that answered last first.
    known: Vec<Url>,
    /// Standbys that the primary named.
    followers: Followers,
}

impl Search {
    /// Asks once.
    ///
    /// # Errors
    /// Nobody has said anything of use: the list should stay as it is.
    ///
    /// # Cancel safety
    /// Yes.
    pub async fn find(&mut self, scene: Scene<'_>) -> Result<List, Fault> {
        let configured = &scene.configured.nodes;
        let found = match scene.configured.settings.discovery.source {
            Source::None => configured.clone(),
            Source::Replication => {
                let (configured, present) = (scene.configured, scene.present);
                let now = Instant::now().into_std();
                self.followers.find(configured, present, scene.view, now)?
            }
            Source::Dns => dns::find(configured, scene.present, scene.names).await?,
            Source::Patroni => self.ask_patroni(scene).await?,
        };
        let list = List::new(scene.present, found);
        if list.nodes.is_empty() {
            return Err(Fault::Nobody("an empty list".to_owned()));
        }
        Ok(list)
    }

    /// Asks each interface until one answers: that which did last, those of the file, then those
    /// that Patroni named.
    async fn ask_patroni(&mut self, scene: Scene<'_>) -> Result<Vec<Node>, Fault> {
        let discovery = &scene.configured.settings.discovery;
        let mut urls: Vec<Url> = self.known.first().cloned().into_iter().collect();
        urls.extend(first_urls(scene.configured));
        urls.extend(self.known.iter().skip(1).cloned());
        let mut tried: Vec<Url> = Vec::new();
        let mut faults: Vec<Fault> = Vec::new();
        let tls = match urls.iter().any(|url| url.is_tls) {
            true => Some(read_tls(scene.tls).await?),
            false => None,
        };
        for url in urls {
            if tried.contains(&url) {
                continue;
            }
            tried.push(url.clone());
            let by = rest::By {
                names: scene.names,
                tcp: scene.tcp,
                tls: tls.as_ref(),
                limit: discovery.timeout,
            };
            match ask_one(&url, by, &scene.configured.nodes).await {
                Ok(members) => {
                    self.learn(url, members.urls);
                    return Ok(members.nodes);
                }
                Err(fault) => faults.push(fault),
            }
        }
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        Err(Fault::Nobody(faults.join("; ")))
    }

    /// Remembers whom to ask. Who is reached over TLS names others that are, or does not count.
    fn learn(&mut self, asked: Url, named: Vec<Url>) {
        let is_tls = asked.is_tls;
        self.known = vec![asked];
        for url in named {
            if url.is_tls == is_tls && !self.known.contains(&url) && self.known.len() < NODES_MAX {
                self.known.push(url);
            }
        }
    }
}

/// Those of the file, else the usual port of each of its nodes.
fn first_urls(configured: &Cluster) -> Vec<Url> {
    let urls = &configured.settings.discovery.patroni_urls.0;
    if !urls.is_empty() {
        return urls.clone();
    }
    let hosts = configured.nodes.iter().filter(|node| !node.is_unix());
    hosts.map(|node| Url::of_host(&node.host)).collect()
}

async fn ask_one(url: &Url, by: rest::By<'_>, configured: &[Node]) -> Result<Members, Fault> {
    let body = rest::get(url, "/cluster", by).await?;
    Members::parse(&body, configured).map_err(|(expected, found)| Fault::Nonsense {
        at: url.to_string(),
        expected,
        found,
    })
}

/// Reads the files on a thread of its own: the system's authorities are hundreds.
async fn read_tls(tls: &Tls) -> Result<ServerTls, Fault> {
    let tls = tls.clone();
    let read = spawn_blocking(move || ServerTls::for_http(&tls).map_err(|f| f.to_string())).await;
    let read = read.unwrap_or_else(|error| Err(error.to_string()));
    read.map_err(|why| Fault::Nobody(format!("TLS towards Patroni: {why}")))
}

/// When to ask again.
pub fn pause(configured: &Cluster, has_primary: bool) -> Duration {
    let interval = configured.settings.discovery.interval;
    match has_primary {
        true => interval,
        false => interval.min(PAUSE_MAX_WITHOUT_PRIMARY),
    }
}

/// Without a primary, it may be one of which nothing is known yet.
const PAUSE_MAX_WITHOUT_PRIMARY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
