//! Files that PgBouncer runs with, although not all in them makes sense.

use crate::config::ini::tests::good;

/// PgBouncer starts with each of these, and makes the best of it.
#[test]
fn what_pgbouncer_runs_with_is_no_fault() {
    let gone = "/nonexistent/x.pem";
    for (database, pgbouncer) in [
        ("pool_size=3", "min_pool_size = 10"),
        ("pool_size=3 min_pool_size=10", ""),
        ("", &format!("client_tls_cert_file = {gone}")),
        (
            "",
            &format!("client_tls_key_file = {gone}\nclient_tls_ca_file = {gone}"),
        ),
        (
            "",
            &format!("server_tls_sslmode = disable\nserver_tls_cert_file = {gone}"),
        ),
    ] {
        good(&format!(
            "[databases]\nx = host=h {database}\n[pgbouncer]\n{pgbouncer}\n"
        ));
    }
    let config = good("[databases]\nx = host=h password=p\n[pgbouncer]\n");
    let notice = "t.ini:2: databases.x.password: the password has no `user` that it would be of";
    assert_eq!(config.notices, [notice]);
}
