//! Who the process is to the system: its user, its limits, whether it has a terminal.

use std::ffi::CString;

use nix::sys::resource::Resource;
use nix::sys::resource::getrlimit;
use nix::sys::resource::setrlimit;
use nix::unistd::Uid;
use nix::unistd::User;
use nix::unistd::daemon;
use nix::unistd::initgroups;
use nix::unistd::setgid;
use nix::unistd::setuid;

use crate::config::process::AsRoot;
use crate::config::process::Process;
use crate::config::types::Config;

/// Becomes the user that is named on the command line or in the configuration; root may be refused.
///
/// # Errors
/// There is no such user, we may not become it, or root is refused.
pub(super) fn become_user(process: &Process, named: Option<&str>) -> Result<(), String> {
    if let Some(name) = named.or(process.user.as_deref()) {
        switch_to(name)?;
    }
    if !Uid::effective().is_root() {
        return Ok(());
    }
    match process.as_root {
        AsRoot::Refuse => Err("PgBouncer should not run as root".to_owned()),
        AsRoot::Warn => {
            tracing::warn!("running as root: the option user, or --user, makes it somebody else");
            Ok(())
        }
    }
}

fn switch_to(name: &str) -> Result<(), String> {
    let unknown = || format!("could not find user '{name}' to switch to");
    let user = User::from_name(name).ok().flatten().ok_or_else(unknown)?;
    if user.uid == Uid::effective() {
        return Ok(());
    }
    let login = CString::new(name).map_err(|_| unknown())?;
    // The group while we still may.
    initgroups(&login, user.gid)
        .and_then(|()| setgid(user.gid))
        .and_then(|()| setuid(user.uid))
        .map_err(|error| {
            format!(
                "failed to assume identity of user '{name}': {}",
                error.desc()
            )
        })
}

/// Goes on in the background: in a session of its own, with no terminal and standard streams that lead
/// nowhere. The process that was started ends well. To be called while there is one thread.
///
/// # Errors
/// The system has no room for another process.
pub(super) fn go_background() -> Result<(), String> {
    // Relative paths go on to mean what they meant.
    daemon(true, false).map_err(|error| format!("cannot go into the background: {}", error.desc()))
}

/// Takes as many file descriptors as the system gives, and says whether they will do.
pub(super) fn raise_descriptor_limit(config: &Config) {
    let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return;
    };
    // It may be refused in a sandbox; what there is then is said.
    let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((hard, hard));
    let (max_client_conn, expected) = (config.limits.max_client_conn, expected(config));
    tracing::info!(
        soft,
        hard,
        max_client_conn,
        expected,
        "file descriptor limit"
    );
    if soft < expected {
        tracing::warn!("fewer file descriptors than all clients and servers together may need");
    }
}

/// Descriptors when all clients are there and all pools are full.
fn expected(config: &Config) -> u64 {
    /// Listeners, logs, the runtime's own.
    const OTHERS: u64 = 10;
    let users = config.users.len().max(1);
    let servers = config.databases.values().map(|database| {
        let nodes = config.cluster_of(database).map_or(1, |c| c.nodes.len());
        let users = match database.forced_user {
            Some(_) => 1,
            None => users,
        };
        let sizes = database.pooling.pool_size;
        let largest = u64::from(sizes.primary.max(sizes.replica));
        largest * u64::try_from(nodes * users).unwrap_or(u64::MAX)
    });
    u64::from(config.limits.max_client_conn) + OTHERS + servers.sum::<u64>()
}
