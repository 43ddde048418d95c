//! Statements that are not let through: why, and how the server is made to fail in their place.

use bytes::BufMut;

use crate::error::Blame;
use crate::error::Error;
use crate::session::Session;
use crate::session::expect::Expect;
use crate::session::expect::Refusal;
use crate::session::send::Out;
use crate::session::side::Role;
use crate::sql::statement::Statement;
use crate::sqlstate::SqlState;
use crate::wire::client;
use crate::wire::write;

impl Session {
    /// Within a batch: the server is made to fail here, and the client is told why.
    pub(super) fn refuse(&mut self, refusal: Refusal, out: &mut Out<'_, '_>) {
        self.sends_rest = false;
        write::bind_head(out.bytes, b"", b"pgsluice refuses", 6);
        out.bytes.put_slice(&[0; 6]);
        self.expects.push(Expect::Refused {
            refusal: Box::new(refusal),
            query_bytes: None,
        });
    }

    /// Whether clients may send messages of this kind.
    ///
    /// # Errors
    /// They may not; what they are told is PgBouncer's.
    pub(super) fn allow(&self, tag: u8) -> Result<(), Error> {
        if tag == client::QUERY && self.rules.refuses_queries {
            let message = "PQexec disallowed";
            return Err(Error::new(Blame::Client, SqlState::PROTOCOL, message));
        }
        Ok(())
    }

    /// Why a statement cannot be let through to the server at hand, if it cannot.
    pub(super) fn refusal(&self, statement: &Statement) -> Option<Refusal> {
        let refused = |sqlstate, message: String, hint| {
            Some(Refusal {
                sqlstate,
                message,
                hint,
            })
        };
        if let Some(message) = Self::bad_own_setting(statement) {
            return refused(SqlState::INVALID_VALUE, message, None);
        }
        if self.is_forbidden(statement) {
            let message = "transaction blocks not allowed in statement pooling mode";
            return refused(SqlState::NOT_SUPPORTED, message.to_owned(), None);
        }
        let pins = Self::pins_of(statement);
        let on_replica = self.link.is_some_and(|link| link.role == Role::Replica);
        if on_replica && (!pins.is_empty() || statement.is_per_session()) {
            let what = statement.word.as_deref().unwrap_or(pins.first_reason());
            return refused(
                SqlState::READ_ONLY,
                format!(
                    "cannot execute {what} on a replica: it would live in one server's session"
                ),
                Some("run it in a transaction that may write, or with /* pgsluice: primary */"),
            );
        }
        if self.refuses_pins() && !pins.is_empty() {
            return refused(
                SqlState::NOT_SUPPORTED,
                format!(
                    "{} is not allowed here: session_pins is \"refuse\"",
                    pins.first_reason()
                ),
                None,
            );
        }
        None
    }
}
