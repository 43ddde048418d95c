//! A script: what a client says, step by step, in a form that a person can read and send again.

use std::fmt;

use crate::say;

/// One step of a client's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Query(String),
    Parse(&'static str, String),
    /// Portal, statement, parameters.
    Bind(&'static str, &'static str, Vec<&'static str>),
    DescribeStatement(&'static str),
    DescribePortal(&'static str),
    /// Portal, most rows.
    Execute(&'static str, u32),
    CloseStatement(&'static str),
    ClosePortal(&'static str),
    Sync,
    Flush,
    /// A FunctionCall of `abs`.
    Call,
    Data(String),
    Done,
    Fail,
    /// Reads what the server has to say so far.
    Wait,
    /// Meanwhile another client says something: the one of this number.
    Other(usize),
}

impl Step {
    /// The message, if it is one.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Query(sql) => say::query(sql),
            Self::Parse(name, sql) => say::parse(name, sql),
            Self::Bind(portal, name, values) => say::bind(portal, name, values),
            Self::DescribeStatement(name) => say::describe(name),
            Self::DescribePortal(name) => say::describe_portal(name),
            Self::Execute(portal, rows_max) => say::execute(portal, *rows_max),
            Self::CloseStatement(name) => say::close(name),
            Self::ClosePortal(name) => say::close_portal(name),
            Self::Sync => say::sync(),
            Self::Flush => say::flush(),
            Self::Call => call(),
            Self::Data(data) => say::copied(data.as_bytes()),
            Self::Done => say::copy_done(),
            Self::Fail => say::copy_fail("no more"),
            Self::Wait | Self::Other(_) => Vec::new(),
        }
    }

    /// Whether a batch has begun with it that neither a Sync nor a Flush has ended yet; after one
    /// that has or not.
    pub(crate) fn is_within(&self, before: bool) -> bool {
        match self {
            Self::Query(_) | Self::Sync | Self::Flush | Self::Call => false,
            Self::Data(_) | Self::Done | Self::Fail | Self::Wait | Self::Other(_) => before,
            Self::Parse(..)
            | Self::Bind(..)
            | Self::DescribeStatement(_)
            | Self::DescribePortal(_)
            | Self::Execute(..)
            | Self::CloseStatement(_)
            | Self::ClosePortal(_) => true,
        }
    }

    /// Whether it may be answered with ReadyForQuery.
    pub(crate) fn may_end(&self) -> bool {
        matches!(self, Self::Query(_) | Self::Sync | Self::Call)
    }
}

/// `abs(-5)` by its OID, in text.
fn call() -> Vec<u8> {
    const ABS: u32 = 1397;
    let mut body = ABS.to_be_bytes().to_vec();
    body.extend([0, 0, 0, 1, 0, 0, 0, 2]);
    body.extend(b"-5");
    body.extend([0, 0]);
    say::framed(Some(b'F'), &body)
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(sql) => write!(f, "Query {}", cut(sql)),
            Self::Parse(name, sql) => write!(f, "Parse {name:?} {}", cut(sql)),
            Self::Bind(portal, name, values) => write!(f, "Bind {portal:?} {name:?} {values:?}"),
            Self::DescribeStatement(name) => write!(f, "Describe statement {name:?}"),
            Self::DescribePortal(name) => write!(f, "Describe portal {name:?}"),
            Self::Execute(portal, rows_max) => write!(f, "Execute {portal:?} {rows_max}"),
            Self::CloseStatement(name) => write!(f, "Close statement {name:?}"),
            Self::ClosePortal(name) => write!(f, "Close portal {name:?}"),
            Self::Data(data) => write!(f, "CopyData {}", cut(data)),
            Self::Done => f.write_str("CopyDone"),
            Self::Fail => f.write_str("CopyFail"),
            Self::Call => f.write_str("FunctionCall"),
            Self::Sync | Self::Flush | Self::Wait | Self::Other(_) => write!(f, "{self:?}"),
        }
    }
}

/// A text of which no more than the start is shown.
pub(crate) fn cut(text: &str) -> String {
    let shown: String = text.chars().take(300).collect();
    format!("{shown:?}")
}

/// Numbers that look random and follow from a seed (splitmix64).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to under `count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % count as u64).unwrap()
    }

    /// True in so many of a hundred cases.
    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
