//! Options as rows, the file formats, and the checked `Config` they make.
//!
//! A task reads its configuration from one [`types::Config`], which is immutable: a reload makes a
//! new one and publishes that.

pub mod cluster;

pub mod database;

pub mod types;

pub mod words;
