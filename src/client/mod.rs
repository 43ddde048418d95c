//! One task per client.
