//! One client's state as a value.
