//! Who may do what in the console.

use crate::config::types::Console;

/// What a user may do; each may what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Look, and change nothing (`stats_users`).
    Stats,
    /// Everything (`admin_users`).
    Admin,
}

impl Access {
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
}
