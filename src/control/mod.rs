//! Pause, resume and drain: what one task tells all others.
