//! What a client's task is told by others.

/// What a client's task is told. More than one may be told at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orders(pub(super) u8);

impl Orders {
    /// Leave when no transaction is running.
    pub const DRAIN: Self = Self(1);
    /// Leave now.
    pub const LEAVE: Self = Self(2);
    /// Give up waiting for a server: the query was cancelled.
    pub const CANCEL: Self = Self(4);
    /// Take the configuration anew.
    pub const RELOAD: Self = Self(8);
    /// Give back memory: the client has been idle for a while.
    pub const SHED: Self = Self(16);
    /// Write what there is to be written, then stand still until it is withdrawn.
    pub const SUSPEND: Self = Self(32);
    /// Servers were outdated: leave as soon as no transaction is running, if yours is one of them.
    pub const RENEW: Self = Self(64);

    /// The cluster has another primary, or must not be used in part: leave the server if it is one
    /// of those.
    pub const FENCE: Self = Self(128);

    /// Whether all of `other` was told.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether nothing was told.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}
