//! What a client's task does while the process is suspended, and what others see of it.

use std::future::poll_fn;
use std::task::Context;
use std::task::Poll;
use std::task::ready;

use crate::client::ending::Ending;
use crate::client::relay::Relay;
use crate::registry::orders::Orders;

impl Relay {
    /// Notes that the client has no server.
    pub(super) fn unlink(&self) {
        let session = &self.session;
        self.slot.unlink(session.told(), session.prepared_count());
    }

    /// Notes what has become of a session that keeps its server.
    pub(super) fn note_kept(&self) {
        let session = &self.session;
        if session.is_idle() {
            self.slot.report(session.told(), session.prepared_count());
        }
    }

    /// Writes what there is to be written to both sides, then does nothing until it may go on.
    ///
    /// # Errors
    /// The client has to leave.
    pub(super) async fn stand_still(&mut self) -> Result<(), Ending> {
        poll_fn(|cx| self.poll_flushed(cx)).await?;
        self.slot.stand_still(true);
        let told = poll_fn(|cx| {
            let orders = self.orders(cx.waker());
            if orders.has(Orders::LEAVE) {
                return Poll::Ready(Err(Ending::told(self.slot.parting())));
            }
            match orders.has(Orders::SUSPEND) {
                true => Poll::Pending,
                false => Poll::Ready(Ok(())),
            }
        })
        .await;
        self.slot.stand_still(false);
        told
    }

    /// Writes; a stream that fails shows it when it is read again.
    fn poll_flushed(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        let orders = self.orders(cx.waker());
        if orders.has(Orders::LEAVE) {
            return Poll::Ready(Err(Ending::told(self.slot.parting())));
        }
        if let Some(lease) = &mut self.lease
            && !lease.conn.is_flushed()
        {
            let _ = ready!(lease.conn.poll_flush(cx));
        }
        if !self.conn.is_flushed() {
            let _ = ready!(self.conn.poll_flush(cx));
        }
        Poll::Ready(Ok(()))
    }
}
