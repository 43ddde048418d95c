//! The load as pgbench tells it, line by line.

/// What pgbench has said so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// Transactions per second in the last second.
    pub tps: f64,
    /// Mean time of a transaction in the last second.
    pub latency_ms: f64,
    /// How long it has run.
    pub seconds: f64,
    /// Transactions so far.
    pub transactions: f64,
    /// Transactions that failed and were given up.
    pub failed: f64,
    /// Clients that met an error and left.
    pub lost: u32,
}

impl Load {
    /// Reads pgbench's `progress:` lines and its complaints.
    pub fn from_output(text: &str) -> Self {
        let mut load = Self::default();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("progress: ") {
                load.take_progress(rest);
            } else if line.contains(" aborted in ") || line.contains(" aborted while ") {
                load.lost += 1;
            }
        }
        load
    }

    /// Adds the load of another pgbench that runs at the same time.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let tps = self.tps + other.tps;
        let time = self.tps * self.latency_ms + other.tps * other.latency_ms;
        Self {
            tps,
            latency_ms: if 0.0 < tps { time / tps } else { 0.0 },
            seconds: self.seconds.max(other.seconds),
            transactions: self.transactions + other.transactions,
            failed: self.failed + other.failed,
            lost: self.lost + other.lost,
        }
    }

    /// `1.0 s, 2345.0 tps, lat 3.400 ms stddev 1.200, 0 failed`: the failures since version 15.
    fn take_progress(&mut self, line: &str) {
        let mut parts = line.split(", ");
        let mut number = |place: usize| -> f64 {
            let words = parts.next().and_then(|p| p.split_whitespace().nth(place));
            words.and_then(|w| w.parse().ok()).unwrap_or_default()
        };
        let now = number(0);
        self.tps = number(0);
        self.latency_ms = number(1);
        self.failed += number(0);
        self.transactions += self.tps * (now - self.seconds);
        self.seconds = now;
    }
}

#[cfg(test)]
mod tests;
