//! The process: start, run, reload, drain.
