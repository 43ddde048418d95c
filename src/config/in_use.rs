//! What is in use while a configuration is read, where that goes on to hold.

use crate::config::types::Config;

/// What is in use, and how much of it holds on.
#[derive(Clone, Copy, Debug)]
pub(super) enum InUse<'a> {
    /// Nothing is in use yet.
    Nothing,
    /// The users of an `auth_file`, if that cannot be opened.
    Users(&'a Config),
    /// All that stands in files about logins: these are not read.
    Files(&'a Config),
}
