//! A connection's login: who it is, what it may have, and its welcome.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::admin;
use crate::admin::access::Access;
use crate::admin::access::Caller;
use crate::auth::scram::EndPoint;
use crate::client::Context;
use crate::client::admit::Applicant;
use crate::client::admit::Identified;
use crate::client::admit::admit;
use crate::client::console::Visit;
use crate::client::lines::Subject;
use crate::client::relay::now;
use crate::client::replicate::Guest;
use crate::client::timer::Timer;
use crate::client::welcome::write_welcome;
use crate::config::types::CONSOLE_DATABASES;
use crate::error::Blame;
use crate::error::Error;
use crate::ids::ClientId;
use crate::net::about::About;
use crate::net::conn::Conn;
use crate::net::stream::Stream;
use crate::pool::lease::Lease;
use crate::registry::Registry;
use crate::registry::client_key::CANCEL_KEY_BYTES;
use crate::registry::clients::Entered;
use crate::registry::clients::Joining;
use crate::registry::clients::Slot;
use crate::registry::crowds::Admitted;
use crate::registry::desk::Desk;
use crate::registry::dialer::Dialer;
use crate::registry::orders::Orders;
use crate::registry::welcome::Asked;
use crate::registry::welcome::Welcome;
use crate::registry::welcome::add_host;
use crate::registry::welcome::options;
use crate::session::Session;
use crate::session::reported::Reported;
use crate::sqlstate::SqlState;
use crate::wire::startup::Replication;
use crate::wire::startup::Startup;

/// What a login has made.
pub(super) enum Started {
    Session(Box<StartedSession>),
    Console(Visit),
    Replica(Box<Guest>),
}

/// What a session begins with.
pub(super) struct StartedSession {
    pub(super) desk: Arc<Desk>,
    pub(super) slot: Arc<Slot>,
    pub(super) session: Session,
    pub(super) timer: Timer,
    pub(super) entered: (Entered, Admitted),
}

/// What a client has that is let in.
struct Settled {
    desk: Arc<Desk>,
    admitted: Admitted,
    got: Got,
}

/// What it is told its welcome by.
enum Got {
    Welcome(Welcome),
    Server(Lease<Dialer>),
}

/// A connection that wants to log in.
pub(super) struct Newcomer {
    pub(super) id: ClientId,
    pub(super) startup: Startup,
    /// Whether it replicates; `None` if that cannot be told.
    pub(super) replication: Option<Replication>,
    pub(super) end_point: Option<EndPoint>,
    pub(super) certificate_name: Option<String>,
    pub(super) about: About,
    /// Whether it has been let in as far as to try; before, it is nobody in the log.
    pub(super) has_attempted: AtomicBool,
    pub(super) deadline: Instant,
}

impl Newcomer {
    /// What lines are about.
    pub(super) fn subject<'a>(&'a self, database: &'a str) -> Subject<'a> {
        if !self.has_attempted.load(Ordering::Relaxed) {
            return Subject::stranger(self.id, &self.about);
        }
        Subject {
            id: self.id,
            about: &self.about,
            database,
            user: &self.startup.user,
        }
    }

    /// The database that it asks for, if there is one; else nothing.
    pub(super) fn known_as(&self, context: &Context) -> &str {
        let name = self.startup.database.as_str();
        let config = &context.registry.state().config;
        if self.is_for_console() || config.database(name).is_some() {
            name
        } else {
            ""
        }
    }

