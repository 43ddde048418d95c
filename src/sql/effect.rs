//! What a statement does to its session and its transaction, beyond reading and writing rows.

/// Something that a session has to know about a statement, in the order of the text.
///
/// Effects tell what the text asks for. Whether it came to pass (no error, no rollback) is for the
/// session to see from the replies. Names are folded as PostgreSQL folds them, quotes removed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// `BEGIN`, `START TRANSACTION`.
    Begin(Modes),
    /// `COMMIT`, `END`; with `chain` a new transaction begins at once.
    Commit {
        /// `AND CHAIN`.
        chain: bool,
    },
    /// `ROLLBACK`, `ABORT`; with `chain` a new transaction begins at once.
    Rollback {
        /// `AND CHAIN`.
        chain: bool,
    },
    /// `PREPARE TRANSACTION`: ends the transaction as a commit does.
    PrepareTransaction,
    /// `SAVEPOINT name`.
    Savepoint(Box<str>),
    /// `RELEASE [SAVEPOINT] name`.
    Release(Box<str>),
    /// `ROLLBACK TO [SAVEPOINT] name`.
    RollbackTo(Box<str>),
    /// `SET TRANSACTION …`, also as `SET transaction_read_only` and its like.
    SetTransaction(Modes),
    /// `SET SESSION CHARACTERISTICS AS TRANSACTION …`: defaults of the transactions to come.
    SetCharacteristics(Modes),
    /// `SET name = value` for the session.
    Set {
        /// The parameter, in lower case.
        name: Box<str>,
        /// SQL that may stand after `SET name TO` on any server.
        value: Box<[u8]>,
    },
    /// `SET LOCAL name`: ends with the transaction.
    SetLocal {
        /// The parameter, in lower case.
        name: Box<str>,
    },
    /// `RESET name`, `SET name TO DEFAULT`.
    Reset(Box<str>),
    /// `RESET ALL`.
    ResetAll,
    /// `SET pgsluice.name = 'value'`: answered by the proxy.
    OwnSet {
        /// What stands after `pgsluice.`, in lower case.
        name: Box<str>,
        /// The value, quotes removed.
        value: Box<str>,
    },
    /// `RESET pgsluice.name`, `SET pgsluice.name TO DEFAULT`: answered by the proxy.
    OwnReset(Box<str>),
    /// `SHOW pgsluice.name`: answered by the proxy.
    OwnShow(Box<str>),
    /// `set_config('name', 'value', false)` as all that a `SELECT` does.
    SetConfig {
        /// The parameter, in lower case.
        name: Box<str>,
        /// The value itself, not quoted.
        value: Box<[u8]>,
    },
    /// A `set_config` for the session of which the text alone does not tell what it sets, or
    /// whether it runs at all.
    SetConfigUnknown,
    /// `LISTEN channel`.
    Listen(Box<str>),
    /// `UNLISTEN channel`, or all of them.
    Unlisten(Option<Box<str>>),
    /// A temporary table, view, sequence or other object that outlives its transaction.
    TemporaryTable,
    /// An advisory lock held by the session.
    AdvisoryLock,
    /// A cursor declared `WITH HOLD`.
    HoldCursor(Box<str>),
    /// SQL-level `PREPARE name`.
    Prepare(Box<str>),
    /// SQL-level `EXECUTE name`.
    Execute(Box<str>),
    /// `DEALLOCATE name`, or all.
    Deallocate(Option<Box<str>>),
    /// `DISCARD ALL`.
    DiscardAll,
    /// `DISCARD TEMP`.
    DiscardTemp,
    /// `DISCARD PLANS`.
    DiscardPlans,
    /// `DISCARD SEQUENCES`.
    DiscardSequences,
    /// Something that may have undone a reason to keep the server: `pg_advisory_unlock`, `DROP`,
    /// `CLOSE`, `UNLISTEN`, `DEALLOCATE`, `DISCARD`.
    MayUnpin,
    /// `COPY … FROM STDIN`: the client will send data.
    CopyFromStdin,
    /// `COPY … TO STDOUT`: the server will send data.
    CopyToStdout,
    /// `LOAD 'library'`: into this server process only.
    Load,
}

impl Effect {
    /// Whether the transaction is over after it, by a commit or by a rollback.
    pub fn ends_transaction(&self) -> bool {
        matches!(
            self,
            Self::Commit { .. } | Self::Rollback { .. } | Self::PrepareTransaction
        )
    }
}

/// The modes of a transaction; `None` is what was not said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Modes {
    /// `READ ONLY` or `READ WRITE`.
    pub access: Option<Access>,
    /// `ISOLATION LEVEL …`.
    pub isolation: Option<Isolation>,
    /// `DEFERRABLE` (true) or `NOT DEFERRABLE` (false).
    pub deferrable: Option<bool>,
}

/// Whether a transaction may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// `READ ONLY`.
    ReadOnly,
    /// `READ WRITE`: refused by a standby.
    ReadWrite,
}

/// A transaction's isolation level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isolation {
    /// `READ UNCOMMITTED`: PostgreSQL treats it as `READ COMMITTED`.
    ReadUncommitted,
    /// `READ COMMITTED`.
    ReadCommitted,
    /// `REPEATABLE READ`.
    RepeatableRead,
    /// `SERIALIZABLE`: never works on a standby, not even `READ ONLY`.
    Serializable,
}
