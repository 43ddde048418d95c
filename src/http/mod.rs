//! Port 9127: metrics and health.
