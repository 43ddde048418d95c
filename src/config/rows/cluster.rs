//! Options of clusters and of their nodes.

use crate::config::option::At;
use crate::config::option::Group;
use crate::config::option::Row;

pub(super) const CLUSTERS: Group = Group {
    title: "Clusters",
    intro: "`[clusters.NAME]` with `nodes = [\"host:port\", …]`: the nodes that replicate one \
            primary. Which of them is the primary is found out by asking, and may change. The \
            options below may also stand at the top of the file, for all clusters, or in a \
            database that lists `nodes` itself.",
    rows: &[
        Row::new(
            "roles",
            At::Cluster(|c| &mut c.roles),
            "Whether it matters which node is the primary: `watched`, the nodes are asked and \
             statements are sent by role; or `ignored`, they are not asked, need no \
             `monitor_user`, and are taken in turn as PgBouncer takes several hosts.",
        )
        .ours(),
        Row::new(
            "load_balance_hosts",
            At::Cluster(|c| &mut c.load_balance_hosts),
            "With `roles = \"ignored\"`: whether servers are opened to the hosts in turn \
             (`round-robin`), or to the same one until it cannot be reached (`disable`).",
        ),
        Row::new(
            "monitor_user",
            At::Cluster(|c| &mut c.monitor_user),
            "The role that asks the nodes what they are and how far they are. It needs no more \
             than to log in. Default: the forced user of a database of the cluster, else the first \
             of the users whose password is known in plain text.",
        )
        .ours(),
        Row::new(
            "monitor_password",
            At::Cluster(|c| &mut c.monitor_password),
            "Its password. Default: that of the user of this name; none where the nodes trust us.",
        )
        .ours(),
        Row::new(
            "monitor_dbname",
            At::Cluster(|c| &mut c.monitor_dbname),
            "The PostgreSQL database in which the nodes are asked.",
        )
        .ours(),
        Row::new(
            "strategy",
            At::Cluster(|c| &mut c.strategy),
            "How one of several nodes is chosen: `adaptive` by weight, lag, free servers and \
             latency, `least_connections`, `round_robin` or `random`; all heed the weights.",
        )
        .ours(),
        Row::new(
            "primary_reads",
            At::Cluster(|c| &mut c.primary_reads),
            "Whether reads may be served by the primary: `never`, only while no replica may \
             (`fallback`), or `always`. A database may say otherwise for itself.",
        )
        .ours(),
        Row::new(
            "max_lag",
            At::Cluster(|c| &mut c.max_lag),
            "A replica that is further behind serves no reads; 0: however far behind it is.",
        )
        .ours(),
        Row::new(
            "probe_interval",
            At::Cluster(|c| &mut c.probe_interval),
            "Time between two probes of a node's role and health.",
        )
        .ours()
        .not_zero(),
        Row::new(
            "probe_timeout",
            At::Cluster(|c| &mut c.probe_timeout),
            "How long a probe may take, connecting included.",
        )
        .ours()
        .not_zero(),
        Row::new(
            "probe_failures_max",
            At::Cluster(|c| &mut c.probe_failures_max),
            "Failed probes in a row after which a node is down. A refused connection counts at \
             once.",
        )
        .ours()
        .not_zero(),
        Row::new(
            "probe_successes_min",
            At::Cluster(|c| &mut c.probe_successes_min),
            "Good probes in a row after which a node that was down is up.",
        )
        .ours()
        .not_zero(),
        Row::new(
            "sample_interval_fast",
            At::Cluster(|c| &mut c.sample_interval_fast),
            "Time between two samples of how far the nodes are, while someone writes.",
        )
        .ours()
        .not_zero(),
        Row::new(
            "sample_interval_slow",
            At::Cluster(|c| &mut c.sample_interval_slow),
            "The same while nobody writes.",
        )
        .ours()
        .not_zero(),
        Row::new(
            "slow_start",
            At::Cluster(|c| &mut c.slow_start),
            "How long a node that came back takes to get its full share of reads.",
        )
        .ours(),
        Row::new(
            "on_switchover",
            At::Cluster(|c| &mut c.on_switchover),
            "The shell command that the console's SWITCHOVER runs to stop or demote the old primary \
             before the new one is promoted; it gets `PGSLUICE_CLUSTER`, `PGSLUICE_OLD_NODE` and \
             `PGSLUICE_NEW_NODE` (`host:port`). The console's SET cannot change it.",
        )
        .ours(),
        Row::new(
            "switchover_timeout",
            At::Cluster(|c| &mut c.switchover_timeout),
            "How long a SWITCHOVER may take, the ends of running transactions included. Clients \
             wait meanwhile as long as `query_wait_timeout` and `failover_wait` let them.",
        )
        .ours()
        .not_zero(),
        Row::new(
            "discovery",
            At::Cluster(|c| &mut c.discovery.source),
            "Where the list of nodes comes from: `none`, from the file; `dns`, each address of \
             their names is a node; `patroni`, the members that Patroni's REST interface names; \
             `replication`, the nodes of the file and the standbys that stream from the primary \
             (`monitor_user` needs `pg_monitor`). What each node is, is asked of itself all the \
             same. While nobody answers, the list stays as it is.",
        )
        .ours(),
        Row::new(
            "discovery_interval",
            At::Cluster(|c| &mut c.discovery.interval),
            "Time between two questions for the list of nodes; a second at the most while there is \
             no primary.",
        )
        .ours()
        .not_zero(),
        Row::new(
            "discovery_timeout",
            At::Cluster(|c| &mut c.discovery.timeout),
            "How long one such question may take, connecting included.",
        )
        .ours()
        .not_zero(),
        Row::new(
            "discovery_port",
            At::Cluster(|c| &mut c.discovery.port),
            "The port of standbys that `discovery = \"replication\"` finds, as the primary knows \
             only their addresses. Default: the primary's.",
        )
        .ours()
        .not_zero(),
        Row::new(
            "patroni_urls",
            At::Cluster(|c| &mut c.discovery.patroni_urls),
            "Where Patroni answers, as `http://host:port` or `https://host:port`: one is enough, as \
             each names the others. With https the certificate must be made out to the host, by an \
             authority of `server_tls_ca_file` (default: the system's). Default: port 8008 of each \
             node.",
        )
        .ours(),
    ],
};

pub(super) const NODES: Group = Group {
    title: "Nodes",
    intro: "An entry of `nodes` is `\"host\"`, `\"host:port\"`, `\"[address]:port\"`, the folder of \
            a Unix socket, or a table with these options, such as `{ host = \"pg3\", weight = 0.5 }`. \
            One of a watched cluster is one PostgreSQL, as what it is found to be and to hold is \
            taken for true of all its servers: neither a balancer nor, without `discovery = \
            \"dns\"`, a name of several hosts. While the monitor is connected, servers are opened \
            at the address where it is, whatever the name stands for by then; those that are open \
            stay until they are closed for another reason (`server_lifetime`).",
    rows: &[
        Row::new(
            "host",
            At::Node(|n| &mut n.host),
            "Host name, address, or the folder of a Unix socket.",
        ),
        Row::new(
            "port",
            At::Node(|n| &mut n.port),
            "The port, or the number in the name of the Unix socket.",
        )
        .not_zero(),
        Row::new(
            "weight",
            At::Node(|n| &mut n.weight),
            "Share of reads relative to the other nodes; 0: no reads.",
        )
        .ours(),
        Row::new(
            "pool_size",
            At::Node(|n| &mut n.pool_size),
            "Servers in each pool on this node, whatever its role. Default: as the database says.",
        )
        .ours()
        .not_zero(),
    ],
};
