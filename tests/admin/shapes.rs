//! The results of SHOW: their columns are those of PgBouncer 1.25.2, as it told them.

use crate::front;
use crate::raw::Raw;
use crate::stage::cluster;

/// Each command, and the names of its columns with their types' OIDs.
const SHOWS: &[(&str, &str)] = &[
    (
        "clients",
        "type:25 user:25 database:25 replication:25 state:25 addr:25 port:23 local_addr:25 \
         local_port:23 connect_time:25 request_time:25 wait:23 wait_us:23 close_needed:23 \
         ptr:25 link:25 remote_pid:23 tls:25 application_name:25 prepared_statements:23 \
         id:23",
    ),
    (
        "databases",
        "name:25 host:25 port:23 database:25 force_user:25 pool_size:23 min_pool_size:23 \
         reserve_pool_size:23 server_lifetime:23 pool_mode:25 load_balance_hosts:25 \
         max_connections:23 current_connections:23 max_client_connections:23 \
         current_client_connections:23 paused:23 disabled:23",
    ),
    ("lists", "list:25 items:23"),
    (
        "pools",
        "database:25 user:25 cl_active:23 cl_waiting:23 cl_active_cancel_req:23 \
         cl_waiting_cancel_req:23 sv_active:23 sv_active_cancel:23 sv_being_canceled:23 \
         sv_idle:23 sv_used:23 sv_tested:23 sv_login:23 maxwait:23 maxwait_us:23 \
         pool_mode:25 load_balance_hosts:25",
    ),
    (
        "servers",
        "type:25 user:25 database:25 replication:25 state:25 addr:25 port:23 local_addr:25 \
         local_port:23 connect_time:25 request_time:25 wait:23 wait_us:23 close_needed:23 \
         ptr:25 link:25 remote_pid:23 tls:25 application_name:25 prepared_statements:23 \
         id:23",
    ),
    (
        "sockets",
        "type:25 user:25 database:25 replication:25 state:25 addr:25 port:23 local_addr:25 \
         local_port:23 connect_time:25 request_time:25 wait:23 wait_us:23 close_needed:23 \
         ptr:25 link:25 remote_pid:23 tls:25 application_name:25 prepared_statements:23 \
         id:23 recv_pos:23 pkt_pos:23 pkt_remain:23 send_pos:23 send_remain:23 pkt_avail:23 \
         send_avail:23",
    ),
    (
        "active_sockets",
        "type:25 user:25 database:25 replication:25 state:25 addr:25 port:23 local_addr:25 \
         local_port:23 connect_time:25 request_time:25 wait:23 wait_us:23 close_needed:23 \
         ptr:25 link:25 remote_pid:23 tls:25 application_name:25 prepared_statements:23 \
         id:23 recv_pos:23 pkt_pos:23 pkt_remain:23 send_pos:23 send_remain:23 pkt_avail:23 \
         send_avail:23",
    ),
    ("state", "key:25 value:25"),
    (
        "stats",
        "database:25 total_server_assignment_count:1700 total_xact_count:1700 \
         total_query_count:1700 total_received:1700 total_sent:1700 total_xact_time:1700 \
         total_query_time:1700 total_wait_time:1700 total_client_parse_count:1700 \
         total_server_parse_count:1700 total_bind_count:1700 \
         avg_server_assignment_count:1700 avg_xact_count:1700 avg_query_count:1700 \
         avg_recv:1700 avg_sent:1700 avg_xact_time:1700 avg_query_time:1700 \
         avg_wait_time:1700 avg_client_parse_count:1700 avg_server_parse_count:1700 \
         avg_bind_count:1700",
    ),
    (
        "stats_totals",
        "database:25 server_assignment_count:1700 xact_count:1700 query_count:1700 \
         bytes_received:1700 bytes_sent:1700 xact_time:1700 query_time:1700 wait_time:1700 \
         client_parse_count:1700 server_parse_count:1700 bind_count:1700",
    ),
    (
        "stats_averages",
        "database:25 server_assignment_count:1700 xact_count:1700 query_count:1700 \
         bytes_received:1700 bytes_sent:1700 xact_time:1700 query_time:1700 wait_time:1700 \
         avg_client_parse_count:1700 avg_server_parse_count:1700 avg_bind_count:1700",
    ),
    (
        "users",
        "name:25 pool_size:25 reserve_pool_size:25 pool_mode:25 max_user_connections:23 \
         current_connections:23 max_user_client_connections:23 \
         current_client_connections:23",
    ),
    ("totals", "name:25 value:1700"),
    ("version", "version:25"),
    ("config", "key:25 value:25 default:25 changeable:25"),
    (
        "fds",
        "fd:23 task:25 user:25 database:25 addr:25 port:23 cancel:20 link:23 \
         client_encoding:25 std_strings:25 datestyle:25 timezone:25 password:25 \
         scram_client_key:17 scram_server_key:17",
    ),
    ("peers", "peer_id:23 host:25 port:23 pool_size:23"),
    (
        "peer_pools",
        "peer_id:23 cl_active_cancel_req:23 cl_waiting_cancel_req:23 sv_active_cancel:23 \
         sv_login:23",
    ),
    ("mem", "name:25 size:23 used:23 free:23 memtotal:23"),
    ("dns_hosts", "hostname:25 ttl:20 addrs:25"),
    ("dns_zones", "zonename:25 serial:20 count:23"),
];

/// The size of a type's values, as `pg_type` has it.
fn size(oid: &str) -> &'static str {
    match oid {
        "23" => "4",
        "20" => "8",
        _ => "-1",
    }
}

#[test]
fn results_have_pgbouncers_columns() {
    let cluster = cluster(0);
    let front = front(&cluster, "shapes", &[("app", "")]);
    front.app("app", "select 1").unwrap();
    let mut root = Raw::log_in(front.port, "root").unwrap();
    for (command, columns) in SHOWS {
        let expected: Vec<_> = columns
            .split_whitespace()
            .map(|column| {
                let (_, oid) = column.rsplit_once(':').unwrap();
                format!("{column}:{}", size(oid))
            })
            .collect();
        for text in [
            format!("show {command}"),
            format!("SHOW {};", command.to_uppercase()),
        ] {
            let said = root.ask(&text);
            assert_eq!(said[0], format!("T {}", expected.join(" ")), "{text}");
            assert_eq!(said[said.len() - 2..], ["C SHOW", "Z I"], "{text}");
        }
    }
}
