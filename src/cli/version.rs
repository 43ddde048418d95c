//! The version as tools read it.

use std::fmt::Write;

use crate::admin::PGBOUNCER_VERSION;

/// The text of `--version`: as PgBouncer's, whose version tools look for in the first line; then
/// our own.
pub(super) fn text() -> String {
    let mut text = String::new();
    let lines = [
        format!("PgBouncer {PGBOUNCER_VERSION}"),
        format!("pgsluice {}", env!("CARGO_PKG_VERSION")),
        "adns: getaddrinfo".to_owned(),
        "tls: rustls".to_owned(),
        "systemd: yes".to_owned(),
    ];
    for line in lines {
        // Writing to a text does not fail.
        let _ = writeln!(text, "{line}");
    }
    text
}
