//! Whom the monitor logs in as where the configuration does not say it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::auth::server_login::Credential;
use crate::config::cluster::Cluster;
use crate::config::database::Credentials;
use crate::config::database::Database;
use crate::config::database::User;

/// How the nodes of `cluster` are asked: by `monitor_user`, else by what its databases or clients
/// log in with.
///
/// A `monitor_user` without any password is taken as it is: its nodes may trust us.
///
/// # Errors
/// What to set, where nothing can be found.
pub(super) fn credentials(
    cluster: &Cluster,
    databases: &BTreeMap<String, Arc<Database>>,
    users: &BTreeMap<String, User>,
) -> Result<Credentials, &'static str> {
    let settings = &cluster.settings;
    let on_cluster = databases.values().filter(|d| d.cluster == cluster.name);
    let mut forced: Vec<_> = on_cluster.filter_map(|d| d.forced_user.as_ref()).collect();
    // Those with a password first; the sort is stable, so by the databases' names within.
    let has_password = |c: &Credentials| matches!(c.credential, Credential::Password(_));
    forced.sort_by_key(|c| (!has_password(c), c.credential == Credential::None));
    if let Some(user) = &settings.monitor_user {
        let given = settings.monitor_password.clone().map(Credential::Password);
        let stored = users.get(user).map(User::credential);
        let same = forced.iter().find(|c| c.user == *user);
        let same = same.map(|same| same.credential.clone());
        let mut found = [given, stored, same].into_iter().flatten();
        let found = found.find(|credential| *credential != Credential::None);
        return Ok(Credentials {
            user: user.clone(),
            credential: found.unwrap_or_default(),
        });
    }
    if settings.monitor_password.is_some() {
        return Err("monitor_password is set, but not whose it is; set monitor_user");
    }
    if let Some(credentials) = forced.first().filter(|c| has_password(c)) {
        return Ok((*credentials).clone());
    }
    for user in users.values() {
        if let Some(password) = user.password_for_servers() {
            return Ok(Credentials {
                user: user.name.clone(),
                credential: Credential::Password(password),
            });
        }
    }
    let last = forced.first().map(|c| (*c).clone());
    last.ok_or(
        "nothing to ask the nodes with, as no password is known in plain text; set monitor_user \
         and monitor_password to a role that may log in (monitor_user alone where the nodes trust \
         this host)",
    )
}
