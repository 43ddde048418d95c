//! One client's state as a value.
//!
//! The client's task shows the session what came and does what it answers:
//! * [`Session::scan`] looks at a batch before there is a link, and says what kind of node it wants;
//! * [`Session::on_linked`] lays the session's state on the server it got;
//! * [`Session::send`] turns the client's messages into the server's;
//! * [`Session::on_server`] says of each reply who is to see it;
//! * [`Session::next_need`] says what is to be done then;
//! * [`Session::on_lost`] says what becomes of a batch whose server has died.
//!
//! Invariants, each with a test that bears its name:
//! * `nothing_is_released_while_a_reply_is_owed`;
//! * `a_batch_is_sent_again_only_if_nothing_of_its_reply_was_seen`;
//! * `what_is_hidden_never_reaches_the_client`.

pub mod ask;
pub mod expect;
pub mod link;
pub mod meter;
pub mod pins;
pub mod prepared;
pub mod reported;
pub mod scan;
pub mod send;
pub mod settings;
pub mod side;
pub mod transaction;
pub mod wishes;

mod ahead;
mod asked;
mod batch;
mod doubt;
mod effects;
mod extended;
mod failure;
mod fresh;
pub mod heal;
pub mod late;
mod moving;
mod parameter;
mod receive;
mod refuse;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use crate::config::words::PoolMode;
use crate::config::words::SessionPins;
use crate::config::words::Timeout;
use crate::config::words::TransactionReads;
use crate::ids::ClientId;
use crate::session::ahead::Ahead;
use crate::session::ask::Classify;
use crate::session::ask::MayRetry;
use crate::session::batch::BatchState;
use crate::session::batch::Defines;
use crate::session::batch::Doubts;
use crate::session::batch::Oldest;
use crate::session::batch::Plan;
use crate::session::batch::Stage;
use crate::session::batch::Writes;
use crate::session::expect::Expects;
use crate::session::heal::Healing;
use crate::session::moving::Moving;
use crate::session::pins::Pins;
use crate::session::prepared::Names;
use crate::session::prepared::Prepared;
use crate::session::prepared::Texts;
use crate::session::reported::Reported;
use crate::session::scan::Scan;
use crate::session::settings::Settings;
use crate::session::side::Link;
use crate::session::transaction::Pending;
use crate::sql::statement::Statement;
use crate::topology::choose::LastRead;
use crate::topology::policy::Consistency;
use crate::wire::frames::Frames;
use crate::wire::frames::Side;
use crate::wire::server::Status;

/// A batch of up to this many bytes is kept until it is answered, so that it can be sent again.
pub const RETAINED_BYTES_MAX: usize = 64 * 1024;

/// What does not change while a session lasts, but by a reload.
#[derive(Clone, Debug)]
pub struct Rules {
    /// When a server goes back.
    pub mode: PoolMode,
    /// Whether reads may go to replicas.
    pub split: bool,
    /// What reads must not miss, where the session does not say otherwise.
    pub consistency: Consistency,
    /// How old what a read sees may be, likewise.
    pub staleness_max: Timeout,
    /// Where the reads go that a transaction begins with.
    pub transaction_reads: TransactionReads,
    /// Whether a session may keep a server.
    pub pins: SessionPins,
    /// Longest message of the client.
    pub message_bytes_max: u32,
    /// Whether simple queries are refused (`disable_pqexec`).
    pub refuses_queries: bool,
    /// Whether named statements are kept per text (`max_prepared_statements` over 0).
    pub tracks_prepared: bool,
    /// How often a read is run on another node after it failed (`read_retries_max`).
    pub read_retries_max: u32,
    /// Bytes of a reply that are held back at the most (`reply_hold_bytes_max`).
    pub hold_bytes_max: usize,
}

/// What a session needs besides its own state.
#[derive(Clone, Copy)]
pub struct Env<'a> {
    /// What texts are.
    pub classify: &'a (dyn Classify + Sync),
    /// The texts that clients have prepared.
    pub texts: &'a Texts,
    /// How many reads may be run again.
    pub budget: &'a (dyn MayRetry + Sync),
    /// The time.
    pub now: Instant,
}

