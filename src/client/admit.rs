//! Decides how a newcomer has to prove who it is, has it do so, and says as whom it goes on.
//!
//! Nothing is told of the database before the proof, nor of the user: what is unknown is stood in
//! for, and fails as a wrong password does.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use nix::unistd::Uid;
use nix::unistd::User;
use nix::unistd::geteuid;
use tokio::task::spawn_blocking;

use crate::auth::client_login::Account;
use crate::auth::client_login::Guest;
use crate::auth::client_login::Method;
use crate::auth::client_login::Proof;
use crate::auth::hba;
use crate::auth::refusal::Refusal;
use crate::auth::scram::EndPoint;
use crate::auth::verifier::Verifier;
use crate::client::Context;
use crate::client::login::login;
use crate::config::database::User as ListedUser;
use crate::config::types::CONSOLE_DATABASES;
use crate::config::types::Config;
use crate::config::types::Lookup;
use crate::config::words::AuthType;
use crate::error::Error;
use crate::net::conn::Conn;
use crate::net::stream::Peer;
use crate::net::stream::Stream;
use crate::registry::lookups::Found;
use crate::wire::startup::Replication;
use crate::wire::startup::Startup;

/// Who wants to be let in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Applicant<'a> {
    /// The name from the startup packet.
    pub(super) user: &'a str,
    /// The database that it asks for.
    pub(super) database: &'a str,
    /// Whether it asks for physical replication instead.
    pub(super) is_replication: bool,
    /// The common name of its certificate, if that is good.
    pub(super) certificate_name: Option<&'a str>,
    /// What SCRAM can bind to.
    pub(super) end_point: Option<&'a EndPoint>,
}

/// As whom a client goes on.
#[derive(Debug)]
pub(super) struct Identified {
    /// The user.
    pub(super) user: Arc<str>,
    /// What it has shown.
    pub(super) proof: Proof,
    /// Whether it is whoever runs this process.
    pub(super) is_owner: bool,
}

/// Has an applicant log in, up to AuthenticationOk, which is for the caller to write.
///
/// # Errors
/// It is refused or gone; it has not been told.
///
/// # Cancel safety
/// No: the client must be closed.
pub(super) async fn admit(
    context: &Context,
    conn: &mut Conn<Stream>,
    applicant: &Applicant<'_>,
    deadline: Instant,
) -> Result<Identified, Error> {
    let state = context.registry.state();
    let config = &state.config;
    let uid = conn.stream().socket().peer_uid();
    if applicant.is_owner(uid) {
        return Ok(Identified {
            user: applicant.user.into(),
            proof: Proof::None,
            is_owner: true,
        });
    }
    let Some(terms) = terms(config, applicant, conn.stream())? else {
        let user = anyone(config, applicant)?;
        return Ok(Identified {
            user: user.into(),
            proof: Proof::None,
            is_owner: false,
        });
    };
    let stored = find(context, config, applicant, deadline).await?;
    let system_name = match (terms.method, uid) {
        (Method::Peer, Some(uid)) => name_of(uid).await,
        (Method::Peer, None) => None,
        (Method::Trust | Method::Plain | Method::Md5 | Method::Scram | Method::Certificate, _) => {
            applicant.certificate_name.map(str::to_owned)
        }
    };
    let guest = Guest {
        user: applicant.user,
        account: stored.account(),
        vouched_name: system_name.as_deref(),
        map: terms.map.map(|map| (&*config.auth.maps, map)),
        end_point: applicant.end_point,
    };
    let login_context = context.login.load_full();
    let shown = login(conn, terms.method, &guest, &login_context.mock).await?;
    let user = stored.name().map_or(applicant.user.into(), Arc::clone);
    Ok(Identified {
        user,
        proof: stored.proof(shown),
        is_owner: false,
    })
}

impl<'a> Applicant<'a> {
    /// Who has sent this startup message.
    pub(super) fn new(
        startup: &'a Startup,
        certificate_name: Option<&'a str>,
        end_point: Option<&'a EndPoint>,
        replication: Replication,
    ) -> Self {
        Self {
            user: &startup.user,
            database: &startup.database,
            is_replication: replication == Replication::Physical,
            certificate_name,
            end_point,
        }
    }

    /// Whether it is whoever runs this process and comes to the console by the Unix socket, under the
    /// name that is for this.
    fn is_owner(&self, uid: Option<u32>) -> bool {
        let is_ours = |uid| Uid::from_raw(uid) == geteuid();
        self.is_for_console() && CONSOLE_DATABASES.contains(&self.user) && uid.is_some_and(is_ours)
    }

    fn is_for_console(&self) -> bool {
        CONSOLE_DATABASES.contains(&self.database)
    }
}

/// How an applicant is to prove who it is.
struct Terms<'c> {
    method: Method,
    /// By which map what is vouched for is compared with the user.
    map: Option<&'c str>,
}

