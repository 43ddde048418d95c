//! Kills replicas and starts them again, by a seeded plan.

use std::thread;
use std::time::Duration;
use std::time::Instant;

use pgsluice::demo::cluster::Cluster;
use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::Scene;

/// Kills one replica or both at a time for [`LASTS`]; at the end both run and have been given time
/// to serve again.
pub(crate) fn make(cluster: &Cluster, scene: &Scene, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let began = Instant::now();
    let mut kills = 0;
    while began.elapsed() < LASTS {
        pause(&mut random, 500..2_000);
        let victims: &[usize] = match random.random_range(0..4) {
            0 => &[1, 2],
            1 => &[2],
            _ => &[1],
        };
        let before = scene.tally.reads_now();
        for node in victims {
            cluster.node(*node).kill();
            kills += 1;
        }
        pause(&mut random, 300..1_500);
        for node in victims {
            cluster.node(*node).start().expect("it starts again");
        }
        let after = scene.tally.reads_now();
        let meanwhile: u64 = after.iter().zip(before).map(|(now, then)| now - then).sum();
        eprintln!(
            "{:?}: {victims:?} were down, {meanwhile} reads",
            began.elapsed()
        );
        assert!(
            0 < meanwhile,
            "nothing was read while {victims:?} were down"
        );
    }
    scene.tally.trouble_is_over();
    wait_for_reads(scene);
    eprintln!("{kills} kills in {:?}", began.elapsed());
}

/// Waits until both replicas serve again.
fn wait_for_reads(scene: &Scene) {
    let before = scene.tally.reads_now();
    let began = Instant::now();
    while began.elapsed() < BACK_WITHIN {
        thread::sleep(Duration::from_millis(100));
        let now = scene.tally.reads_now();
        if now
            .iter()
            .zip(before)
            .skip(1)
            .all(|(now, then)| then + 10 < *now)
        {
            return;
        }
    }
}

fn pause(random: &mut StdRng, ms: std::ops::Range<u64>) {
    thread::sleep(Duration::from_millis(random.random_range(ms)));
}

const LASTS: Duration = Duration::from_secs(20);
const BACK_WITHIN: Duration = Duration::from_secs(15);
