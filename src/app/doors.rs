//! Where clients, those who watch and a successor come in, until these doors are closed.

use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio::time::timeout;

use crate::app::pages::Pages;
use crate::app::sockets::Sockets;
use crate::app::sockets::open_back_door;
use crate::app::successor::Heritage;
use crate::app::successor::wait_for_successor;
use crate::client;
use crate::client::Context;
use crate::client::arrivals::Arrival;
use crate::control::Control;
use crate::http;
use crate::net::listen::Listener;
use crate::registry::records::Door;

/// The tasks that accept. Dropped, they end.
#[derive(Debug, Default)]
pub(super) struct Doors {
    tcp: JoinSet<()>,
    unix: JoinSet<()>,
    http: JoinSet<()>,
    successor: JoinSet<()>,
}

impl Doors {
    /// Accepts at all sockets from now on.
    pub(super) fn open(sockets: Sockets, context: &Arc<Context>, control: &Control) -> Self {
        let mut doors = Self::default();
        let clients: Vec<_> = sockets.clients.into_iter().map(Arc::new).collect();
        if let Some(window) = sockets.window {
            let heritage = Heritage::new(window, &clients, sockets.http.as_ref());
            let asks = context.asks.clone();
            doors.successor.spawn(wait_for_successor(heritage, asks));
        }
        let shown = clients.iter().map(|listener| Door {
            fd: listener.socket().as_raw_fd(),
            address: listener.addr(),
        });
        context.registry.records.set_doors(shown.collect());
        for listener in clients {
            tracing::info!(at = %listener, "listening");
            let is_tcp = listener.addr().is_some();
            let accepting = accept(Arc::clone(context), listener);
            let tasks = if is_tcp {
                &mut doors.tcp
            } else {
                &mut doors.unix
            };
            tasks.spawn(accepting);
        }
        if let Some(listener) = sockets.http {
            if let Ok(at) = listener.local_addr() {
                tracing::info!(%at, "listening for HTTP");
            }
            let pages = Arc::new(Pages::new(Arc::clone(context)));
            doors
                .http
                .spawn(http::run(listener, pages, control.watch()));
        }
        doors
    }

    /// No new clients by TCP, and no successor. Whoever waits for the end can still look in by the
    /// Unix socket, and see by HTTP that it comes.
    pub(super) async fn close(&mut self) {
        self.successor.shutdown().await;
        self.tcp.shutdown().await;
    }

    /// Nobody at all.
    pub(super) async fn close_all(&mut self) {
        self.tcp.shutdown().await;
        self.unix.shutdown().await;
        self.http.shutdown().await;
        // One that has the sockets hears by this that nobody is accepted here any more.
        self.successor.shutdown().await;
    }

    /// Leaves all of them to another process, save one for what that passes on.
    pub(super) async fn hand_over(&mut self, context: &Arc<Context>) {
        context.elders.join();
        let back = open_back_door(&context.registry.state().config);
        self.close_all().await;
        if let Some(listener) = back {
            let accepting = accept(Arc::clone(context), Arc::new(listener));
            self.unix.spawn(accepting);
        }
    }

    /// Waits until the last page was served, but not for ever.
    pub(super) async fn last_page(&mut self, limit: Duration) {
        let _ = timeout(limit, self.http.join_next()).await;
    }
}

/// Accepts clients until it is aborted. Each has a task of its own, which ends by itself.
async fn accept(context: Arc<Context>, listener: Arc<Listener>) {
    /// How long to wait when the process has no file descriptors left.
    const FULL_WAIT: Duration = Duration::from_millis(50);
    loop {
        // The options may change with a reload.
        let halts = &context.registry.halts;
        halts.while_suspended().await;
        let state = context.registry.state();
        let accepted = tokio::select! {
            biased;
            () = halts.suspended() => continue,
            accepted = listener.accept(&state.config.tcp) => accepted,
        };
        match accepted {
            Ok(stream) => {
                let arrival = Arrival::new(Arc::clone(&context));
                drop(tokio::spawn(client::serve(arrival, stream)));
            }
            Err(error) if is_of_one_connection(&error) => (),
            Err(error) => {
                tracing::error!(%error, "cannot accept clients");
                sleep(FULL_WAIT).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::Interrupted
    )
}
