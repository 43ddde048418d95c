//! What a client hears when it has logged in.

use bytes::BytesMut;

use crate::registry::clients::Slot;
use crate::wire::server::Status;
use crate::wire::write;

/// Appends what a client is told that has logged in.
pub(super) fn write_welcome<'a>(
    out: &mut BytesMut,
    parameters: impl Iterator<Item = (&'a str, &'a str)>,
    slot: &Slot,
) {
    write::authentication_ok(out);
    for (name, value) in parameters {
        write::parameter_status(out, name, value);
    }
    write::backend_key_data(out, slot.key.pid(), slot.key.secret());
    write::ready_for_query(out, Status::Idle);
}