    pub(super) async fn log_in(
        &self,
        context: &Arc<Context>,
        conn: &mut Conn<Stream>,
    ) -> Result<Started, Error> {
        let registry = &context.registry;
        let state = registry.state();
        // Places of the console are for those who are known: strangers must not have them all.
        let is_console = self.is_for_console() && self.replication == Some(Replication::No);
        let entered = (!is_console).then(|| self.enter(context, 0));
        let entered = entered.transpose()?;
        if self.replication.is_none() {
            return Err(wrong_replication());
        }
        let mut asked = self.settings(&state.config.auth.ignore_startup_parameters)?;
        self.has_attempted.store(true, Ordering::Relaxed);
        let subject = self.subject(self.known_as(context));
        let replication = self.replication.unwrap_or_default();
        let Startup { database, user, .. } = &self.startup;
        subject.attempts((database, user), replication);
        if state.config.auth.application_name_add_host {
            add_host(&mut asked, &conn.stream().socket().told());
        }
        self.startup.negotiate(conn.out());
        let identified = admit(context, conn, &self.applicant(), self.deadline).await?;
        let Some(entered) = entered else {
            return self.start_console(context, conn, &identified);
        };
        let (settled, reloads) = self.settle(registry, &identified, &asked).await?;
        // From here on nothing is waited for.
        let Settled {
            desk,
            admitted,
            got,
        } = settled;
        let entered = (entered, admitted);
        desk.database.metrics.logins.increment(1);
        let (told, parameters) = match &got {
            Got::Welcome(welcome) => (&welcome.told, &welcome.parameters),
            Got::Server(lease) => (&lease.side.reported, &lease.parameters),
        };
        let about = self.about.clone();
        let slot = self.join(registry, &desk.database.name, about, told);
        if registry.clients.reloads() != reloads {
            slot.tell(Orders::RELOAD);
        }
        let parameters = parameters.iter();
        write_welcome(conn.out(), parameters.map(|(n, v)| (&**n, &**v)), &slot);
        Ok(match got {
            Got::Welcome(welcome) => {
                let rules = Arc::clone(&desk.rules);
                let session = Session::new(self.id, rules, welcome.base, welcome.told);
                let timer = Timer::new(now());
                Started::Session(Box::new(StartedSession {
                    desk,
                    slot,
                    session,
                    timer,
                    entered,
                }))
            }
            Got::Server(lease) => Started::Replica(Box::new(Guest {
                desk,
                slot,
                lease,
                entered,
            })),
        })
    }

    /// What the client is given, and how often there had been another configuration before. Where
    /// the one that comes meanwhile has ended the pools of the last, it begins anew.
    async fn settle(
        &self,
        registry: &Registry,
        identified: &Identified,
        asked: &Asked,
    ) -> Result<(Settled, u64), Error> {
        loop {
            let reloads = registry.clients.reloads();
            match self.try_settle(registry, identified, asked).await {
                Ok(settled) => return Ok((settled, reloads)),
                Err(_) if registry.clients.reloads() != reloads && now() < self.deadline => (),
                Err(error) => return Err(error),
            }
        }
    }

    async fn try_settle(
        &self,
        registry: &Registry,
        identified: &Identified,
        asked: &Asked,
    ) -> Result<Settled, Error> {
        if registry.halts.is_ending() {
            let message = "pooler is shutting down";
            return Err(Error::new(Blame::Proxy, SqlState::ADMIN_SHUTDOWN, message));
        }
        let database = registry.database(&self.startup.database)?;
        if !registry.halts.gates.is_open(&database.name) {
            let message = format!("database \"{}\" is disabled", database.name);
            return Err(Error::new(Blame::Client, SqlState::PROTOCOL, message));
        }
        let desk = registry.desk(&database, &identified.user, identified.proof.clone());
        let admitted = desk.places.enter(desk.crowd_limits)?;
        let got = match self.replication.unwrap_or_default() {
            Replication::No => {
                let welcomed = desk.welcome(asked, self.deadline).await;
                welcomed.map(Got::Welcome)
            }
            // A client that replicates is told what its own server has told.
            kind => {
                let leased = desk.replicate(kind, asked, self.deadline).await;
                leased.map(Got::Server)
            }
        };
        if let Err(error) = &got
            && error.sqlstate() == SqlState::NO_SUCH_DATABASE
            && desk.places.database.count() <= 1
        {
            registry.forget(&database);
        }
        Ok(Settled {
            desk,
            admitted,
            got: got?,
        })
    }

