//! What the demo prints: text from figures, and a screen that draws it over the last one.

use std::fmt::Write as _;
use std::io;
use std::io::Write as _;
use std::time::Duration;

use crate::demo::Error;
use crate::demo::act::Act;
use crate::demo::figures::Figures;
use crate::demo::figures::NodeFigures;
use crate::demo::figures::Rate;
use crate::demo::figures::Totals;
use crate::demo::io_error;
use crate::demo::load::Load;
use crate::demo::stage::OwnCount;

/// Where pictures go: drawn in place on a terminal, one after the other elsewhere.
#[derive(Debug)]
pub struct Screen {
    is_terminal: bool,
    lines_drawn: usize,
}

impl Screen {
    /// A screen with nothing on it.
    pub fn new(is_terminal: bool) -> Self {
        Self {
            is_terminal,
            lines_drawn: 0,
        }
    }

    /// Shows a picture of whole lines.
    ///
    /// # Errors
    ///
    /// When stdout is closed.
    pub fn draw(&mut self, picture: &str) -> Result<(), Error> {
        let mut out = String::new();
        if self.is_terminal {
            if 0 < self.lines_drawn {
                // Up to the first line drawn; each line is then cleared to its end.
                let _ = write!(out, "\x1b[{}A", self.lines_drawn);
            }
            for line in picture.lines() {
                let _ = write!(out, "\r\x1b[2K{line}\n");
            }
            out.push_str("\x1b[J");
            self.lines_drawn = picture.lines().count();
        } else {
            out.push_str(picture);
            out.push('\n');
        }
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(out.as_bytes())
            .and_then(|()| stdout.flush())
            .map_err(|e| io_error("print", e))
    }
}

/// The table of one moment, at most 80 columns wide.
pub fn picture(now: &Figures, rates: &[Rate], load: &Load, act: Act) -> String {
    let last = now.nodes.last().map_or("", |n| n.node.as_str());
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}  load {:>5.0} transactions/s, {:.2} ms on average; failed {}, clients lost {}",
        clock(now.at),
        load.tps,
        load.latency_ms,
        load.failed,
        load.lost,
    );
    let _ = writeln!(text, "{}", act.line(last));
    let _ = writeln!(
        text,
        "{:<15} {:<7} {:>7} {:>7} {:>7} {:>5} {:<8} {:>8} {:>8}",
        "node", "role", "lag", "servers", "reads/s", "share", "", "writes/s", "latency"
    );
    for (node, rate) in now.nodes.iter().zip(rates) {
        text.push_str(row(node, rate).trim_end());
        text.push('\n');
    }
    text
}

fn row(node: &NodeFigures, rate: &Rate) -> String {
    let role = match (node.is_up, node.is_primary) {
        (false, _) => "down",
        (true, Some(true)) => "primary",
        (true, Some(false)) => "replica",
        (true, None) => "unknown",
    };
    format!(
        "{:<15} {role:<7} {:>7} {:>7} {:>7.0} {:>5} {:<8} {:>8.0} {:>8}",
        node.node,
        lag(node),
        format!("{:.0}/{:.0}", node.servers_busy, node.servers),
        rate.reads,
        percent(rate.reads_share),
        bar(rate.reads_share),
        rate.writes,
        rate.latency_ms
            .map_or_else(|| String::from("-"), |ms| format!("{ms:.2} ms")),
    )
}

/// What there is to say at the end.
pub fn summary(figures: &Figures, totals: &Totals, own: &[OwnCount], load: &Load) -> String {
    let mut text = format!(
        "\nIn {:.0} s the proxy served {:.0} transactions ({:.0}/s); {} failed, {} clients were lost.\n",
        load.seconds,
        load.transactions,
        load.transactions / load.seconds.max(1.0),
        load.failed,
        load.lost,
    );
    let shares = totals.shares();
    let _ = write!(text, "\n{:<15} {:<7}", "reads by node", "");
    for (act, _) in &shares {
        let _ = write!(text, " {:>11}", title(*act));
    }
    let _ = writeln!(text, " {:>18}", "committed, it says");
    for (i, node) in figures.nodes.iter().enumerate() {
        let role = match node.is_primary {
            Some(true) => "primary",
            Some(false) => "replica",
            None => "unknown",
        };
        let _ = write!(text, "{:<15} {role:<7}", node.node);
        for (_, nodes) in &shares {
            let share = nodes.get(i).copied().unwrap_or_default();
            let _ = write!(text, " {:>11}", percent(share));
        }
        let count = own.get(i).copied().unwrap_or_default();
        let _ = writeln!(text, " {:>18}", count.transactions);
    }
    text.push_str("Reads on the primary are of clients that had just written there.\n");
    text
}

fn title(act: Act) -> &'static str {
    match act {
        Act::Even => "all well",
        Act::Lagging => "one lags",
        Act::Back => "it is back",
    }
}

fn lag(node: &NodeFigures) -> String {
    match (node.is_primary, node.lag_seconds) {
        (Some(true), _) => String::from("-"),
        (_, Some(seconds)) if seconds < 1.0 => format!("{:.0} ms", seconds * 1e3),
        (_, Some(seconds)) => format!("{seconds:.1} s"),
        (_, None) => String::from("?"),
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A bar of up to 8 places.
fn bar(share: f64) -> String {
    let full = |place: u32| (f64::from(place) + 0.5) / f64::from(BAR_PLACES) <= share;
    (0..BAR_PLACES).filter(|p| full(*p)).map(|_| '█').collect()
}

fn clock(at: Duration) -> String {
    format!("{:>2}:{:02}", at.as_secs() / 60, at.as_secs() % 60)
}

const BAR_PLACES: u32 = 8;

#[cfg(test)]
mod tests;
