//! When which act of the demo plays.

use std::time::Duration;

/// What is being shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// All nodes are well.
    Even,
    /// The last replica does not replay: it lags more each second.
    Lagging,
    /// It replays again and its share of the reads comes back.
    Back,
}

impl Act {
    /// The act at `elapsed` into a demo of `length`, or of one without end.
    ///
    /// A demo with an end shows each act once, a third each; one without repeats them every minute.
    pub fn at(elapsed: Duration, length: Option<Duration>) -> Self {
        let round = length.unwrap_or(ROUND);
        if round.is_zero() {
            return Self::Even;
        }
        let third = round / 3;
        let into = Duration::from_secs_f64(elapsed.as_secs_f64() % round.as_secs_f64());
        if into < third {
            // From the second round on the replica has been behind before.
            match elapsed < round {
                true => Self::Even,
                false => Self::Back,
            }
        } else if into < third * 2 {
            Self::Lagging
        } else {
            Self::Back
        }
    }

    /// One line for the audience; `node` is the one it is about.
    pub fn line(self, node: &str) -> String {
        match self {
            Self::Even => {
                String::from("All replicas replay at once: the reads are spread over them.")
            }
            Self::Lagging => {
                format!("{node} has stopped replaying: its reads go away as its lag grows.")
            }
            Self::Back => format!("{node} replays again: its share of the reads comes back."),
        }
    }
}

const ROUND: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests;
