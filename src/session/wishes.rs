//! What a session's settings ask of routing, and what the hints of a statement change in that.

use std::time::Duration;

use crate::config::value::Scalar;
use crate::config::words::Timeout;
use crate::config::words::TransactionReads;
use crate::route::Route;
use crate::route::freshness::Freshness;
use crate::session::Rules;
use crate::session::settings::Settings;
use crate::sql::effect::Isolation;
use crate::topology::identity::Position;
use crate::topology::policy::Consistency;

/// What was read from settings; `None` is what the configuration says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// `pgsluice.route`.
    pub route: Route,
    /// `pgsluice.consistency`.
    pub consistency: Option<Consistency>,
    /// `pgsluice.max_staleness`; off is any.
    pub staleness_max: Option<Timeout>,
    /// `pgsluice.transaction_reads`.
    pub transaction_reads: Option<TransactionReads>,
    /// `pgsluice.wait_for`.
    pub wait_for: Option<Position>,
    /// `default_transaction_read_only` is on.
    pub read_only: bool,
    /// `default_transaction_isolation`; `None` if the session has not set it.
    pub isolation: Option<Isolation>,
}

impl Wishes {
    /// Reads them from a session's settings.
    pub fn of(settings: &Settings) -> Self {
        let mut wishes = Self::default();
        if settings.is_empty() {
            return wishes;
        }
        for name in OWN {
            if let Some(value) = word(settings, &format!("pgsluice.{name}")) {
                // A wrong one was refused, or came with the client's startup packet.
                let _ = wishes.set(name, &value);
            }
        }
        let read_only = word(settings, "default_transaction_read_only");
        wishes.read_only =
            read_only.is_some_and(|v| ["on", "true", "yes", "1", "t", "y"].contains(&&*v));
        let isolation = word(settings, "default_transaction_isolation");
        wishes.isolation = isolation.map(|v| match &*v {
            "read committed" => Isolation::ReadCommitted,
            "read uncommitted" => Isolation::ReadUncommitted,
            "repeatable read" => Isolation::RepeatableRead,
            _ => Isolation::Serializable,
        });
        wishes
    }

    /// Takes `SET pgsluice.name = 'value'` over.
    ///
    /// # Errors
    /// What is wrong, in PostgreSQL's words.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let wrong = |expected: &str| {
            format!("invalid value for parameter \"pgsluice.{name}\": \"{value}\" ({expected})")
        };
        let text = value.trim().to_ascii_lowercase();
        match name {
            "route" => {
                self.route = Route::parse(text.as_bytes())
                    .ok_or_else(|| wrong("primary, replica or auto"))?;
            }
            "consistency" => {
                let level = Consistency::ALL.into_iter().find(|c| c.as_str() == text);
                let expected = "eventual, session, database or strong";
                self.consistency = Some(level.ok_or_else(|| wrong(expected))?);
            }
            "max_staleness" => {
                let time = Duration::parse(&text).map(Timeout::after);
                let expected = "a time such as 500ms or 5s; 0 is off";
                self.staleness_max = Some(time.ok_or_else(|| wrong(expected))?);
            }
            "transaction_reads" => {
                let reads = TransactionReads::parse(&text);
                self.transaction_reads =
                    Some(reads.ok_or_else(|| wrong("primary or until_write"))?);
            }
            "wait_for" if text.is_empty() => self.wait_for = None,
            "wait_for" => {
                let position = text.parse::<Position>();
                self.wait_for = Some(position.map_err(|expected| wrong(&expected.to_string()))?);
            }
            "write_token" => {
                return Err("parameter \"pgsluice.write_token\" cannot be changed".to_owned());
            }
            _ => return Err(Self::unknown(name).unwrap_or_default()),
        }
        Ok(())
    }

    /// With what the hints of a text ask for; what is wrong in them is left out.
    #[must_use]
    pub fn hinted(mut self, asks: &[(Box<str>, Box<str>)]) -> Self {
        for (name, value) in asks {
            if HINTED.contains(&&**name) {
                let _ = self.set(name, value);
            }
        }
        self
    }

    /// What a read asks for, where the rules say what was not wished.
    pub fn freshness(&self, rules: &Rules) -> Freshness {
        let staleness_max = self.staleness_max.unwrap_or(rules.staleness_max);
        Freshness {
            consistency: self.consistency.unwrap_or(rules.consistency),
            staleness_max: staleness_max.limit(),
            wait_for: self.wait_for,
        }
    }

    /// What is wrong with a name behind `pgsluice.`, if something is.
    pub fn unknown(name: &str) -> Option<String> {
        let is_known = name == "write_token" || OWN.contains(&name);
        (!is_known).then(|| format!("unrecognized configuration parameter \"pgsluice.{name}\""))
    }
}

/// The names of our settings that keep a value.
const OWN: [&str; 5] = [
    "route",
    "consistency",
    "max_staleness",
    "transaction_reads",
    "wait_for",
];

/// Those that a hint may set.
const HINTED: [&str; 2] = ["consistency", "max_staleness"];

/// A value without its quotes, in lower case.
fn word(settings: &Settings, name: &str) -> Option<String> {
    let value = str::from_utf8(settings.value(name)?).ok()?.trim();
    let bare = value.strip_prefix('\'').and_then(|v| v.strip_suffix('\''));
    Some(bare.unwrap_or(value).trim().to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