/// What the client's task has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing but to go on relaying.
    None,
    /// Roll the transaction back by [`Session::leave`]: it goes on elsewhere.
    Leave,
    /// Give the server back.
    Release,
    /// Drop what was held of the reply and send the batch again, to a server of this want.
    Again(Again),
}

/// How a batch is to be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// To the same server: a plan was out of date.
    Here,
    /// To the primary: the replica refused.
    Primary,
    /// To any other node that may serve it.
    Elsewhere,
    /// To the primary: the node was that, and is a standby now.
    NewPrimary,
    /// To the primary: the node may have been turned read only.
    IfTurned,
}

impl Again {
    /// The metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Here => "old_plan",
            Self::Primary => "refused_by_replica",
            Self::Elsewhere => "server_lost",
            Self::NewPrimary => "refused_by_standby",
            Self::IfTurned => "refused_read_only",
        }
    }
}

/// Whose side a reply is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// For the client, and all that was held before it.
    Pass,
    /// For the client unless the batch has to be sent again: to be held back.
    Hold,
    /// Not for the client.
    Hide,
}

/// The unnamed statement, which outlives the server that parsed it.
#[derive(Debug, Default)]
pub struct Unnamed {
    /// Changes with each Parse.
    version: u64,
    /// Text, and types behind it; empty if there is none to give to another server.
    text: Vec<u8>,
    text_bytes: usize,
    statement: Option<Arc<Statement>>,
}

/// One client's state.
#[derive(Debug)]
pub struct Session {
    client: ClientId,
    rules: Arc<Rules>,
    /// Settings at the start, as committed, and those that wait for their transaction.
    base: Arc<Settings>,
    settings: Arc<Settings>,
    pending: Pending,
    /// What the client was told by ParameterStatus.
    told: Arc<Reported>,
    /// What it was told at its start, where RESET goes back to.
    base_told: Arc<Reported>,
    names: Names,
    /// Names of statements too long to be kept, which only the server has.
    long_names: Vec<Box<[u8]>>,
    unnamed: Unnamed,
    /// Portals of the running transaction whose statement has effects, or has yet to be tried.
    portals: Vec<(Box<[u8]>, Arc<Statement>)>,
    link: Option<Link>,
    status: Status,
    expects: Expects,
    pins: Pins,
    doubts: Doubts,
    /// The client's stream: sent up to `sent` (of the unread bytes), scanned up to `scan.bytes`.
    frames: Frames,
    sent: usize,
    /// Bytes that come next and were sent before, and counted.
    resent: u32,
    scan: Scan,
    stage: Stage,
    /// Bytes of the batch that is being sent, and whether one is.
    batch_bytes: usize,
    batch: BatchState,
    oldest: Oldest,
    again: Option<Again>,
    /// What the server said when the settings could not be laid on it.
    prelude_error: Option<Bytes>,
    copying_in: bool,
    /// How the rest of the server's frame that comes in parts is treated.
    part_reply: Reply,
    plan: Plan,
    /// Whether the client asked for what there is of the batch, by Flush.
    is_flushed: bool,
    /// Whether the rest of the client's frame that comes in parts is for the server.
    sends_rest: bool,
    /// Bytes of the client's that are answered and done with.
    consumed: usize,
    /// Time of the last batch that may have written, when its reply had come.
    last_write: Option<Instant>,
    /// Its last read, and since when it reads from that node.
    last_read: Option<LastRead>,
    settled: Option<Instant>,
    writes: Writes,
    defines: Defines,
    moving: Moving,
    ahead: Ahead,
    healing: Option<Box<Healing>>,
}

