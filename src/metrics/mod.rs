//! What pgsluice counts and measures, and how that is shown to Prometheus.
//!
//! Three ways, each for what it is good at. Counters go through `metrics` and its Prometheus
//! exporter, by handles made once. Histograms and the tallies of each transaction are ours
//! ([`own`]): the exporter keeps each sample until it is asked, with a clock read per sample, and
//! its counters cannot be read back for the console. What others know anyway, servers by state or
//! the lag of a node, is put on a [`sheet`] when somebody asks. Nothing is global.

pub mod figures;
pub mod handles;
pub mod own;
pub mod rows;
pub mod sheet;

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use ::metrics::Counter;
use ::metrics::Key;
use ::metrics::Label;
use ::metrics::Level;
use ::metrics::Metadata;
use ::metrics::Recorder;
use metrics_exporter_prometheus::PrometheusBuilder;
use metrics_exporter_prometheus::PrometheusRecorder;

use crate::metrics::own::Histogram;
use crate::metrics::own::Tally;
use crate::metrics::rows::Kind;
use crate::metrics::rows::Row;
use crate::metrics::sheet::Sheet;

/// All metrics of the process.
pub struct Metrics {
    recorder: PrometheusRecorder,
    own: Mutex<Vec<Owned>>,
}

impl Metrics {
    /// Makes a recorder that knows what each row means.
    pub fn new() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        for row in rows::ALL.iter().filter(|row| row.kind == Kind::Counter) {
            recorder.describe_counter(row.name.into(), None, row.help.into());
        }
        Self {
            recorder,
            own: Mutex::new(Vec::new()),
        }
    }

    /// The counter of `row` with these values for its labels, in their order.
    pub fn counter(&self, row: &'static Row, values: &[&str]) -> Counter {
        row.check(Kind::Counter, values);
        let labels = row.labels.iter().zip(values);
        let labels: Vec<_> = labels
            .map(|(name, value)| Label::new(*name, (*value).to_owned()))
            .collect();
        let key = Key::from_parts(row.name, labels);
        let metadata = Metadata::new(module_path!(), Level::INFO, None);
        self.recorder.register_counter(&key, &metadata)
    }

    /// The histogram of `row` with these values for its labels; the same for the same values.
    pub fn histogram(&self, row: &'static Row, values: &[&str]) -> Arc<Histogram> {
        row.check(Kind::Histogram, values);
        let mut own = self.own();
        for owned in own.iter() {
            match &owned.what {
                What::Histogram(histogram) if owned.is(row, values) => {
                    return Arc::clone(histogram);
                }
                What::Histogram(_) | What::Tally(_) => (),
            }
        }
        let histogram = Arc::new(Histogram::default());
        own.push(Owned::new(
            row,
            values,
            What::Histogram(Arc::clone(&histogram)),
        ));
        histogram
    }

    /// The tally of `row` with these values for its labels; the same for the same values.
    pub fn tally(&self, row: &'static Row, values: &[&str]) -> Arc<Tally> {
        row.check(Kind::Tally, values);
        let mut own = self.own();
        for owned in own.iter() {
            match &owned.what {
                What::Tally(tally) if owned.is(row, values) => return Arc::clone(tally),
                What::Histogram(_) | What::Tally(_) => (),
            }
        }
        let tally = Arc::new(Tally::default());
        own.push(Owned::new(row, values, What::Tally(Arc::clone(&tally))));
        tally
    }

    /// All tallies of `row` so far: the values of their labels, and their totals.
    pub fn tallies(&self, row: &'static Row) -> Vec<(Vec<String>, u64)> {
        let own = self.own();
        let tallies = own.iter().filter(|owned| owned.row.name == row.name);
        let read = |owned: &Owned| match &owned.what {
            What::Tally(tally) => Some((owned.values.clone(), tally.total())),
            What::Histogram(_) => None,
        };
        tallies.filter_map(read).collect()
    }

    /// Everything as Prometheus reads it (text format 0.0.4), with what is on `sheet`. Each row
    /// has its HELP and TYPE, also while nothing was counted.
    pub fn render(&self, mut sheet: Sheet) -> String {
        for owned in self.own().iter() {
            match &owned.what {
                What::Histogram(histogram) => {
                    sheet.histogram(owned.row, &owned.values(), histogram);
                }
                What::Tally(tally) => sheet.count(owned.row, &owned.values(), tally.total()),
            }
        }
        let mut text = self.recorder.handle().render();
        sheet.render(&mut text);
        text
    }

    fn own(&self) -> MutexGuard<'_, Vec<Owned>> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// One of our own series.
struct Owned {
    row: &'static Row,
    values: Vec<String>,
    what: What,
}

enum What {
    Histogram(Arc<Histogram>),
    Tally(Arc<Tally>),
}

impl Owned {
    fn new(row: &'static Row, values: &[&str], what: What) -> Self {
        Self {
            row,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            what,
        }
    }

    fn is(&self, row: &Row, values: &[&str]) -> bool {
        self.row.name == row.name && self.values == values
    }

    fn values(&self) -> Vec<&str> {
        self.values.iter().map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests;
