//! The SQLSTATE codes that pgsluice itself sends or looks for.
//!
//! Source: PostgreSQL, Appendix A, and `src/backend/utils/errcodes.txt`.

use std::fmt;

/// A five-character SQLSTATE.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SqlState([u8; 5]);

impl SqlState {
    /// `00000`.
    pub const SUCCESS: Self = Self(*b"00000");
    /// `08000` connection_exception.
    pub const CONNECTION: Self = Self(*b"08000");
    /// `08001` sqlclient_unable_to_establish_sqlconnection.
    pub const CANNOT_CONNECT: Self = Self(*b"08001");
    /// `08006` connection_failure.
    pub const CONNECTION_FAILURE: Self = Self(*b"08006");
    /// `08007` transaction_resolution_unknown.
    pub const OUTCOME_UNKNOWN: Self = Self(*b"08007");
    /// `08P01` protocol_violation.
    pub const PROTOCOL: Self = Self(*b"08P01");
    /// `0A000` feature_not_supported.
    pub const NOT_SUPPORTED: Self = Self(*b"0A000");
    /// `22023` invalid_parameter_value.
    pub const INVALID_VALUE: Self = Self(*b"22023");
    /// `25006` read_only_sql_transaction.
    pub const READ_ONLY: Self = Self(*b"25006");
    /// `25P02` in_failed_sql_transaction.
    pub const FAILED_TRANSACTION: Self = Self(*b"25P02");
    /// `26000` invalid_sql_statement_name.
    pub const NO_SUCH_STATEMENT: Self = Self(*b"26000");
    /// `28000` invalid_authorization_specification.
    pub const NOT_AUTHORIZED: Self = Self(*b"28000");
    /// `28P01` invalid_password.
    pub const BAD_PASSWORD: Self = Self(*b"28P01");
    /// `3D000` invalid_catalog_name.
    pub const NO_SUCH_DATABASE: Self = Self(*b"3D000");
    /// `40001` serialization_failure.
    pub const SERIALIZATION: Self = Self(*b"40001");
    /// `40P01` deadlock_detected.
    pub const DEADLOCK: Self = Self(*b"40P01");
    /// `42601` syntax_error.
    pub const SYNTAX: Self = Self(*b"42601");
    /// `42P05` duplicate_prepared_statement.
    pub const DUPLICATE_STATEMENT: Self = Self(*b"42P05");
    /// `53300` too_many_connections.
    pub const TOO_MANY_CONNECTIONS: Self = Self(*b"53300");
    /// `54000` program_limit_exceeded.
    pub const LIMIT_EXCEEDED: Self = Self(*b"54000");
    /// `55000` object_not_in_prerequisite_state.
    pub const WRONG_STATE: Self = Self(*b"55000");
    /// `F0000` config_file_error.
    pub const CONFIG_FILE: Self = Self(*b"F0000");
    /// `57014` query_canceled.
    pub const CANCELED: Self = Self(*b"57014");
    /// `57P01` admin_shutdown.
    pub const ADMIN_SHUTDOWN: Self = Self(*b"57P01");
    /// `57P02` crash_shutdown.
    pub const CRASH_SHUTDOWN: Self = Self(*b"57P02");
    /// `57P03` cannot_connect_now.
    pub const CANNOT_CONNECT_NOW: Self = Self(*b"57P03");
    /// `58000` system_error.
    pub const SYSTEM: Self = Self(*b"58000");
    /// `XX000` internal_error.
    pub const INTERNAL: Self = Self(*b"XX000");

    /// Reads a code from an error field; `None` unless it is five ASCII letters or digits.
    pub fn parse(field: &[u8]) -> Option<Self> {
        let code: [u8; 5] = field.try_into().ok()?;
        code.iter()
            .all(u8::is_ascii_alphanumeric)
            .then_some(Self(code))
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or("XX000")
    }

    /// The class: the first two characters.
    pub fn class(&self) -> &str {
        self.as_str().get(..2).unwrap_or("XX")
    }
}

impl fmt::Debug for SqlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for SqlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
