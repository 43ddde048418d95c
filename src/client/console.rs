//! A client of the console: reads its messages and has them answered. What the commands do is in
//! [`crate::admin`].

use std::future::Future;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Context as TaskContext;
use std::task::Poll;
use std::task::ready;

use crate::admin;
use crate::admin::Pending;
use crate::admin::Scene;
use crate::admin::access::Caller;
use crate::client::Context;
use crate::client::ending::Ending;
use crate::client::lines::Subject;
use crate::client::relay::now;
use crate::client::say_last;
use crate::error::Blame;
use crate::error::Error;
use crate::net::conn::Conn;
use crate::net::conn::Message;
use crate::net::stream::Stream;
use crate::registry::clients::Entered;
use crate::registry::clients::Slot;
use crate::registry::orders::Orders;
use crate::sqlstate::SqlState;
use crate::wire::client;

/// What a login to the console has made.
pub(super) struct Visit {
    pub(super) caller: Caller,
    pub(super) slot: Arc<Slot>,
    pub(super) entered: Entered,
}

/// A client of the console.
pub(super) struct Console {
    context: Arc<Context>,
    visit: Visit,
    conn: Conn<Stream>,
}

impl Console {
    /// A client that has logged in and whose welcome waits to be written.
    pub(super) fn new(context: &Arc<Context>, visit: Visit, conn: Conn<Stream>) -> Self {
        Self {
            context: Arc::clone(context),
            visit,
            conn,
        }
    }

    /// Serves the client to its end.
    pub(super) async fn serve(mut self: Box<Self>) {
        let ending = self.run().await.err().unwrap_or(Ending::Left);
        let clients = &self.context.registry.clients;
        let Visit {
            caller,
            slot,
            entered,
        } = self.visit;
        let subject = Subject {
            id: slot.id,
            about: &slot.about,
            database: &slot.database,
            user: &caller.user,
        };
        subject.leaves(&ending);
        clients.leave(&slot);
        if let Ending::Fatal(error) = &ending {
            self.context.errors.count(error.blame(), error.sqlstate());
        }
        say_last(&mut self.conn, &ending).await;
        drop(entered);
    }

    async fn run(&mut self) -> Result<(), Ending> {
        loop {
            let slot = &self.visit.slot;
            let flushed = or_told(slot, self.conn.flush()).await?;
            flushed.map_err(|error| Ending::Gone(Some(error)))?;
            let message = or_told(slot, self.conn.next_message(MESSAGE_BYTES_MAX)).await?;
            let Some(message) = message? else {
                return Err(Ending::Gone(None));
            };
            if let Some(pending) = self.answer(&message)? {
                let context = Arc::clone(&self.context);
                let done = self.wait_for(pending.finish(&context.registry, &context.asks));
                let answer = Box::pin(done).await?;
                self.conn.out().extend_from_slice(&answer);
            }
        }
    }

    /// Waits for a command to be done, unless the client leaves.
    async fn wait_for<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Ending> {
        let Self { conn, visit, .. } = self;
        let mut work = pin!(work);
        or_told(
            &visit.slot,
            poll_fn(|cx| {
                if let Poll::Ready(done) = work.as_mut().poll(cx) {
                    return Poll::Ready(Ok(done));
                }
                if let Poll::Ready(ending) = poll_ahead(conn, cx) {
                    return Poll::Ready(Err(ending));
                }
                Poll::Pending
            }),
        )
        .await?
    }

    /// Appends the answer to a message, or gives back what has to be waited for first.
    fn answer(&mut self, message: &Message) -> Result<Option<Pending>, Ending> {
        match message.tag {
            client::QUERY => {
                let Ok(text) = client::query(&message.body) else {
                    return Err(protocol("incomplete query"));
                };
                let scene = Scene {
                    registry: &self.context.registry,
                    now: now(),
                };
                let caller = &self.visit.caller;
                Ok(admin::answer(&scene, caller, text, self.conn.out()))
            }
            client::TERMINATE => Err(Ending::Left),
            tag => {
                let said = match tag {
                    client::PARSE | client::BIND | client::EXECUTE => EXTENDED.to_owned(),
                    client::DESCRIBE
                    | client::CLOSE
                    | client::SYNC
                    | client::FLUSH
                    | client::FUNCTION_CALL
                    | client::COPY_DATA
                    | client::COPY_DONE
                    | client::COPY_FAIL => {
                        format!("unsupported packet type for admin console: {tag}")
                    }
                    _ => return Err(protocol("unknown pkt")),
                };
                admin::refuse(&said, self.conn.out());
                Err(protocol("bad packet"))
            }
        }
    }
}

/// Waits for `work`, or until the client has to go.
///
/// # Cancel safety
/// That of `work`.
async fn or_told<T>(slot: &Slot, work: impl Future<Output = T>) -> Result<T, Ending> {
    let mut work = pin!(work);
    poll_fn(|cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(Ok(done));
        }
        slot.register(cx.waker());
        let orders = slot.orders();
        match orders.has(Orders::LEAVE) || orders.has(Orders::DRAIN) {
            true => Poll::Ready(Err(Ending::told(slot.parting()))),
            false => Poll::Pending,
        }
    })
    .await
}

/// Reads what a client says while its command is being done: it waits for its turn, up to a bound.
fn poll_ahead(conn: &mut Conn<Stream>, cx: &mut TaskContext<'_>) -> Poll<Ending> {
    while conn.unread().len() < AHEAD_BYTES_MAX {
        match ready!(conn.poll_fill(cx)) {
            Ok(0) => return Poll::Ready(Ending::Gone(None)),
            Ok(_) => (),
            Err(error) => return Poll::Ready(Ending::Gone(Some(error))),
        }
    }
    Poll::Pending
}

fn protocol(said: &'static str) -> Ending {
    Error::new(Blame::Client, SqlState::PROTOCOL, said).into()
}

/// Longest message of a client, its length field included. Sessions look at texts of this length.
const MESSAGE_BYTES_MAX: u32 = 1024 * 1024;

/// Bytes that are read of a client while its command is being done.
const AHEAD_BYTES_MAX: usize = 16 * 1024;

/// What PgBouncer says of Parse and its like.
const EXTENDED: &str = "extended query protocol not supported by admin console";
