//! A link to a node that must not be used ends as if its server had died: nothing goes there any
//! more, and nothing that it says is passed on.

use crate::client::ending::Ending;
use crate::client::relay::Done;
use crate::client::relay::Relay;
use crate::session::side::Role;
use crate::sqlstate::SqlState;

impl Relay {
    /// Whether the link's node has come to be barred. Asked before anything is passed on in either
    /// direction; two atomic loads as long as no node does and the cluster is the present one.
    pub(super) fn is_fenced(&mut self) -> bool {
        let cluster = self.desk.cluster();
        let fences = cluster.monitor.fences();
        if self.fences == fences && !cluster.is_replaced() {
            return false;
        }
        self.fences = fences;
        let link = self.session.link();
        link.is_some_and(|link| cluster.bars(link.node, link.role == Role::Primary))
    }

    /// Ends a link to a node that is barred.
    pub(super) fn on_fenced(&mut self) -> Result<Option<Done>, Ending> {
        self.on_server_lost("the node is not the primary any more".to_owned())
    }
}

/// Whether an error says that its node may be another than it is taken for, or about to end: then it
/// is asked at once.
pub(super) fn is_suspicious(code: SqlState) -> bool {
    matches!(
        code,
        SqlState::READ_ONLY
            | SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_node_says_that_ends_or_is_a_standby_is_suspicious() {
        let check = |code: &str, expected| {
            let code = SqlState::parse(code.as_bytes()).unwrap();
            assert_eq!(is_suspicious(code), expected, "{code}");
        };
        for code in ["25006", "57P01", "57P02", "57P03"] {
            check(code, true);
        }
        for code in ["57014", "40001", "23505", "25P02", "57P05"] {
            check(code, false);
        }
    }
}