/// How an applicant is to prove who it is; `None`: not at all.
fn terms<'c>(
    config: &'c Config,
    applicant: &Applicant<'_>,
    stream: &Stream,
) -> Result<Option<Terms<'c>>, Refusal> {
    let method = match config.auth.auth_type {
        AuthType::Any => return Ok(None),
        AuthType::Hba => {
            let connection = hba::Connection {
                database: applicant.database,
                user: applicant.user,
                is_replication: applicant.is_replication,
                address: address(stream.peer()),
                is_tls: stream.is_tls(),
            };
            let rule = config.auth.hba.rule(&connection);
            let rule = rule.ok_or(Refusal::NoMethod)?;
            let map = rule.map.as_deref();
            return method_of(rule).map(|method| Some(Terms { method, map }));
        }
        AuthType::Trust => Method::Trust,
        AuthType::Plain => Method::Plain,
        AuthType::Md5 => Method::Md5,
        AuthType::Scram => Method::Scram,
        AuthType::Certificate => Method::Certificate,
        // A checked configuration has neither.
        AuthType::Ldap | AuthType::Pam => return Err(Refusal::NoMethod),
    };
    Ok(Some(Terms { method, map: None }))
}

fn method_of(rule: &hba::Rule) -> Result<Method, Refusal> {
    match rule.method {
        hba::Method::Trust => Ok(Method::Trust),
        // Rules of LDAP say so, too, once they are checked.
        hba::Method::Reject | hba::Method::Ldap => Err(Refusal::Rejected),
        hba::Method::Plain => Ok(Method::Plain),
        hba::Method::Md5 => Ok(Method::Md5),
        hba::Method::Scram => Ok(Method::Scram),
        hba::Method::Certificate => Ok(Method::Certificate),
        hba::Method::Peer => Ok(Method::Peer),
    }
}

/// As rules have it: an IPv4 client of an IPv6 socket is an IPv4 client.
fn address(peer: Peer) -> Option<IpAddr> {
    match peer {
        Peer::Tcp(address) => Some(address.ip().to_canonical()),
        Peer::Unix | Peer::Duplex => None,
    }
}

/// Who a client is where the name that it gives does not count.
fn anyone<'a>(config: &'a Config, applicant: &Applicant<'a>) -> Result<&'a str, Refusal> {
    if applicant.is_for_console() {
        return Ok(applicant.user);
    }
    let database = config.database(applicant.database);
    let forced = database.and_then(|database| database.forced_user.as_ref());
    forced.map(|forced| &*forced.user).ok_or(Refusal::Nobody)
}

/// What is known of an applicant.
enum Stored {
    Unknown,
    /// In a file.
    Listed(Arc<ListedUser>),
    /// By `auth_query`.
    Found(Found),
}

impl Stored {
    fn account(&self) -> Account<'_> {
        let secret = match self {
            Self::Unknown => return Account::Unknown,
            Self::Listed(user) => user.secret.as_ref(),
            Self::Found(found) => found.secret.as_ref(),
        };
        secret.map_or(Account::WithoutSecret, Account::Stored)
    }

    /// The name by which whoever keeps the secret has the user.
    fn name(&self) -> Option<&Arc<str>> {
        match self {
            Self::Unknown | Self::Listed(_) => None,
            Self::Found(found) => Some(&found.name),
        }
    }

    /// What proves to servers who the client is: of what it has shown and what was found of it, that
    /// which is good for more.
    fn proof(self, shown: Proof) -> Proof {
        let found = match self {
            Self::Unknown | Self::Listed(_) => None,
            Self::Found(found) => found.secret,
        };
        match (found, shown) {
            (Some(Verifier::Plain(plain)), _) => Proof::Password(plain.secret().clone()),
            (Some(Verifier::Md5(hash)), Proof::None) => Proof::Md5(hash),
            (Some(Verifier::Md5(_) | Verifier::Scram(_)) | None, shown) => shown,
        }
    }
}

/// Looks for an applicant in the files, then where its database says that others are found.
async fn find(
    context: &Context,
    config: &Config,
    applicant: &Applicant<'_>,
    deadline: Instant,
) -> Result<Stored, Error> {
    let listed = config.users.get(applicant.user);
    if let Some(user) = listed.filter(|user| user.is_listed || user.secret.is_some()) {
        return Ok(Stored::Listed(Arc::clone(user)));
    }
    let registry = &context.registry;
    let found = match where_to_look(config, applicant) {
        Some((lookup, database)) => {
            let asked = registry.look_up(lookup, database, applicant.user, deadline);
            Box::pin(asked).await?
        }
        None => None,
    };
    Ok(match (found, listed) {
        (Some(found), _) => Stored::Found(found),
        (None, Some(user)) => Stored::Listed(Arc::clone(user)),
        (None, None) => Stored::Unknown,
    })
}

/// How users of the database are looked up, and in which one of ours. A database that there is not,
/// and the console, have none but that which is named for all.
fn where_to_look<'a>(
    config: &'a Config,
    applicant: &Applicant<'a>,
) -> Option<(&'a Lookup, &'a str)> {
    let database = config
        .database(applicant.database)
        .filter(|_| !applicant.is_for_console());
    let (lookup, own) = match database {
        Some(database) => (&database.lookup, Some(applicant.database)),
        None => (&config.auth.lookup, None),
    };
    lookup.user.as_ref()?;
    Some((lookup, lookup.dbname.as_deref().or(own)?))
}

/// The name that the system has for a user.
async fn name_of(uid: u32) -> Option<String> {
    // It may ask a directory on the network.
    let asked = spawn_blocking(move || User::from_uid(Uid::from_raw(uid))).await;
    asked.ok()?.ok()?.map(|user| user.name)
}
