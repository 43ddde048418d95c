//! Who may do what in the console.

use crate::config::types::Config;
use crate::config::types::Console;
use crate::config::words::AuthType;

/// Who is at the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The name given at login.
    pub user: Box<str>,
    /// Whether it is whoever runs this process, as the system says at the Unix socket.
    pub is_owner: bool,
}

/// What a user may do; each may what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Look, and change nothing (`stats_users`).
    Stats,
    /// Everything (`admin_users`).
    Admin,
}

impl Access {
    /// What a caller may do; `None`: not even log in. Where nobody has to say who it is, everyone
    /// may look.
    pub fn of_caller(config: &Config, caller: &Caller) -> Option<Self> {
        if caller.is_owner {
            return Some(Self::Admin);
        }
        let named = Self::of(&config.console, &caller.user);
        let is_open = config.auth.auth_type == AuthType::Any;
        named.or(is_open.then_some(Self::Stats))
    }

    /// What the user of this name may do; `None`: not even log in.
    pub fn of(console: &Console, user: &str) -> Option<Self> {
        let is_in = |names: &[String]| names.iter().any(|name| name == user);
        if is_in(&console.admin_users) {
            Some(Self::Admin)
        } else if is_in(&console.stats_users) {
            Some(Self::Stats)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_by_name_and_the_higher_wins() {
        let console = Console {
            admin_users: vec!["root".to_owned(), "both".to_owned()],
            stats_users: vec!["looker".to_owned(), "both".to_owned()],
        };
        let check = |user, expected| assert_eq!(Access::of(&console, user), expected, "{user}");
        check("root", Some(Access::Admin));
        check("both", Some(Access::Admin));
        check("looker", Some(Access::Stats));
        check("Root", None);
        check("", None);
        assert!(Access::Stats < Access::Admin);
    }

    #[test]
    fn owners_may_do_all_and_anyone_may_look_where_anyone_logs_in() {
        let caller = |user: &str, is_owner| Caller {
            user: user.into(),
            is_owner,
        };
        let mut config = Config::default();
        config.console.admin_users.push("root".to_owned());
        let of =
            |config: &Config, user, is_owner| Access::of_caller(config, &caller(user, is_owner));
        assert_eq!(of(&config, "pgbouncer", true), Some(Access::Admin));
        assert_eq!(of(&config, "pgbouncer", false), None);
        config.auth.auth_type = AuthType::Any;
        assert_eq!(of(&config, "someone", false), Some(Access::Stats));
        assert_eq!(of(&config, "root", false), Some(Access::Admin));
    }
}
