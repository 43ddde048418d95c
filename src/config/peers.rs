//! Other processes to which clients of this one may send their cancel requests.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::config::apply::apply;
use crate::config::fault::Faults;
use crate::config::option::At;
use crate::config::option::Row;
use crate::config::option::Section;
use crate::config::option::Target;
use crate::config::raw::Raw;
use crate::config::value::Field;
use crate::config::value::Scalar;

/// A process that cancel requests are passed on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its `peer_id`.
    pub id: u16,
    /// Host name, address, or the folder of a Unix socket.
    pub host: String,
    /// The port, or the number in the name of the Unix socket.
    pub port: u16,
    /// Requests that are passed on to it at one time; `None`: as `default_pool_size`.
    pub pool_size: Option<u32>,
}

/// The number of a process among its peers, at most [`PEER_ID_MAX`]; 0: it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeerId(pub u16);

/// The largest `peer_id`.
pub const PEER_ID_MAX: u16 = 16_383;

impl Scalar for PeerId {
    fn kind() -> Cow<'static, str> {
        Cow::Borrowed("number")
    }

    fn expected() -> Cow<'static, str> {
        Cow::Owned(format!("a number from 0 to {PEER_ID_MAX}"))
    }

    fn parse(text: &str) -> Option<Self> {
        let id = u16::try_from(u32::parse(text)?).ok()?;
        (id <= PEER_ID_MAX).then_some(Self(id))
    }

    fn show(&self) -> String {
        self.0.to_string()
    }

    fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

/// The processes of a configuration, by their `peer_id`.
pub type Peers = BTreeMap<u16, Arc<Peer>>;

impl Peer {
    /// A process of which nothing is said.
    pub fn new(id: u16) -> Self {
        Self {
            id,
            host: String::new(),
            port: 6432,
            pool_size: None,
        }
    }
}

/// `host:port`
impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Target for Peer {
    const SECTION: Section = Section::Peer;

    fn field(&mut self, row: &Row) -> Option<&mut dyn Field> {
        match row.at {
            At::Peer(lens) => Some(lens(self)),
            At::Global(_)
            | At::Cluster(_)
            | At::Pooling(_)
            | At::Timeouts(_)
            | At::Routing(_)
            | At::Node(_)
            | At::Database(_)
            | At::User(_) => None,
        }
    }
}

/// The number in the name of a section.
///
/// # Errors
/// It is none; in PgBouncer's words, with the limit that its manual gives.
pub(super) fn id(name: &str) -> Result<u16, String> {
    let id = name.parse::<u16>().ok();
    id.filter(|id| (1..=PEER_ID_MAX).contains(id))
        .ok_or_else(|| {
            format!("ids of peers must be a number larger than 0 and at most {PEER_ID_MAX}")
        })
}

/// The processes that `raw` names.
pub(super) fn read(raw: &Raw, faults: &mut Faults) -> Peers {
    let mut peers = Peers::new();
    for section in &raw.peers {
        let id = match id(&section.name) {
            Ok(id) => id,
            Err(message) => {
                faults.add(&section.place, &section.path, message);
                continue;
            }
        };
        let mut peer = Peer::new(id);
        apply(section, &mut peer, faults);
        if section.entry("host").is_none() {
            let message = "`host = \"…\"` is missing";
            faults.add(&section.place, &section.path, message);
        }
        peers.insert(id, Arc::new(peer));
    }
    peers
}
