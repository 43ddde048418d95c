//! PgBouncer's parameters that are accepted and have no effect here, each with the reason.

/// The reason why a parameter has no effect; `None`: it has one.
pub(super) fn reason(name: &str) -> Option<&'static str> {
    let found = IDLE.iter().find(|(idle, _)| *idle == name)?;
    Some(found.1)
}

const IDLE: &[(&str, &str)] = &[
    (
        "auth_ldap_options",
        "LDAP is not in this build, and auth_type=ldap is refused",
    ),
    (
        "dns_zone_check_period",
        "zones are not looked at: host names are looked up anew",
    ),
    (
        "client_tls_dheparams",
        "keys are agreed on curves only; see client_tls_ecdhcurve",
    ),
    ("job_name", "it names a service of Windows"),
    (
        "pkt_buf",
        "buffers are as large as what is waiting needs; see relay_buffer_bytes_max",
    ),
    (
        "sbuf_loopcnt",
        "clients take turns by the runtime's own budget, not by counting buffers",
    ),
    (
        "resolv_conf",
        "names are resolved by the system, by all that it is set up to ask",
    ),
    ("service_name", "it names a service of Windows"),
    (
        "tcp_defer_accept",
        "clients are accepted when they come; client_login_timeout ends those that say nothing",
    ),
];
