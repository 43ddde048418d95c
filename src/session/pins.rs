//! What keeps a session on its server between transactions.

/// Reasons to keep the server, as a small set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pins(u16);

impl Pins {
    /// No reason.
    pub const NONE: Self = Self(0);
    /// `LISTEN`.
    pub const LISTEN: Self = Self(1);
    /// A temporary table or other object.
    pub const TEMPORARY: Self = Self(2);
    /// An advisory lock of the session.
    pub const ADVISORY_LOCK: Self = Self(4);
    /// A cursor `WITH HOLD`.
    pub const HOLD_CURSOR: Self = Self(8);
    /// A statement prepared in SQL.
    pub const SQL_PREPARED: Self = Self(16);
    /// A setting made in a way that could not be read, or that cannot be kept.
    pub const SETTING: Self = Self(32);
    /// A statement too long to be kept.
    pub const LONG_STATEMENT: Self = Self(64);
    /// A library loaded into the server's process.
    pub const LIBRARY: Self = Self(128);
    /// A named statement too long to be kept.
    pub const LONG_NAMED: Self = Self(256);

    /// All of which a server can say whether they hold.
    pub const PROBED: Self = Self(
        Self::LISTEN.0
            | Self::ADVISORY_LOCK.0
            | Self::TEMPORARY.0
            | Self::HOLD_CURSOR.0
            | Self::SQL_PREPARED.0,
    );

    /// Those of which a server can say whether they still hold, in the order of
    /// [`PROBE`]'s columns.
    const COLUMNS: [Self; 5] = [
        Self::LISTEN,
        Self::ADVISORY_LOCK,
        Self::TEMPORARY,
        Self::HOLD_CURSOR,
        Self::SQL_PREPARED,
    ];

    /// Whether nothing keeps the server.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `other` is in the set.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Puts `other` in.
    pub fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Takes `other` out.
    pub fn remove(&mut self, other: Self) {
        self.0 &= !other.0;
    }

    /// Takes in the answer to [`PROBE`]: one letter a column, `t` where the reason holds.
    pub fn on_probe(&mut self, answer: &[u8]) {
        for (pin, letter) in Self::COLUMNS.into_iter().zip(answer) {
            if *letter == b't' {
                self.add(pin);
            } else {
                self.remove(pin);
            }
        }
    }

    /// What a person may read about the first reason.
    pub fn first_reason(self) -> &'static str {
        let named = [
            (Self::LISTEN, "LISTEN"),
            (Self::TEMPORARY, "a temporary table"),
            (Self::ADVISORY_LOCK, "an advisory lock of the session"),
            (Self::HOLD_CURSOR, "a cursor WITH HOLD"),
            (Self::SQL_PREPARED, "PREPARE"),
            (Self::SETTING, "a setting that cannot be followed"),
            (Self::LONG_STATEMENT, "a statement too long to be kept"),
            (Self::LONG_NAMED, "a statement too long to be kept"),
            (Self::LIBRARY, "LOAD"),
        ];
        named
            .iter()
            .find(|(pin, _)| self.has(*pin))
            .map_or("nothing", |(_, name)| name)
    }
}

/// Asks a server what of a session it still holds, in one column of five letters. Every function
/// and table is named with its schema, whatever the session's `search_path` is.
pub const PROBE: &[u8] = b"SELECT pg_catalog.concat(\
EXISTS (SELECT FROM pg_catalog.pg_listening_channels()),\
EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype OPERATOR(pg_catalog.=) 'advisory' \
AND pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()),\
EXISTS (SELECT FROM pg_catalog.pg_class WHERE relnamespace OPERATOR(pg_catalog.=) \
pg_catalog.pg_my_temp_schema() AND relkind OPERATOR(pg_catalog.<>) 'i'),\
EXISTS (SELECT FROM pg_catalog.pg_cursors WHERE is_holdable),\
EXISTS (SELECT FROM pg_catalog.pg_prepared_statements WHERE from_sql))";
