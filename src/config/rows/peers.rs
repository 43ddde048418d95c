//! Options of cancel requests that come to another process than they mean.

use crate::config::option::At;
use crate::config::option::Group;
use crate::config::option::Row;

pub(super) const PEERS: Group = Group {
    title: "Peers",
    intro: "Where clients reach several processes at one address, a cancel request may come to another \
            than has its client. Each process has a `peer_id`, which is in the keys that its clients are \
            told, and a section `[peers.ID]` for each of the others; its own is passed over, so that all \
            may have the same. They may be PgBouncers.",
    rows: &[
        Row::new(
            "peer_id",
            At::Global(|c| &mut c.peer_id),
            "The number of this process, 1 to 16383; 0: cancel requests are not passed on.",
        ),
        Row::new(
            "host",
            At::Peer(|p| &mut p.host),
            "Host name, address, or the folder of a Unix socket. TLS is not used.",
        ),
        Row::new(
            "port",
            At::Peer(|p| &mut p.port),
            "The port, or the number in the name of the Unix socket.",
        )
        .not_zero(),
        Row::new(
            "pool_size",
            At::Peer(|p| &mut p.pool_size),
            "Cancel requests that are passed on to it at one time. Default: as `default_pool_size`.",
        ),
    ],
};
