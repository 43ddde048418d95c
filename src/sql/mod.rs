//! What a statement is: lexer, classes, session effects, hints, cache. Never fails; unknown is a
//! write.
//!
//! Invariants, each with a test that bears its name:
//! * `nothing_here_panics`: any bytes may come in;
//! * `unknown_is_a_write`: a [`statement::Class::Read`] is only what every token says is one;
//! * `the_cache_changes_nothing`: a class from the cache is the class without it.
//!
//! All of it takes time linear in the text, and no recursion follows the depth of the input.

pub mod lexer;

pub mod classify;

pub mod names;

pub mod key;

pub mod cache;

pub mod catalog;

pub mod statement;

pub mod effect;

pub mod hint;

pub mod learned;

pub mod quote;

pub mod explain;
