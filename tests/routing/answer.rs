//! What a statement is answered with, as text that can be compared.

use std::fmt;
use std::io::Write;

use pgsluice::wire::fields::Fields;

use crate::raw::Message;
use crate::raw::Raw;
use crate::say::bind;
use crate::say::copied;
use crate::say::copy_done;
use crate::say::describe_portal;
use crate::say::execute;
use crate::say::parse;
use crate::say::query;
use crate::say::sync;
use crate::show::columns;
use crate::show::row;

/// How a statement is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Simple,
    Extended,
}

/// The messages of an answer that a driver would act on, one line each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    lines: Vec<(u8, String)>,
}

impl Answer {
    /// Sends a statement and reads up to ReadyForQuery, or to the end of the stream.
    pub(crate) fn ask(
        raw: &mut Raw,
        protocol: Protocol,
        sql: &str,
        values: &[String],
        data: Option<&str>,
    ) -> Self {
        let values: Vec<_> = values.iter().map(String::as_str).collect();
        let sent = match protocol {
            Protocol::Simple => query(sql),
            Protocol::Extended => [
                parse("", sql),
                bind("", "", &values),
                describe_portal(""),
                execute("", 0),
                sync(),
            ]
            .concat(),
        };
        let mut answer = Self::default();
        let went = raw.writer().write_all(&sent).is_ok();
        loop {
            let Some(message) = Some(()).filter(|()| went).and_then(|()| raw.try_next()) else {
                answer
                    .lines
                    .push((b'X', "the end of the stream".to_owned()));
                return answer;
            };
            if message.tag == b'G' {
                let data = data.unwrap_or_default().as_bytes();
                raw.send(&[copied(data), copy_done()].concat());
                if protocol == Protocol::Extended {
                    raw.send(&sync());
                }
            }
            answer.add(&message);
            if message.tag == b'Z' {
                return answer;
            }
        }
    }

    fn add(&mut self, message: &Message) {
        let body = &message.body;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let shown = match message.tag {
            // What is reported of parameters has tests of its own (tests/wire).
            b'S' => return,
            b'T' => columns(body)
                .split(' ')
                .map(|word| match word.parse::<u32>() {
                    Ok(16_384..) => "of users",
                    _ => word,
                })
                .collect::<Vec<_>>()
                .join(" "),
            b'D' => row(body).join("|"),
            b'C' | b'Z' => text(body).trim_end_matches('\0').to_owned(),
            b'E' | b'N' => {
                let fields = Fields::new(body);
                let shown = b"SCMDHPWstcdn".iter().filter_map(|&tag| fields.field(tag));
                shown.map(text).collect::<Vec<_>>().join(" | ")
            }
            // The pid of who notified goes first.
            b'A' => text(body.get(4..).unwrap_or_default()),
            b'd' => text(body),
            b'G' | b'H' => format!("{body:?}"),
            _ => String::new(),
        };
        self.lines.push((message.tag, shown));
    }

    /// With the name of the database taken out.
    pub(crate) fn without(mut self, database: &str) -> Self {
        for (_, line) in &mut self.lines {
            *line = line.replace(database, "{db}");
        }
        self
    }

    /// The SQLSTATE and the message of its error.
    pub(crate) fn error(&self) -> Option<&str> {
        let error = self
            .lines
            .iter()
            .find(|(tag, _)| *tag == b'E' || *tag == b'X');
        error.map(|(_, line)| line.as_str())
    }

    /// Whether the connection ended.
    pub(crate) fn is_end(&self) -> bool {
        self.lines.iter().any(|(tag, _)| *tag == b'X')
    }

    /// The transaction status that it ends with: I, T or E.
    pub(crate) fn status(&self) -> &str {
        self.lines.last().map_or("", |(_, line)| line.as_str())
    }

    /// Columns and tag, or the SQLSTATE; not the rows.
    pub(crate) fn shape(&self) -> Self {
        let lines = self.lines.iter().filter_map(|(tag, line)| match tag {
            b'D' | b'd' | b'N' => None,
            b'C' => Some((*tag, line.split(' ').next().unwrap_or_default().to_owned())),
            b'E' => Some((*tag, line.chars().take(16).collect())),
            _ => Some((*tag, line.clone())),
        });
        Self {
            lines: lines.collect(),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (tag, line) in self.lines.iter().take(LINES_SHOWN) {
            let line: String = line.chars().take(LINE_SHOWN).collect();
            write!(f, "{}({line}) ", char::from(*tag))?;
        }
        if LINES_SHOWN < self.lines.len() {
            write!(f, "… {} messages", self.lines.len())?;
        }
        Ok(())
    }
}

const LINES_SHOWN: usize = 12;

const LINE_SHOWN: usize = 240;
