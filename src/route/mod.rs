//! From the facts of a batch to the kind of node it wants, with the reason.
