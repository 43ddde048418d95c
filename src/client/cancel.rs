//! Requests to cancel a query, which come by connections of their own.

use std::sync::Arc;

use crate::client::Context;
use crate::client::lines::Subject;
use crate::ids::ClientId;
use crate::net::about::About;
use crate::net::stream::Stream;
use crate::registry::clients::Cancel;
use crate::registry::clients::Slot;
use crate::registry::requests::Request;
use crate::server::CancelInFlight;
use crate::server::cancel::cancel;
use crate::wire::startup::CancelKey;

/// Passes a cancel request on to the server that runs the query it means.
pub(super) async fn pass_on(
    context: &Arc<Context>,
    (id, about): (ClientId, About),
    key: CancelKey,
    stream: Stream,
) {
    let clients = &context.registry.clients;
    let mut database = None;
    let reason = match clients.cancel(key.pid, &key.secret) {
        Cancel::Done => SENT,
        Cancel::Idle => "cancel request for idle client",
        Cancel::Unknown => FAILED,
        Cancel::Forward(flight, slot) => {
            database = Some(Arc::clone(&slot.database));
            forward(context, (id, about.clone()), &flight, slot).await
        }
    };
    let subject = Subject {
        database: database.as_deref().unwrap_or_default(),
        ..Subject::stranger(id, &about)
    };
    subject.ends(reason);
    // The client sees the end of the stream when the request was dealt with.
    drop(stream);
}

/// Why the client's connection ends then.
async fn forward(
    context: &Arc<Context>,
    (id, about): (ClientId, About),
    flight: &CancelInFlight,
    slot: Arc<Slot>,
) -> &'static str {
    let handle = flight.handle();
    let limit = context.registry.state().config.limits.cancel_wait_timeout;
    let Some(route) = handle.route() else {
        return FAILED;
    };
    let request = Request {
        id,
        about,
        slot,
        node: route.target.to_string().into(),
    };
    let _on_its_way = context.registry.records.requests.set_out(request);
    match cancel(&route, &handle.key, limit).await {
        Ok(()) => SENT,
        Err(error) => {
            tracing::warn!(node = %handle.node, %error, "cancel request was not passed on");
            FAILED
        }
    }
}

const SENT: &str = "successfully sent cancel request";
const FAILED: &str = "failed cancel request";
