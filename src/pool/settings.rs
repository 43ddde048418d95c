//! What configuration says about one pool.

use std::time::Duration;

use crate::config::database::Pooling;
use crate::config::database::Timeouts;

/// The limits and times of one pool. Each has PgBouncer's meaning unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Most servers (`pool_size`), the reserve not counted.
    pub size: u32,
    /// Servers kept open even when nobody needs them (`min_pool_size`); at most `size` count.
    pub min: u32,
    /// Servers beyond `size` for those who wait long (`reserve_pool_size`).
    pub reserve: u32,
    /// How long one must have waited to use the reserve (`reserve_pool_timeout`); `None`: the
    /// reserve is never used.
    pub reserve_timeout: Option<Duration>,
    /// Longest wait for a server (`query_wait_timeout`); `None`: no limit.
    pub wait_timeout: Option<Duration>,
    /// Age at which a server that is not in use is closed (`server_lifetime`); zero: one use.
    pub lifetime: Duration,
    /// By how much of a lifetime, in percent, each one is shortened at most, by chance, so that
    /// servers opened together are not closed together (`server_lifetime_jitter_percent`).
    pub lifetime_jitter_percent: u32,
    /// Idle time after which a server is closed (`server_idle_timeout`); `None`: never.
    pub idle_timeout: Option<Duration>,
    /// Idle time after which a server is checked before use (`server_check_delay`); zero: always;
    /// `None`: never (an empty `server_check_query`).
    pub check_delay: Option<Duration>,
    /// Longest time a check may take; then the server is closed (`server_connect_timeout`).
    pub check_timeout: Duration,
    /// Wait after a failed login before the next try (`server_login_retry`).
    pub login_retry: Duration,
    /// What becomes of those who wait when no host can be reached.
    pub down: WhenDown,
    /// Which idle server is used next (`server_round_robin`).
    pub order: Order,
}

/// What becomes of those who wait when no host can be reached, or none serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum WhenDown {
    /// They are told: there may be another node, and the monitor knows when there is.
    #[default]
    Tell,
    /// They wait for as long as they may, as in PgBouncer.
    Wait,
}

/// Which idle server is used next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Order {
    /// The one used last: few servers stay warm, the others reach their idle timeout.
    #[default]
    Lifo,
    /// The one unused longest: load spreads over all servers.
    RoundRobin,
}

impl Default for Settings {
    /// What configuration says when no file sets anything.
    fn default() -> Self {
        let pooling = Pooling::default();
        Self::of(&pooling, &Timeouts::default(), pooling.pool_size.replica)
    }
}

impl Settings {
    /// What configuration says about a pool on a node of which it is the `size`.
    pub fn of(pooling: &Pooling, timeouts: &Timeouts, size: u32) -> Self {
        let is_checked = !pooling.server_check_query.is_empty();
        Self {
            size,
            min: pooling.min_pool_size,
            reserve: pooling.reserve_pool_size,
            reserve_timeout: pooling.reserve_pool_timeout.limit(),
            wait_timeout: timeouts.query_wait.limit(),
            lifetime: pooling.server_lifetime,
            lifetime_jitter_percent: pooling.server_lifetime_jitter_percent,
            idle_timeout: pooling.server_idle_timeout.limit(),
            check_delay: is_checked.then_some(pooling.server_check_delay),
            check_timeout: pooling.server_connect_timeout,
            login_retry: pooling.server_login_retry,
            down: WhenDown::Tell,
            order: match pooling.server_round_robin {
                true => Order::RoundRobin,
                false => Order::Lifo,
            },
        }
    }

    /// Most servers, the reserve counted.
    pub fn size_with_reserve(&self) -> u32 {
        self.size.saturating_add(self.reserve)
    }

    /// The lifetime of one server, its jitter drawn by `random`.
    pub fn lifetime_of_one(&self, random: u64) -> Duration {
        let most = f64::from(self.lifetime_jitter_percent.min(100)) / 100.0;
        let part = f64::from(u32::try_from(random >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX);
        self.lifetime.mul_f64(1.0 - most * part)
    }
}
