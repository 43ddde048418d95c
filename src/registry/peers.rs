//! Other processes to which cancel requests are passed on.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::peers as config;
use crate::config::tls::Tls;
use crate::config::types::Config;
use crate::error::Error;
use crate::net::dial::Target;
use crate::registry::keys::Keys;
use crate::server::dial::Route;
use crate::server::line::Line;
use crate::server::path::Means;
use crate::server::path::Path;
use crate::wire::peer_key;
use crate::wire::startup::CancelKey;

/// A process, and the requests that are passed on to it.
#[derive(Debug)]
pub struct Peer {
    /// What the configuration says of it.
    pub config: Arc<config::Peer>,
    /// Where requests wait for their turn.
    pub line: Arc<Line>,
    path: Path,
}

/// What becomes of a cancel request whose client is not here.
#[derive(Debug)]
pub enum Onward {
    /// It is passed on with this key.
    To(Arc<Peer>, CancelKey),
    /// It means this process, or there are no others.
    Nowhere,
    /// It was passed on too often.
    Exhausted,
    /// It means a process that is not known.
    NoPeer,
}

/// All processes that are not this one.
#[derive(Debug, Default)]
pub struct Peers {
    own_id: u16,
    others: BTreeMap<u16, Arc<Peer>>,
}

impl Peers {
    /// Those of a configuration; requests that wait for one of `before` have their turn in it.
    ///
    /// # Errors
    /// As [`Keys::read`] says.
    pub(super) fn new(config: &Config, means: &Means, before: &Self) -> Result<Self, Error> {
        let means = Means {
            tls: Keys::read(&Tls::default())?.tls,
            ..means.clone()
        };
        let is_other = |id: &u16| *id != config.peer_id.0 && config.peer_id.0 != 0;
        let others = config.peers.iter().filter(|(id, _)| is_other(id));
        let others = others.map(|(id, peer)| {
            let line = before.others.get(id).map(|peer| Arc::clone(&peer.line));
            let line = line.unwrap_or_default();
            line.resize(peer.pool_size.unwrap_or(config.pooling.pool_size.primary));
            let target = Target {
                host: peer.host.clone(),
                port: peer.port,
            };
            let peer = Peer {
                config: Arc::clone(peer),
                line,
                path: Path::new(target, means.clone()),
            };
            (*id, Arc::new(peer))
        });
        Ok(Self {
            own_id: config.peer_id.0,
            others: others.collect(),
        })
    }

    /// This process's own number; 0: it has none.
    pub fn own_id(&self) -> u16 {
        self.own_id
    }

    /// All but this process, by number.
    pub fn others(&self) -> impl ExactSizeIterator<Item = &Arc<Peer>> {
        self.others.values()
    }

    /// Where a request goes whose client is not here.
    pub fn onward(&self, key: &CancelKey) -> Onward {
        let id = peer_key::id(key);
        if self.own_id == 0 || self.own_id == id {
            return Onward::Nowhere;
        }
        let Some(peer) = self.others.get(&id) else {
            return Onward::NoPeer;
        };
        match peer_key::next(key) {
            Some(key) => Onward::To(Arc::clone(peer), key),
            None => Onward::Exhausted,
        }
    }
}

impl Peer {
    /// The way to it.
    pub fn route(&self) -> Option<Route<'_>> {
        self.path.route(self.path.tries().first().copied()?)
    }
}
