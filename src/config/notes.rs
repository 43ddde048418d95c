//! What is right, but does not do what whoever wrote it may expect.

use std::collections::BTreeSet;

use crate::config::tls::Tls;
use crate::config::types::Config;

/// What servers report and a session cannot set, or sets by a statement of its own.
pub const UNSETTABLE: [&str; 6] = [
    "in_hot_standby",
    "integer_datetimes",
    "is_superuser",
    "server_encoding",
    "server_version",
    "session_authorization",
];

/// Whether a setting (in any case) is one of [`UNSETTABLE`].
pub fn is_unsettable(name: &str) -> bool {
    UNSETTABLE.iter().any(|n| n.eq_ignore_ascii_case(name))
}

/// Adds what is to be said of the options at the top of a file.
pub(super) fn add(config: &mut Config) {
    let names = config.auth.track_extra_parameters.iter();
    let unsettable = names.filter(|name| is_unsettable(name));
    let said = unsettable.map(|name| {
        format!("track_extra_parameters: {name} is not followed: it is not for a session to set")
    });
    let mut notices: Vec<_> = said.collect();
    tls("client", &config.client_tls, &mut notices);
    tls("server", &config.server_tls, &mut notices);
    config.notices.append(&mut notices);
}

/// Adds what is to be said once all databases are known: where users are to be looked up in one that
/// there is not. PgBouncer, too, finds out at the login only.
pub(super) fn add_of_databases(config: &mut Config) {
    let named = config.databases.values().map(|d| &d.lookup.dbname);
    let named: BTreeSet<_> = named
        .chain([&config.auth.lookup.dbname])
        .flatten()
        .collect();
    let missing = named.into_iter().filter(|n| config.database(n).is_none());
    let notices: Vec<_> = missing
        .map(|name| format!("auth_dbname: there is no database {name}: lookups of users will fail"))
        .collect();
    config.notices.extend(notices);
}

/// What TLS was asked for that there is not.
fn tls(side: &str, tls: &Tls, notices: &mut Vec<String>) {
    if tls.protocols.has_old {
        let notice = format!("{side}_tls_protocols: TLS 1.0 and 1.1 are not spoken");
        notices.push(notice);
    }
    let lists = [
        ("tls_ciphers", &tls.ciphers.missing),
        ("tls13_ciphers", &tls.ciphers13.missing),
    ];
    for (name, missing) in lists {
        if !missing.is_empty() {
            let missing = missing.join(", ");
            notices.push(format!("{side}_{name}: these are not used: {missing}"));
        }
    }
}
