//! `failover_wait` is shorter than the outage: whoever waits is told in time, and nothing else is
//! different.

use std::time::Duration;
use std::time::Instant;

use crate::history::Outcome;
use crate::kills::kill_and_promote;
use crate::stage::Stage;

#[test]
fn a_wait_that_is_shorter_than_the_outage_ends_in_time() {
    let stage = Stage::set_with(
        "kill -9, promotion after 4 s, failover_wait 1 s",
        "failover_wait = \"1s\"\n",
    );
    let course = kill_and_promote(&stage, Duration::from_secs(4));
    let ending = stage.end(&course);
    ending.check_kept();
    let mut told = 0;
    for write in &ending.history.writes {
        match &write.outcome {
            Outcome::Acknowledged { .. } => (),
            Outcome::Refused { why } if why == "57P03" => {
                // The statement waited from when it came, or from when there was no primary.
                let waited = write.ended - write.began;
                assert!(WAIT - SHORT < waited && waited < WAIT + LATE, "{write:?}");
                assert!(write.began <= course.detected, "{write:?}");
                told += 1;
            }
            Outcome::Refused { .. } | Outcome::Unknown { .. } | Outcome::Hanging => {
                assert!(write.is_told_as_documented(), "{write:?}");
                assert!(write.began <= course.known, "{write:?}");
            }
        }
    }
    // To log in is to prepare a statement too, which may be under way as any.
    let is_wrong = |(began, why): &&(Instant, String)| {
        course.known < *began && (why != "57P03" || course.detected < *began)
    };
    let wrong = ending.history.refused_logins.iter().find(is_wrong);
    assert_eq!(wrong, None, "a login");
    assert_ne!(told, 0, "void: nobody waited too long");
}

const WAIT: Duration = Duration::from_secs(1);
const SHORT: Duration = Duration::from_millis(100);
/// On a busy machine.
const LATE: Duration = Duration::from_secs(2);
