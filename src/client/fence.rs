//! A link to a node that must not be used ends as if its server had died: nothing goes there any
//! more, and nothing that it says is passed on.

use crate::client::ending::Ending;
use crate::client::relay::Done;
use crate::client::relay::Relay;
use crate::session::side::Role;

impl Relay {
    /// Whether the link's node has come to be barred. Asked before anything is passed on in either
    /// direction; one atomic load as long as no node does.
    pub(super) fn is_fenced(&mut self) -> bool {
        let cluster = self.desk.cluster();
        let fences = cluster.monitor.fences();
        if self.fences == fences {
            return false;
        }
        self.fences = fences;
        let link = self.session.link();
        link.is_some_and(|link| cluster.view().bars(link.node, link.role == Role::Primary))
    }

    /// Ends a link to a node that is barred.
    pub(super) fn on_fenced(&mut self) -> Result<Option<Done>, Ending> {
        self.on_server_lost("the node is not the primary any more".to_owned())
    }
}
