//! A listener that greets clients, logs them in and says that it is ready: what stands before the
//! proxy's sessions.

use std::sync::Arc;

use pgsluice::auth::client_login::Account;
use pgsluice::auth::client_login::Guest;
use pgsluice::auth::client_login::Method;
use pgsluice::auth::client_login::Proof;
use pgsluice::auth::mock::Mock;
use pgsluice::auth::secret::Key;
use pgsluice::auth::verifier::Verifier;
use pgsluice::client::greet::Greeting;
use pgsluice::client::greet::greet;
use pgsluice::client::login::login;
use pgsluice::config::types::Listen;
use pgsluice::config::types::Tcp;
use pgsluice::error::Error;
use pgsluice::net::conn::Conn;
use pgsluice::net::dial::Target;
use pgsluice::net::listen::Listener;
use pgsluice::net::stream::Stream;
use pgsluice::net::tls::accept::ClientTls;
use pgsluice::wire::server::Status;
use pgsluice::wire::startup::CancelKey;
use pgsluice::wire::write;
use tokio::sync::mpsc;

/// What came of one client.
#[derive(Debug)]
pub(crate) enum Outcome {
    In { is_tls: bool, proof: Proof },
    Cancel(CancelKey),
    Gone,
    Refused(String),
}

/// How clients are taken. The only user is `me`.
pub(crate) struct Rules {
    pub(crate) method: Method,
    pub(crate) verifier: Verifier,
    pub(crate) tls: ClientTls,
}

pub(crate) struct Front {
    pub(crate) target: Target,
    outcomes: mpsc::Receiver<Outcome>,
    task: tokio::task::JoinHandle<()>,
}

impl Front {
    pub(crate) fn open(rules: Rules) -> Self {
        let listener = Listener::bind_tcp(([127, 0, 0, 1], 0).into(), &Listen::default()).unwrap();
        let port = listener.addr().unwrap().port();
        let (sender, outcomes) = mpsc::channel(64);
        let rules = Arc::new(rules);
        let task = tokio::spawn(async move {
            loop {
                let stream = listener.accept(&Tcp::default()).await.unwrap();
                // Nobody has to ask what came of it.
                let _ = sender.try_send(take(stream, &rules).await);
            }
        });
        let host = "127.0.0.1".to_owned();
        Self {
            target: Target { host, port },
            outcomes,
            task,
        }
    }

    pub(crate) async fn next(&mut self) -> Outcome {
        self.outcomes.recv().await.unwrap()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Takes one client as far as ReadyForQuery.
pub(crate) async fn take(stream: Stream, rules: &Rules) -> Outcome {
    let visitor = match greet(stream, &rules.tls).await {
        Ok(Greeting::Startup(visitor)) => visitor,
        Ok(Greeting::Cancel(key, _)) => return Outcome::Cancel(key),
        Ok(Greeting::Gone) => return Outcome::Gone,
        Err(error) => return Outcome::Refused(error.to_string()),
    };
    let is_tls = visitor.stream.is_tls();
    let mut conn = Conn::new(visitor.stream);
    visitor.startup.negotiate(conn.out());
    let guest = Guest {
        user: &visitor.startup.user,
        account: match visitor.startup.user.as_str() {
            "me" => Account::Stored(&rules.verifier),
            _ => Account::Unknown,
        },
        vouched_name: visitor.certificate_name.as_deref(),
        map: None,
        end_point: visitor.end_point.as_ref(),
    };
    let mock = Mock::new(Key::new([7; 32]), 100, rules.verifier.kind());
    match login(&mut conn, rules.method, &guest, &mock).await {
        Ok(proof) => {
            write::authentication_ok(conn.out());
            write::parameter_status(conn.out(), "server_version", "15.0");
            let key = match visitor.startup.minor_agreed() {
                0 | 1 => [9; 4].as_slice(),
                _ => &[9; 32],
            };
            write::backend_key_data(conn.out(), 42, key);
            write::ready_for_query(conn.out(), Status::Idle);
            conn.flush().await.unwrap();
            Outcome::In { is_tls, proof }
        }
        Err(error) => {
            report(&mut conn, &error).await;
            Outcome::Refused(error.to_string())
        }
    }
}

async fn report(conn: &mut Conn<Stream>, error: &Error) {
    let message = error.to_string();
    let report = write::Report {
        severity: write::Severity::Fatal,
        sqlstate: error.sqlstate(),
        message: &message,
        hint: None,
    };
    write::report(conn.out(), &report);
    // The client may be gone.
    let _ = conn.flush().await;
}