impl Session {
    /// A session at its start: logged in, not linked.
    pub fn new(
        client: ClientId,
        rules: Arc<Rules>,
        base: Arc<Settings>,
        told: Arc<Reported>,
    ) -> Self {
        let bytes_max = rules.message_bytes_max;
        Self {
            client,
            rules,
            settings: Arc::clone(&base),
            base,
            pending: Pending::default(),
            base_told: Arc::clone(&told),
            told,
            names: Names::default(),
            long_names: Vec::new(),
            unnamed: Unnamed::default(),
            portals: Vec::new(),
            link: None,
            status: Status::Idle,
            expects: Expects::default(),
            pins: Pins::NONE,
            doubts: Doubts::default(),
            frames: Frames::new(Side::Client { bytes_max }),
            sent: 0,
            resent: 0,
            scan: Scan::default(),
            stage: Stage::Open,
            batch_bytes: 0,
            batch: BatchState::Between,
            oldest: Oldest::default(),
            again: None,
            prelude_error: None,
            copying_in: false,
            part_reply: Reply::Pass,
            plan: Plan::Fresh,
            is_flushed: false,
            sends_rest: false,
            consumed: 0,
            last_write: None,
            last_read: None,
            settled: None,
            writes: Writes::default(),
            defines: Defines::default(),
            moving: Moving::No,
            ahead: Ahead::No,
            healing: None,
        }
    }

    /// The link, if there is one.
    pub fn link(&self) -> Option<&Link> {
        self.link.as_ref()
    }

    /// Whether a server may be waited for by nobody: no batch is on its way, nothing is owed.
    pub fn is_idle(&self) -> bool {
        self.expects.is_empty()
            && self.batch == BatchState::Between
            && self.status == Status::Idle
            && self.stage != Stage::Due
            && self.again.is_none()
            && self.frames.is_at_start()
    }

    /// Whether the session is in a transaction block between two batches.
    pub fn is_idle_in_transaction(&self) -> bool {
        self.expects.is_empty() && self.batch == BatchState::Between && self.status != Status::Idle
    }

    /// Whether its server has a transaction open, as far as it has said.
    pub fn is_in_transaction(&self) -> bool {
        self.status != Status::Idle
    }

    /// Whether its server is between batches and outside a transaction, so that a reset makes it
    /// fit for others.
    pub fn may_be_reset(&self) -> bool {
        self.is_idle() && !self.copying_in
    }

    /// Whether no reply will come unless the client says more.
    pub fn is_answered(&self) -> bool {
        self.expects.open() == 0 || self.copying_in
    }

    /// Of the client's unread bytes, how many were not sent.
    pub fn ahead_bytes(&self, unread: usize) -> usize {
        unread.saturating_sub(self.sent)
    }

    /// What keeps the session on its server.
    pub fn pins(&self) -> Pins {
        self.pins
    }

    /// What the client was told of its settings.
    pub fn told(&self) -> &Arc<Reported> {
        &self.told
    }

    /// How many statements the client has prepared by name.
    pub fn prepared_count(&self) -> usize {
        self.names.count()
    }

    /// Other rules, after a reload.
    pub fn set_rules(&mut self, rules: Arc<Rules>) {
        self.rules = rules;
    }

    /// Gives storage back that an idle session does not need.
    pub fn shed(&mut self) {
        self.expects.shed();
        self.scan.shed();
        if self.portals.is_empty() {
            self.portals = Vec::new();
        }
    }

    /// What is to be done, now that all that came has been looked at.
    pub fn next_need(&self) -> Need {
        if let Some(again) = self.again
            && (self.expects.is_empty() || self.breaks_off())
        {
            return Need::Again(again);
        }
        if let Moving::Asked(_) = self.moving {
            return Need::Leave;
        }
        if self.link.is_some() && self.is_idle() && !self.keeps_server() && !self.copying_in {
            Need::Release
        } else {
            Need::None
        }
    }

    /// What the client calls `name`, with what is on its way to it.
    fn find_name(&self, name: &[u8]) -> Option<&Arc<Prepared>> {
        match self.expects.pending_name(name) {
            Some(pending) => pending,
            None => self.names.find(name),
        }
    }
}

#[cfg(test)]
mod tests;
