//! What PgBouncer's parameters are called, how their values are written, and what they are by
//! default: the one place where PgBouncer's defaults stand.
//!
//! The names and defaults are those that PgBouncer 1.25 gives in `SHOW CONFIG` and describes in
//! <https://www.pgbouncer.org/config.html>.

use crate::config::ini::form::Form;

/// A parameter of PgBouncer.
pub(in crate::config) struct Parameter {
    /// Its name.
    pub(in crate::config) name: &'static str,
    /// How its value is written.
    pub(in crate::config) form: Form,
    /// What it is where the file does not set it; `None`: unset.
    pub(in crate::config) default: Option<&'static str>,
}

const fn new(name: &'static str, form: Form, default: &'static str) -> Parameter {
    Parameter {
        name,
        form,
        default: Some(default),
    }
}

const fn unset(name: &'static str, form: Form) -> Parameter {
    Parameter {
        name,
        form,
        default: None,
    }
}

/// The parameter of this name in a list of them.
pub(super) fn find(list: &'static [Parameter], name: &str) -> Option<&'static Parameter> {
    list.iter().find(|p| p.name == name)
}

/// What an ini means by options that only pgsluice has, where that is not what they mean in TOML:
/// who has only PgBouncer's file gets what PgBouncer does.
pub(super) const OURS: &[(&str, &str)] = &[
    // The port of prometheus-pgbouncer-exporter, which may run beside us.
    ("http_listen", ""),
    ("log_format", "pgbouncer"),
    ("read_write_split", "0"),
    ("running_as_root", "refuse"),
    ("server_lifetime_jitter_percent", "0"),
    ("shutdown_mode", "pgbouncer"),
];

/// Where PgBouncer's 0 means that there is no limit and ours must not be 0: the option, and the value
/// that comes to the same, as the option shows it.
pub(super) const LIMITLESS: &[(&str, &str)] = &[
    ("default_pool_size", "2147483647"),
    ("pool_size", "2147483647"),
    ("server_connect_timeout", "87600h"),
    ("stats_period", "87600h"),
    ("suspend_timeout", "87600h"),
];

impl Parameter {
    /// What `ours`, the value of an option as it shows it, is in PgBouncer's notation.
    pub(in crate::config) fn to_theirs(&self, ours: &str) -> String {
        match LIMITLESS.contains(&(self.name, ours)) {
            true => "0".to_owned(),
            false => self.form.to_theirs(ours),
        }
    }
}

/// `[pgbouncer]`
pub(super) const GLOBAL: &[Parameter] = &[
    new("admin_users", Form::Text, ""),
    new("application_name_add_host", Form::Flag, "0"),
    unset("auth_dbname", Form::Text),
    unset("auth_file", Form::Text),
    new("auth_hba_file", Form::Text, ""),
    unset("auth_ident_file", Form::Text),
    unset("auth_ldap_options", Form::Text),
    unset("auth_query", Form::Text),
    new("auth_type", Form::Word, "md5"),
    unset("auth_user", Form::Text),
    new("autodb_idle_timeout", Form::Seconds, "3600"),
    new("cancel_wait_timeout", Form::Seconds, "10"),
    new("client_idle_timeout", Form::Seconds, "0"),
    new("client_login_timeout", Form::Seconds, "60"),
    unset("client_tls13_ciphers", Form::Text),
    new("client_tls_ca_file", Form::Text, ""),
    new("client_tls_cert_file", Form::Text, ""),
    new("client_tls_ciphers", Form::Text, "default"),
    new("client_tls_dheparams", Form::Text, "auto"),
    new("client_tls_ecdhcurve", Form::Text, "auto"),
    new("client_tls_key_file", Form::Text, ""),
    new("client_tls_protocols", Form::Text, "secure"),
    new("client_tls_sslmode", Form::Word, "disable"),
    unset("conffile", Form::Text),
    new("default_pool_size", Form::Int, "20"),
    new("disable_pqexec", Form::Flag, "0"),
    new("dns_max_ttl", Form::Seconds, "15"),
    new("dns_nxdomain_ttl", Form::Seconds, "15"),
    new("dns_zone_check_period", Form::Seconds, "0"),
    new("idle_transaction_timeout", Form::Seconds, "0"),
    new("ignore_startup_parameters", Form::Text, ""),
    new("job_name", Form::Text, "pgbouncer"),
    new("listen_addr", Form::Text, ""),
    new("listen_backlog", Form::Int, "128"),
    new("listen_port", Form::Int, "6432"),
    new("log_connections", Form::Flag, "1"),
    new("log_disconnections", Form::Flag, "1"),
    new("log_pooler_errors", Form::Flag, "1"),
    new("log_stats", Form::Flag, "1"),
    new("logfile", Form::Text, ""),
    new("max_client_conn", Form::Int, "100"),
    new("max_db_client_connections", Form::Int, "0"),
    new("max_db_connections", Form::Int, "0"),
    new("max_packet_size", Form::Int, "2147483647"),
    new("max_prepared_statements", Form::Int, "200"),
    new("max_user_client_connections", Form::Int, "0"),
    new("max_user_connections", Form::Int, "0"),
    new("min_pool_size", Form::Int, "0"),
    new("peer_id", Form::Int, "0"),
    new("pidfile", Form::Text, ""),
    new("pkt_buf", Form::Int, "4096"),
    new("pool_mode", Form::Word, "session"),
    new("query_timeout", Form::Seconds, "0"),
    new("query_wait_notify", Form::WholeSeconds, "5"),
    new("query_wait_timeout", Form::Seconds, "120"),
    new("reserve_pool_size", Form::Int, "0"),
    new("reserve_pool_timeout", Form::Seconds, "5"),
    new("resolv_conf", Form::Text, ""),
    new("sbuf_loopcnt", Form::Int, "5"),
    new("scram_iterations", Form::Int, "4096"),
    new("server_check_delay", Form::Seconds, "30"),
    new("server_check_query", Form::Text, "<empty>"),
    new("server_connect_timeout", Form::Seconds, "15"),
    new("server_fast_close", Form::Flag, "0"),
    new("server_idle_timeout", Form::Seconds, "600"),
    new("server_lifetime", Form::Seconds, "3600"),
    new("server_login_retry", Form::Seconds, "15"),
    new("server_reset_query", Form::Text, "DISCARD ALL"),
    new("server_reset_query_always", Form::Flag, "0"),
    new("server_round_robin", Form::Flag, "0"),
    unset("server_tls13_ciphers", Form::Text),
    new("server_tls_ca_file", Form::Text, ""),
    new("server_tls_cert_file", Form::Text, ""),
    new("server_tls_ciphers", Form::Text, "default"),
    new("server_tls_key_file", Form::Text, ""),
    new("server_tls_protocols", Form::Text, "secure"),
    new("server_tls_sslmode", Form::Word, "prefer"),
    unset("service_name", Form::Text),
    new("so_reuseport", Form::Flag, "0"),
    new("stats_period", Form::WholeSeconds, "60"),
    new("stats_users", Form::Text, ""),
    new("suspend_timeout", Form::Seconds, "10"),
    new("syslog", Form::Flag, "0"),
    new("syslog_facility", Form::Text, "daemon"),
    new("syslog_ident", Form::Text, "pgbouncer"),
    new("tcp_defer_accept", Form::Int, "1"),
    new("tcp_keepalive", Form::Flag, "1"),
    new("tcp_keepcnt", Form::Int, "0"),
    new("tcp_keepidle", Form::WholeSeconds, "0"),
    new("tcp_keepintvl", Form::WholeSeconds, "0"),
    new("tcp_socket_buffer", Form::Int, "0"),
    new("tcp_user_timeout", Form::Milliseconds, "0"),
    new("track_extra_parameters", Form::Text, "IntervalStyle"),
    new("transaction_timeout", Form::Seconds, "0"),
    new("unix_socket_dir", Form::Text, "/tmp"),
    new("unix_socket_group", Form::Text, ""),
    new("unix_socket_mode", Form::Mode, "0777"),
    unset("user", Form::Text),
    unset("verbose", Form::Int),
];

/// The keys of `[databases]`, but for `host` and `port`.
pub(super) const DATABASE: &[Parameter] = &[
    unset("application_name", Form::Text),
    unset("auth_dbname", Form::Text),
    unset("auth_query", Form::Text),
    unset("auth_user", Form::Text),
    unset("client_encoding", Form::Text),
    unset("connect_query", Form::Text),
    unset("datestyle", Form::Text),
    unset("dbname", Form::Text),
    unset("load_balance_hosts", Form::Word),
    unset("max_db_client_connections", Form::Int),
    unset("max_db_connections", Form::Int),
    unset("min_pool_size", Form::Int),
    unset("password", Form::Text),
    unset("pool_mode", Form::Word),
    unset("pool_size", Form::Int),
    unset("reserve_pool_size", Form::Int),
    unset("server_lifetime", Form::Seconds),
    unset("timezone", Form::Text),
    unset("user", Form::Text),
];

/// The keys of `[users]`.
pub(super) const USER: &[Parameter] = &[
    unset("client_idle_timeout", Form::Seconds),
    unset("idle_transaction_timeout", Form::Seconds),
    unset("max_user_client_connections", Form::Int),
    unset("max_user_connections", Form::Int),
    unset("pool_mode", Form::Word),
    unset("pool_size", Form::Int),
    unset("query_timeout", Form::Seconds),
    unset("reserve_pool_size", Form::Int),
    unset("transaction_timeout", Form::Seconds),
];

/// The keys of `[peers]`.
pub(super) const PEER: &[Parameter] = &[
    unset("host", Form::Text),
    unset("pool_size", Form::Int),
    unset("port", Form::Int),
];
