//! Values that are asked for when somebody looks, written as Prometheus reads them.

use std::fmt::Display;
use std::fmt::Write;

use crate::metrics::own::BOUNDS;
use crate::metrics::own::Histogram;
use crate::metrics::rows::ALL;
use crate::metrics::rows::Kind;
use crate::metrics::rows::Row;

/// Lines of text per row.
#[derive(Debug, Default)]
pub struct Sheet {
    /// In the order of [`ALL`].
    lines: Vec<String>,
}

impl Sheet {
    /// Makes an empty sheet.
    pub fn new() -> Self {
        Self {
            lines: vec![String::new(); ALL.len()],
        }
    }

    /// Puts down a value of a gauge.
    pub fn gauge(&mut self, row: &'static Row, values: &[&str], value: f64) {
        row.check(Kind::Gauge, values);
        self.line(row, "", values, None, value);
    }

    /// Puts down a total that somebody else keeps.
    pub fn count(&mut self, row: &'static Row, values: &[&str], total: u64) {
        row.check(Kind::Tally, values);
        self.line(row, "", values, None, total);
    }

    /// Puts down a histogram.
    pub(super) fn histogram(&mut self, row: &'static Row, values: &[&str], histogram: &Histogram) {
        let snapshot = histogram.snapshot();
        for (bound, at_most) in BOUNDS.iter().zip(snapshot.at_most) {
            self.line(row, "_bucket", values, Some(bound), at_most);
        }
        self.line(row, "_bucket", values, Some("+Inf"), snapshot.count);
        self.line(row, "_sum", values, None, snapshot.sum.as_secs_f64());
        self.line(row, "_count", values, None, snapshot.count);
    }

    /// Writes everything; of the rows that others keep, the head if `text` has no line of them.
    pub(super) fn render(&self, text: &mut String) {
        for (row, lines) in ALL.iter().zip(&self.lines) {
            let name = row.name;
            if row.kind == Kind::Counter && text.contains(&format!("# TYPE {name} ")) {
                continue;
            }
            head(text, row);
            text.push_str(lines);
        }
    }

    fn line(
        &mut self,
        row: &'static Row,
        suffix: &str,
        values: &[&str],
        le: Option<&str>,
        value: impl Display,
    ) {
        let i = ALL.iter().position(|known| known.name == row.name);
        let Some(line) = i.and_then(|i| self.lines.get_mut(i)) else {
            debug_assert!(false, "{} is not in the list", row.name);
            return;
        };
        line.push_str(row.name);
        line.push_str(suffix);
        let labels = row.labels.iter().copied().zip(values.iter().copied());
        sample(line, labels.chain(le.map(|le| ("le", le))), value);
    }
}

/// A metric that is written at once, in the place where it is to stand.
#[derive(Debug)]
pub struct Family<'t> {
    text: &'t mut String,
    row: &'t Row,
}

impl<'t> Family<'t> {
    /// Appends its head.
    pub fn begin(text: &'t mut String, row: &'t Row) -> Self {
        head(text, row);
        Self { text, row }
    }

    /// Appends a value.
    pub fn sample(&mut self, values: &[&str], value: f64) {
        self.row.check(self.row.kind, values);
        self.text.push_str(self.row.name);
        let labels = self.row.labels.iter().copied().zip(values.iter().copied());
        sample(self.text, labels, value);
    }
}

/// Appends what stands in front of a metric's samples. Writing to a `String` does not fail.
fn head(text: &mut String, row: &Row) {
    let _ = writeln!(text, "# HELP {} {}", row.name, row.help);
    let _ = writeln!(text, "# TYPE {} {}", row.name, row.kind.as_str());
}

/// Appends labels and value behind a name.
fn sample<'l>(
    text: &mut String,
    labels: impl Iterator<Item = (&'l str, &'l str)>,
    value: impl Display,
) {
    let mut before = '{';
    for (label, value) in labels {
        let _ = write!(text, "{before}{label}=\"");
        escape(text, value);
        text.push('"');
        before = ',';
    }
    text.push_str(if before == '{' { " " } else { "} " });
    let _ = writeln!(text, "{value}");
}

/// Appends a label's value, escaped as the text format asks.
fn escape(line: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '\\' => line.push_str("\\\\"),
            '"' => line.push_str("\\\""),
            '\n' => line.push_str("\\n"),
            c => line.push(c),
        }
    }
}
