//! Processes that pass cancel requests on to each other.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod one_port;
mod passing;

#[path = "../wire/raw.rs"]
#[allow(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::excessive_nesting,
    reason = "another test binary uses all of it"
)]
mod raw;

#[path = "../wire/say.rs"]
#[allow(dead_code, reason = "another test binary uses all of it")]
mod say;

#[path = "../wire/show.rs"]
mod show;

#[path = "../process/stage.rs"]
#[allow(dead_code, reason = "another test binary uses all of it")]
mod stage;

#[path = "../support/mod.rs"]
mod support;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::options::Options;

use crate::raw::Raw;
use crate::stage::Place;
use crate::stage::Running;

/// Who clients log in as, and where.
const STARTUP: [(&str, &str); 2] = [("user", "postgres"), ("database", "postgres")];

/// A node for all processes.
fn cluster() -> Cluster {
    Cluster::start(&Options::default().replicas(0)).expect("a cluster starts")
}

fn log_in(port: u16) -> Raw {
    Raw::connect_with(port, &STARTUP)
}

/// Processes with the numbers from 1, whose configurations begin with `options` and end with what
/// `peers` says.
struct Group {
    places: Vec<Place>,
    running: Vec<Running>,
    node: u16,
}

impl Group {
    /// All in folders of their own; `configure` says what each configuration holds.
    fn start(node: u16, places: Vec<Place>, configure: impl Fn(&[Place], usize) -> String) -> Self {
        let mut group = Self {
            places,
            running: Vec::new(),
            node,
        };
        group.configure(configure);
        group.running = group.places.iter().map(|place| place.start(&[])).collect();
        for (i, place) in group.places.iter().enumerate() {
            stage::wait("up", || {
                let up = group.log(i).contains("process up");
                up && place.psql("select 1").is_ok()
            });
        }
        group
    }

    fn configure(&self, configure: impl Fn(&[Place], usize) -> String) {
        for (i, place) in self.places.iter().enumerate() {
            let options = format!(
                "log_format = \"pgbouncer\"\nadmin_users = \"postgres\"\npeer_id = {}\n{}",
                i + 1,
                configure(&self.places, i)
            );
            place.configure(&options, &[self.node]);
        }
    }

    fn log(&self, i: usize) -> String {
        self.places[i].text("stderr")
    }

    /// How often the logs of all say so.
    fn count(&self, said: &str) -> usize {
        let logs = (0..self.places.len()).map(|i| self.log(i));
        logs.map(|log| log.matches(said).count()).sum()
    }
}
