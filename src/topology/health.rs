//! Whether a node answers: up and down, with as many good or bad probes in between as the policy
//! asks for.

use std::time::Instant;

use crate::topology::policy::Policy;

/// Whether a node answers its probes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// No probe has ended yet.
    #[default]
    Unprobed,
    /// It answers.
    Up {
        /// When it came back, from where its slow start counts; `None` if it was never down.
        back_at: Option<Instant>,
        /// Probes that failed since the last good one.
        failures: u32,
    },
    /// It does not.
    Down {
        /// When that was noticed.
        since: Instant,
        /// Good probes since the last bad one.
        successes: u32,
    },
}

impl Health {
    /// Whether it answers.
    pub fn is_up(self) -> bool {
        matches!(self, Self::Up { .. })
    }

    /// The word in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unprobed => "unprobed",
            Self::Up { .. } => "up",
            Self::Down { .. } => "down",
        }
    }

    /// A probe was answered.
    #[must_use]
    pub fn on_success(self, policy: &Policy, now: Instant) -> Self {
        match self {
            Self::Unprobed => Self::Up {
                back_at: None,
                failures: 0,
            },
            Self::Up { back_at, .. } => Self::Up {
                back_at,
                failures: 0,
            },
            Self::Down { successes, .. } if policy.successes_min <= successes.saturating_add(1) => {
                Self::Up {
                    back_at: Some(now),
                    failures: 0,
                }
            }
            Self::Down { since, successes } => Self::Down {
                since,
                successes: successes.saturating_add(1),
            },
        }
    }

    /// A probe failed or timed out.
    #[must_use]
    pub fn on_failure(self, policy: &Policy, now: Instant) -> Self {
        match self {
            Self::Up { back_at, failures } if failures.saturating_add(1) < policy.failures_max => {
                Self::Up {
                    back_at,
                    failures: failures.saturating_add(1),
                }
            }
            Self::Unprobed | Self::Up { .. } | Self::Down { .. } => self.on_refusal(now),
        }
    }

    /// The node refused a connection: nobody listens there, which needs no second opinion.
    #[must_use]
    pub fn on_refusal(self, now: Instant) -> Self {
        let since = match self {
            Self::Down { since, .. } => since,
            Self::Unprobed | Self::Up { .. } => now,
        };
        Self::Down {
            since,
            successes: 0,
        }
    }

    /// The part of its share that a node gets: from `RAMP_MIN` when it comes back to 1 when its
    /// slow start ends; 0 if it is not up.
    pub fn ramp(self, policy: &Policy, now: Instant) -> f64 {
        match self {
            Self::Unprobed | Self::Down { .. } => 0.0,
            Self::Up { back_at: None, .. } => 1.0,
            Self::Up {
                back_at: Some(back_at),
                ..
            } => {
                let passed = now.saturating_duration_since(back_at);
                if policy.slow_start <= passed {
                    return 1.0;
                }
                RAMP_MIN.max(passed.as_secs_f64() / policy.slow_start.as_secs_f64())
            }
        }
    }
}

/// The share of a node that has just come back.
const RAMP_MIN: f64 = 0.05;

#[cfg(test)]
mod tests;