    fn applicant(&self) -> Applicant<'_> {
        let certificate_name = self.certificate_name.as_deref();
        let kind = self.replication.unwrap_or_default();
        let end_point = self.end_point.as_ref();
        Applicant::new(&self.startup, certificate_name, end_point, kind)
    }

    /// Counts the connection in, if there is a place: one of those for clients, or of `more_count`
    /// others.
    fn enter(&self, context: &Context, more_count: u32) -> Result<Entered, Error> {
        let registry = &context.registry;
        let count_max = registry.state().config.limits.max_client_conn;
        let count_max = usize::try_from(count_max.saturating_add(more_count));
        let entered = registry.clients.enter(count_max.unwrap_or(usize::MAX));
        entered.ok_or_else(|| {
            let message = "no more connections allowed (max_client_conn)";
            Error::new(Blame::Proxy, SqlState::TOO_MANY_CONNECTIONS, message)
        })
    }

    fn is_for_console(&self) -> bool {
        CONSOLE_DATABASES.contains(&&*self.startup.database)
    }

    /// The client has shown who it is; whether that is one who may use the console is seen here.
    fn start_console(
        &self,
        context: &Context,
        conn: &mut Conn<Stream>,
        identified: &Identified,
    ) -> Result<Started, Error> {
        let registry = &context.registry;
        let caller = Caller {
            user: (*identified.user).into(),
            is_owner: identified.is_owner,
        };
        if Access::of_caller(&registry.state().config, &caller).is_none() {
            return Err(Error::new(Blame::Client, SqlState::PROTOCOL, "not allowed"));
        }
        let entered = self.enter(context, CONSOLE_PLACES_COUNT)?;
        let named = self.startup.parameters.iter();
        let named = named.filter(|(name, _)| name == "application_name");
        let mut told = Arc::new(Reported::default());
        for (name, value) in named.clone() {
            told.on_status(name.as_bytes(), value.as_bytes());
        }
        let about = self.about.clone();
        let slot = self.join(registry, &Arc::from(&*self.startup.database), about, &told);
        let parameters = admin::PARAMETERS.into_iter();
        write_welcome(
            conn.out(),
            parameters.chain(named.map(|(n, v)| (&**n, &**v))),
            &slot,
        );
        Ok(Started::Console(Visit {
            caller,
            slot,
            entered,
        }))
    }

    fn join(
        &self,
        registry: &Registry,
        database: &Arc<str>,
        about: About,
        told: &Arc<Reported>,
    ) -> Arc<Slot> {
        let key_bytes = if self.startup.minor_agreed() < 2 {
            SHORT_KEY_BYTES
        } else {
            CANCEL_KEY_BYTES
        };
        registry.clients.join(Joining {
            id: self.id,
            random: registry.seed().bytes(),
            key_bytes,
            peer_id: registry.state().config.peer_id.0,
            database,
            user: self.startup.user.as_str().into(),
            about,
            told: Arc::clone(told),
            replication: self.replication.unwrap_or_default(),
        })
    }

    /// The settings that the startup packet asks for.
    fn settings(&self, ignored: &[String]) -> Result<Asked, Error> {
        let mut asked = Asked::new();
        for (name, value) in &self.startup.parameters {
            let is_ignored = ignored.iter().any(|i| i.eq_ignore_ascii_case(name));
            match name.as_str() {
                _ if is_ignored => (),
                "options" => asked.extend(options(value)?),
                "replication" => (),
                _ => asked.push((name.clone(), value.clone())),
            }
        }
        asked.retain(|(name, _)| !ignored.iter().any(|i| i.eq_ignore_ascii_case(name)));
        Ok(asked)
    }
}

/// Whether a client replicates, unless that is to be ignored; `None` if it cannot be told.
pub(super) fn replication(startup: &Startup, ignored: &[String]) -> Option<Replication> {
    const NAME: &str = "replication";
    if ignored.iter().any(|i| i.eq_ignore_ascii_case(NAME)) {
        return Some(Replication::No);
    }
    let said = startup.parameters.iter().rfind(|(name, _)| name == NAME);
    said.map_or(Some(Replication::No), |(_, value)| {
        Replication::parse(value)
    })
}

/// What PostgreSQL says.
fn wrong_replication() -> Error {
    let message = "invalid value for parameter \"replication\": expected true, false or database";
    Error::new(Blame::Client, SqlState::INVALID_VALUE, message)
}

/// Connections to the console that there may be beyond `max_client_conn`, so that one can look when all
/// places of clients are taken.
const CONSOLE_PLACES_COUNT: u32 = 10;

/// Bytes of a cancel key in protocol 3.0.
const SHORT_KEY_BYTES: usize = 4;
