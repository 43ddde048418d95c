//! Options as rows, the file formats, and the checked `Config` they make.
//!
//! A file is read into a [`raw::Raw`], in which every format looks the same; from that a
//! [`types::Config`] is built, which is what all other modules know. Everything that is wrong is
//! reported at once ([`fault::Faults`]). A `Config` never changes: a reload makes a new one.

mod apply;

mod auth_file;

mod build;

mod check;

pub mod cluster;

pub mod database;

pub mod discovery;

pub mod docs;

pub mod draft;

pub mod fault;

mod files;

pub mod format;

mod from_toml;

mod in_use;

mod ini;

mod load;

mod monitor;

pub mod nodes;

pub mod notes;

pub mod option;

pub mod peers;

pub mod process;

pub mod raw;

pub mod reload;

pub mod rows;

mod rules;

mod scalar;

mod secrets;

pub mod shown;

pub mod source;

mod spelling;

pub mod suites;

pub mod tls;

mod to_toml;

pub mod types;

mod userlist;

pub mod value;

pub mod words;

#[cfg(test)]
mod tests;
