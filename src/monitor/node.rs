//! One node's task: connect, ask when due, report, and begin again when the connection is lost.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use tokio::time::Instant as TokioInstant;
use tokio::time::sleep_until;
use tokio::time::timeout;
use tracing::debug;
use tracing::warn;

use crate::ids::NodeId;
use crate::monitor::pace::Backoff;
use crate::monitor::probe::Probe;
use crate::monitor::probe::Said;
use crate::monitor::probe::Session;
use crate::monitor::probe::Trouble;
use crate::monitor::shared::Shared;
use crate::monitor::shared::URGENT_INTERVAL;
use crate::monitor::shared::now;
use crate::topology::identity::Role;
use crate::topology::tracker::Change;
use crate::topology::tracker::Hello;

/// Watches a node for ever.
///
/// Cancel safety: yes, the connection is closed and nothing else is held.
pub(super) async fn watch<P: Probe>(shared: Arc<Shared>, probe: Arc<P>, node: NodeId) {
    let mut backoff = Backoff::default();
    let mut logged = String::new();
    loop {
        let started_at = now();
        shared.calm(node);
        let trouble = match in_time(&shared, probe.connect(node)).await {
            Ok((session, hello)) => {
                logged.clear();
                follow(&shared, session, hello, node).await
            }
            Err(trouble) => trouble,
        };
        if LASTED <= now().saturating_duration_since(started_at) {
            backoff = Backoff::default();
        }
        report(&shared, node, &trouble, &mut logged);
        pause(&shared, node, started_at, &mut backoff).await;
    }
}

/// Asks over one connection until that fails.
async fn follow<S: Session>(
    shared: &Shared,
    mut session: S,
    hello: Hello,
    node: NodeId,
) -> Trouble {
    let mut hello = Some(hello);
    let mut replication = Replication::default();
    loop {
        // Before the question is sent: a certificate may not claim more.
        let asked_at = shared.ask_time(node);
        let answer = match in_time(shared, session.ask()).await {
            Ok(answer) => answer,
            Err(trouble) => return trouble,
        };
        let (now, role) = (now(), answer.role);
        let first = hello.take();
        shared.tell(|tracker| tracker.on_answer(node, first, answer, asked_at, now));
        if shared.wants_flush(node, now)
            && let Err(trouble) = in_time(shared, session.flush()).await
        {
            return trouble;
        }
        if let Err(trouble) = replication.follow(shared, &mut session, node, role).await {
            return trouble;
        }
        if let Some(trouble) = wait_due(shared, &mut session, node, asked_at).await {
            return trouble;
        }
    }
}

/// When a node was last asked about replication, and as what.
#[derive(Debug, Default)]
struct Replication {
    last: Option<(Role, Instant)>,
}

impl Replication {
    /// Asks, if it is time to or the node is something else than it was.
    async fn follow<S: Session>(
        &mut self,
        shared: &Shared,
        session: &mut S,
        node: NodeId,
        role: Role,
    ) -> Result<(), Trouble> {
        let interval = shared.settings.interval_replication;
        let is_due = |(as_role, at): (Role, Instant)| as_role != role || at + interval <= now();
        if self.last.is_some_and(|last| !is_due(last)) {
            return Ok(());
        }
        let said = in_time(shared, session.replication(role)).await?;
        self.last = Some((role, now()));
        shared.tell(|tracker| match said {
            Some(Said::Standbys(standbys)) => tracker.on_standbys(node, standbys),
            Some(Said::Oneself(oneself)) => tracker.on_oneself(node, oneself),
            None => Change::Nothing,
        });
        Ok(())
    }
}

async fn in_time<T>(
    shared: &Shared,
    reply: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    let limit = shared.settings.probe_timeout;
    timeout(limit, reply).await.unwrap_or(Err(Trouble::Silent))
}

/// Waits until the next question is due, which may come nearer while it waits, or until the
/// connection is lost.
async fn wait_due<S: Session>(
    shared: &Shared,
    session: &mut S,
    node: NodeId,
    asked_at: Instant,
) -> Option<Trouble> {
    loop {
        let now = now();
        let due = shared.due(node, asked_at, now);
        if due <= now {
            return None;
        }
        tokio::select! {
            biased; // A loss first; a bell that rings together with the timer changes nothing.
            trouble = session.lost() => return Some(trouble),
            () = sleep_until(TokioInstant::from_std(due)) => return None,
            () = shared.woken(node) => (),
        }
    }
}

/// Waits before the next attempt to connect.
async fn pause(shared: &Shared, node: NodeId, started_at: Instant, backoff: &mut Backoff) {
    let mut until = now() + backoff.next_wait(rand::random::<f64>());
    loop {
        tokio::select! {
            biased; // As in `wait_due`.
            () = sleep_until(TokioInstant::from_std(until)) => return,
            () = shared.woken(node) => (),
        }
        if shared.is_urgent(node) {
            until = until.min(started_at + URGENT_INTERVAL);
        }
    }
}

/// Tells of a failure, and logs it unless it is what was `logged` last.
fn report(shared: &Shared, node: NodeId, trouble: &Trouble, logged: &mut String) {
    let view = shared.view.load();
    let text = trouble.to_string();
    let is_news = *logged != text;
    let address = view
        .node(node)
        .map(|n| n.address.as_ref())
        .unwrap_or_default();
    let cluster = shared.settings.cluster.as_ref();
    if is_news {
        *logged = text;
        warn!(cluster, node = address, error = %trouble, "probe failed");
    } else {
        debug!(cluster, node = address, error = %trouble, "probe failed");
    }
    shared.tell(|tracker| tracker.on_failure(node, trouble.failure(), now()));
}

/// A connection that lasted this long makes the next attempt a first one.
const LASTED: Duration = Duration::from_secs(1);
