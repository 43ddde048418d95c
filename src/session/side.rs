//! What a session knows of the server it is linked to.

use std::sync::Arc;

use bytes::BytesMut;

use crate::ids::ClientId;
use crate::ids::NodeId;
use crate::route::Want;
use crate::session::Again;
use crate::session::meter::Meter;
use crate::session::prepared::OnServer;
use crate::session::reported::Reported;
use crate::session::settings::Settings;
use crate::sqlstate::SqlState;

/// What pgsluice knows of a server's session, kept with the server.
#[derive(Debug)]
pub struct ServerSide {
    /// The settings laid on it.
    pub settings: Arc<Settings>,
    /// Whether `settings` may be wrong: then everything is reset first.
    pub unsure: bool,
    /// What is run after a reset of all that can be set, so that the server is as it was when it
    /// was opened.
    pub after_reset: Option<Arc<str>>,
    /// What it last reported.
    pub reported: Arc<Reported>,
    /// What it reported at its login, where its RESET goes back to.
    pub fresh: Arc<Reported>,
    /// What it has prepared.
    pub prepared: OnServer,
    /// Whose unnamed statement it has: client and version.
    pub unnamed: Option<(ClientId, u64)>,
    /// Whether it said that it is a standby; `None` if it does not say (before PostgreSQL 14).
    pub in_recovery: Option<bool>,
    /// Whether that has changed since it was last asked for.
    pub has_role_news: bool,
    /// Whether it has said that transactions are read only by default, which nobody asked of it.
    pub has_read_only_news: bool,
    /// Whether transactions are read only by default for its role and database: what servers of its pool
    /// said at their logins, as long as one said no. `None` if none says (before PostgreSQL 14).
    pub begins_read_only: Option<bool>,
    /// Why it ends, if it has said so: nobody may have it then.
    pub farewell: Option<SqlState>,
    /// What it has done.
    pub meter: Meter,
}

impl ServerSide {
    /// A server as it is right after its login.
    pub fn new(reported: Arc<Reported>, prepared_count_max: usize) -> Self {
        Self {
            settings: Arc::default(),
            unsure: false,
            after_reset: None,
            fresh: Arc::clone(&reported),
            reported,
            prepared: OnServer::new(prepared_count_max),
            unnamed: None,
            in_recovery: None,
            has_role_news: false,
            has_read_only_news: false,
            begins_read_only: None,
            farewell: None,
            meter: Meter::default(),
        }
    }

    /// Appends what makes all its settings those it had when it was opened.
    pub fn write_reset(&self, sql: &mut BytesMut) {
        sql.extend_from_slice(b"RESET SESSION AUTHORIZATION;RESET ROLE;RESET ALL;");
        if let Some(after) = &self.after_reset {
            sql.extend_from_slice(after.as_bytes());
            sql.extend_from_slice(b";");
        }
    }

    /// The server has reported a setting.
    pub fn on_status(&mut self, name: &[u8], value: &[u8]) {
        self.reported.on_status(name, value);
        if name == b"in_hot_standby" {
            self.on_in_hot_standby(value);
        }
    }

    /// The server has said whether it is a standby: at login, and when that changes.
    pub fn on_in_hot_standby(&mut self, value: &[u8]) {
        self.in_recovery = Some(value == b"on");
        self.has_role_news = true;
    }

    /// How a write is sent again that it refuses as read only though it was taken for the primary: it may
    /// be a standby, or the whole of the node may have turned so, which is likely where its role may write.
    pub fn if_read_only(&self, has_turned: bool) -> Option<Again> {
        if self.in_recovery == Some(true) {
            return Some(Again::NewPrimary);
        }
        let is_news = has_turned || self.begins_read_only == Some(false);
        is_news.then_some(Again::IfTurned)
    }

    /// Whether it is a standby, if it has said so since this was last asked.
    pub fn take_role_news(&mut self) -> Option<bool> {
        let news = std::mem::take(&mut self.has_role_news);
        self.in_recovery.filter(|_| news)
    }
}

/// What kind of node a session is linked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The primary, or the only node there is.
    Primary,
    /// A replica.
    Replica,
}

/// A link as the session sees it.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// The node.
    pub node: NodeId,
    /// [`NodeView::incarnation`](crate::topology::view::NodeView::incarnation) when it was chosen.
    pub incarnation: u32,
    /// Its role when it was chosen.
    pub role: Role,
    /// What was wanted of it.
    pub want: Want,
    /// How a write is sent again that the server refuses as read only, by what it had said by then.
    pub if_read_only: Option<Again>,
    /// Whether it was chosen to hold what the session had read by then.
    pub goes_on: bool,
    /// Whether a batch was sent over it that asks for other than the session's settings do, or that
    /// changes those.
    pub has_asked: bool,
}
