//! One node's task: connect, ask when due, report, and begin again when the connection is lost.

use std::sync::Arc;
use std::time::Instant;

use tokio::time::Instant as TokioInstant;
use tokio::time::sleep_until;
use tokio::time::timeout;
use tracing::debug;
use tracing::warn;

use crate::ids::NodeId;
use crate::monitor::pace::Backoff;
use crate::monitor::probe::Probe;
use crate::monitor::probe::Session;
use crate::monitor::probe::Trouble;
use crate::monitor::shared::Shared;
use crate::monitor::shared::URGENT_INTERVAL;
use crate::monitor::shared::now;
use crate::topology::tracker::Hello;

/// Watches a node for ever.
///
/// Cancel safety: yes, the connection is closed and nothing else is held.
pub(super) async fn watch<P: Probe>(shared: Arc<Shared>, probe: Arc<P>, node: NodeId) {
    let mut backoff = Backoff::default();
    loop {
        let started_at = now();
        shared.calm(node);
        let trouble = match connect(&shared, probe.as_ref(), node).await {
            Ok((session, hello)) => follow(&shared, session, hello, node, &mut backoff).await,
            Err(trouble) => trouble,
        };
        report(&shared, node, &trouble);
        pause(&shared, node, started_at, &mut backoff).await;
    }
}

async fn connect<P: Probe>(
    shared: &Shared,
    probe: &P,
    node: NodeId,
) -> Result<(P::Session, Hello), Trouble> {
    match timeout(shared.settings.probe_timeout, probe.connect(node)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Trouble::Silent),
    }
}

/// Asks over one connection until that fails.
async fn follow<S: Session>(
    shared: &Shared,
    mut session: S,
    hello: Hello,
    node: NodeId,
    backoff: &mut Backoff,
) -> Trouble {
    let mut hello = Some(hello);
    loop {
        // Before the question is sent: a certificate may not claim more.
        let asked_at = shared.ask_time(node);
        let answer = match timeout(shared.settings.probe_timeout, session.ask()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(trouble)) => return trouble,
            Err(_) => return Trouble::Silent,
        };
        let answered_at = now();
        let first = hello.take();
        shared.tell(|tracker| tracker.on_answer(node, first, answer, asked_at, answered_at));
        *backoff = Backoff::default();
        wait_due(shared, node, asked_at).await;
    }
}

/// Waits until the next question is due, which may come nearer while it waits.
async fn wait_due(shared: &Shared, node: NodeId, asked_at: Instant) {
    loop {
        let now = now();
        let due = shared.due(node, asked_at, now);
        if due <= now {
            return;
        }
        tokio::select! {
            biased; // A bell that rings together with the timer changes nothing.
            () = sleep_until(TokioInstant::from_std(due)) => return,
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

fn report(shared: &Shared, node: NodeId, trouble: &Trouble) {
    let view = shared.view.load();
    let was_up = view.node(node).is_some_and(|n| n.health.is_up());
    let address = view
        .node(node)
        .map(|n| n.address.as_ref())
        .unwrap_or_default();
    let cluster = shared.settings.cluster.as_ref();
    if was_up {
        warn!(cluster, node = address, error = %trouble, "probe failed");
    } else {
        debug!(cluster, node = address, error = %trouble, "probe failed");
    }
    shared.tell(|tracker| tracker.on_failure(node, trouble.failure(), now()));
}
