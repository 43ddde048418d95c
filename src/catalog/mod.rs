//! What a database says of its own names, for the classifier: which functions may write, which
//! relations only the primary may answer about.
//!
//! One task per database looks at the system catalogs from time to time, and at once when traffic
//! changed them, over a connection that it closes again. It is bounded in time and rows, and never
//! on the path of a query: readers take the last snapshot, an `Arc`. What fails keeps the old one.

pub mod look;

pub mod watch;
