//! From an accepted socket to a session: greeting, login, welcome.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use tokio::time::timeout_at;

use crate::admin;
use crate::admin::access::Access;
use crate::admin::access::Caller;
use crate::auth::mock::Mock;
use crate::auth::secret::Key;
use crate::client::Context;
use crate::client::admit::Applicant;
use crate::client::admit::Identified;
use crate::client::admit::admit;
use crate::client::cancel;
use crate::client::console::Console;
use crate::client::console::Visit;
use crate::client::ending::Ending;
use crate::client::greet::Greeting;
use crate::client::greet::Visitor;
use crate::client::greet::greet;
use crate::client::lines::Subject;
use crate::client::relay::Relay;
use crate::client::relay::now;
use crate::client::say_last;
use crate::client::timer::Timer;
use crate::client::welcome::write_welcome;
use crate::config::types::CONSOLE_DATABASES;
use crate::error::Blame;
use crate::error::Error;
use crate::ids::ClientId;
use crate::net::about::About;
use crate::net::conn::Conn;
use crate::net::stream::Stream;
use crate::net::tls::accept::ClientTls;
use crate::registry::Registry;
use crate::registry::clients::CANCEL_KEY_BYTES;
use crate::registry::clients::Entered;
use crate::registry::clients::Joining;
use crate::registry::clients::Slot;
use crate::registry::crowds::Admitted;
use crate::registry::desk::Desk;
use crate::registry::welcome::Asked;
use crate::registry::welcome::add_host;
use crate::registry::welcome::options;
use crate::session::Session;
use crate::session::reported::Reported;
use crate::sqlstate::SqlState;
use crate::wire::startup::Startup;

/// What logins need, apart from the registry.
#[derive(Debug)]
pub struct LoginContext {
    /// TLS for clients.
    pub tls: ClientTls,
    /// What unknown users are shown.
    pub mock: Mock,
    mock_key: Key,
}

impl LoginContext {
    /// With the key that the mock was made with, so that a reload changes nothing in it.
    pub fn new(tls: ClientTls, mock: Mock, mock_key: Key) -> Self {
        Self {
            tls,
            mock,
            mock_key,
        }
    }

    /// The key of the mock.
    pub fn mock_key(&self) -> &Key {
        &self.mock_key
    }
}

/// Connections to the console that there may be beyond `max_client_conn`.
const CONSOLE_PLACES_COUNT: u32 = 10;

/// Bytes of a cancel key in protocol 3.0.
const SHORT_KEY_BYTES: usize = 4;

/// What a connection has become.
pub(super) enum Begun {
    /// A session in a database.
    Session(Box<Relay>),
    /// A client of the console.
    Console(Box<Console>),
}

/// Brings a connection to where its session begins; `None` if it ends before, and has been told.
pub(super) async fn start(context: &Arc<Context>, stream: Stream, id: ClientId) -> Option<Begun> {
    let state = context.registry.state();
    let limit = state.config.auth.client_login_timeout;
    let deadline = now() + if limit.is_zero() { NO_LIMIT } else { limit };
    let about = About::new(&stream, now());
    let login_context = context.login.load_full();
    let greeting = timeout_at(deadline.into(), Box::pin(greet(stream, &login_context.tls))).await;
    let visitor = match greeting.unwrap_or_else(|_| Err(too_late())) {
        Ok(Greeting::Startup(visitor)) => visitor,
        Ok(Greeting::Cancel(key, stream)) => {
            let newcomer = cancel::Newcomer { id, key, about };
            Box::pin(newcomer.serve(context)).await;
            // Its end shows the client that the request was dealt with.
            drop(stream);
            return None;
        }
        // As PgBouncer does, nothing is said of those who say nothing.
        Ok(Greeting::Gone) => return None,
        Err(error) => {
            context.count_failed_login(&error);
            Subject::stranger(id, &about).leaves(&Ending::Fatal(error));
            return None;
        }
    };
    let Visitor {
        stream,
        startup,
        end_point,
        certificate_name,
    } = *visitor;
    let mut conn = Conn::new(stream);
    let guest = Newcomer {
        id,
        startup,
        end_point,
        certificate_name,
        about: About::new(conn.stream(), about.since),
        has_attempted: AtomicBool::new(false),
        deadline,
    };
    let started = timeout_at(deadline.into(), Box::pin(guest.log_in(context, &mut conn))).await;
    let error = match started {
        Ok(Ok(started)) => {
            guest.subject(&guest.startup.database).logged_in();
            let session = match started {
                Started::Session(session) => session,
                Started::Console(visit) => {
                    return Some(Begun::Console(Box::new(Console::new(context, visit, conn))));
                }
            };
            let mut relay = Box::new(Relay::new(context, *session, conn));
            let ending = match timeout_at(deadline.into(), relay.flush_welcome()).await {
                Ok(Ok(())) => return Some(Begun::Session(relay)),
                Ok(Err(error)) => Ending::Gone(Some(error)),
                Err(_) => Ending::Fatal(too_late()),
            };
            guest.subject(&guest.startup.database).leaves(&ending);
            context.registry.clients.leave(&relay.slot);
            return None;
        }
        Ok(Err(error)) => error,
        Err(_) => too_late(),
    };
    if let Some(database) = context.registry.known_database(&guest.startup.database) {
        database.metrics.logins_failed.increment(1);
    }
    context.errors.count(error.blame(), error.sqlstate());
    let ending = Ending::of_login(error);
    guest.subject(guest.known_as(context)).leaves(&ending);
    say_last(&mut conn, &ending).await;
    None
}

