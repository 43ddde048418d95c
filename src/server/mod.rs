//! One connection to PostgreSQL: dial, login, internal queries, cancel.
