//! Requests to cancel a query, which come by connections of their own.

use std::sync::Arc;

use crate::client::Context;
use crate::ids::ClientId;
use crate::net::about::About;
use crate::net::stream::Stream;
use crate::registry::clients::Cancel;
use crate::registry::requests::Request;
use crate::server::cancel::cancel;
use crate::wire::startup::CancelKey;

/// Passes a cancel request on to the server that runs the query it means.
pub(super) async fn pass_on(
    context: &Arc<Context>,
    (id, about): (ClientId, About),
    key: CancelKey,
    stream: Stream,
) {
    match context.registry.clients.cancel(key.pid, &key.secret) {
        Cancel::Done => (),
        Cancel::Forward(flight, slot) => {
            let handle = flight.handle();
            let limit = context.registry.state().config.limits.cancel_wait_timeout;
            let Some(route) = handle.route() else {
                return;
            };
            let request = Request {
                id,
                about,
                slot,
                node: route.target.to_string().into(),
            };
            let _on_its_way = context.registry.records.requests.set_out(request);
            if let Err(error) = cancel(&route, &handle.key, limit).await {
                tracing::warn!(node = %handle.node, %error, "cancel request was not passed on");
            }
        }
    }
    // The client sees the end of the stream when the request was dealt with.
    drop(stream);
}