fn too_late() -> Error {
    let message = "client_login_timeout";
    Error::new(Blame::Client, SqlState::NOT_AUTHORIZED, message)
}

/// A timeout of zero is none.
const NO_LIMIT: Duration = Duration::from_secs(365 * 86_400);

/// What a login has made.
enum Started {
    Session(Box<StartedSession>),
    Console(Visit),
}

/// What a session begins with.
pub(super) struct StartedSession {
    pub(super) desk: Arc<Desk>,
    pub(super) slot: Arc<Slot>,
    pub(super) session: Session,
    pub(super) timer: Timer,
    pub(super) entered: (Entered, Admitted),
}

/// A connection that wants to log in.
struct Newcomer {
    id: ClientId,
    startup: Startup,
    end_point: Option<crate::auth::scram::EndPoint>,
    certificate_name: Option<String>,
    about: About,
    /// Whether it has been let in as far as to try; before, it is nobody in the log.
    has_attempted: AtomicBool,
    deadline: Instant,
}

impl Newcomer {
    /// What lines are about.
    fn subject<'a>(&'a self, database: &'a str) -> Subject<'a> {
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
    fn known_as(&self, context: &Context) -> &str {
        let name = self.startup.database.as_str();
        let config = &context.registry.state().config;
        if self.is_for_console() || config.database(name).is_some() {
            name
        } else {
            ""
        }
    }

    async fn log_in(
        &self,
        context: &Arc<Context>,
        conn: &mut Conn<Stream>,
    ) -> Result<Started, Error> {
        let registry = &context.registry;
        let state = registry.state();
        let entered = self.enter(context)?;
        let mut asked = self.settings(&state.config.auth.ignore_startup_parameters)?;
        self.has_attempted.store(true, Ordering::Relaxed);
        let subject = self.subject(self.known_as(context));
        subject.attempts(&self.startup.database, &self.startup.user);
        if state.config.auth.application_name_add_host {
            add_host(&mut asked, &conn.stream().socket().told());
        }
        self.startup.negotiate(conn.out());
        let identified = admit(context, conn, &self.applicant(), self.deadline).await?;
        if self.is_for_console() {
            return self.start_console(context, conn, entered, &identified);
        }
        if registry.halts.is_ending() {
            let message = "pooler is shutting down";
            return Err(Error::new(Blame::Proxy, SqlState::ADMIN_SHUTDOWN, message));
        }
        let database = registry.database(&self.startup.database)?;
        if !registry.halts.gates.is_open(&database.name) {
            let message = format!("database \"{}\" is disabled", database.name);
            return Err(Error::new(Blame::Client, SqlState::PROTOCOL, message));
        }
        let desk = registry.desk(&database, &identified.user, identified.proof);
        let admitted = desk.places.enter(desk.crowd_limits)?;
        let welcomed = desk.welcome(&asked, self.deadline).await;
        let welcome = welcomed.inspect_err(|error| {
            if error.sqlstate() == SqlState::NO_SUCH_DATABASE {
                registry.forget(&database);
            }
        })?;
        database.metrics.logins.increment(1);
        let about = self.about.clone();
        let slot = self.join(registry, &database.name, about, &welcome.told);
        let parameters = welcome.parameters.iter();
        write_welcome(conn.out(), parameters.map(|(n, v)| (&**n, &**v)), &slot);
        let rules = Arc::clone(&desk.rules);
        let session = Session::new(self.id, rules, welcome.base, welcome.told);
        let timer = Timer::new(now());
        Ok(Started::Session(Box::new(StartedSession {
            desk,
            slot,
            session,
            timer,
            entered: (entered, admitted),
        })))
    }

    fn applicant(&self) -> Applicant<'_> {
        let certificate_name = self.certificate_name.as_deref();
        Applicant::new(&self.startup, certificate_name, self.end_point.as_ref())
    }

    /// Counts the connection in. The console has some places of its own, so that one can look when
    /// all others are taken.
    fn enter(&self, context: &Context) -> Result<Entered, Error> {
        let registry = &context.registry;
        let count_max = registry.state().config.limits.max_client_conn;
        let own_count = if self.is_for_console() {
            CONSOLE_PLACES_COUNT
        } else {
            0
        };
        let count_max = usize::try_from(count_max.saturating_add(own_count));
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
        entered: Entered,
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
            database,
            user: self.startup.user.as_str().into(),
            about,
            told: Arc::clone(told),
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
                "replication" if !matches!(value.as_str(), "false" | "off" | "no" | "0") => {
                    let message = "replication connections are not supported by this proxy";
                    return Err(Error::new(Blame::Client, SqlState::NOT_SUPPORTED, message));
                }
                "replication" => (),
                _ => asked.push((name.clone(), value.clone())),
            }
        }
        asked.retain(|(name, _)| !ignored.iter().any(|i| i.eq_ignore_ascii_case(name)));
        Ok(asked)
    }
}
