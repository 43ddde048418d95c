//! Plays cases to both sides and compares what was heard, label by label.

use std::fmt::Write as _;
use std::thread;

use pgsluice::demo::cluster::Cluster;

use crate::cases::Case;
use crate::known::KNOWN;
use crate::known::Known;
use crate::known::OLDER;
use crate::stage::Pooler;
use crate::stage::Stage;

type Heard = Vec<(String, Vec<String>)>;

/// Plays each case to both sides at the same time.
///
/// # Panics
/// What is heard differs in more, or in less, than is known.
pub(crate) fn compare(cluster: &Cluster, cases: &[Case]) {
    let (ours, theirs) = (Pooler::ours(), Pooler::theirs());
    let version = theirs.version().expect("PgBouncer has one");
    let mut report = String::new();
    for case in cases {
        if case.since.is_some_and(|since| version < since) {
            eprintln!("{}: PgBouncer {version:?} does not have it", case.name);
            continue;
        }
        let (ours, theirs) = thread::scope(|scope| {
            let theirs = scope.spawn(|| play(cluster, &theirs, case));
            let ours = play(cluster, &ours, case);
            (ours, theirs.join().expect("PgBouncer's side was played"))
        });
        judge(&mut report, case.name, version, &ours, &theirs);
    }
    assert!(report.is_empty(), "\n{report}");
}

fn play(cluster: &Cluster, pooler: &Pooler, case: &Case) -> Heard {
    let mut stage = Stage::new(cluster, pooler);
    (case.play)(&mut stage);
    let heard = std::mem::take(&mut stage.heard).into_iter();
    let plain = |lines: Vec<String>| lines.iter().map(|line| masked(line)).collect();
    heard.map(|(label, lines)| (label, plain(lines))).collect()
}

/// An error without its field V, which PostgreSQL has since 9.6 and so have we, and which
/// PgBouncer's own errors lack; of a notification what it carries, not from whom; the console
/// without its version.
fn masked(line: &str) -> String {
    if line.starts_with("S server_version ") && line.ends_with("/bouncer") {
        return "S server_version …/bouncer".to_owned();
    }
    match line.rsplit_once(' ') {
        Some((rest, payload)) if rest.starts_with("A ") => format!("A {payload}"),
        _ => line.replace(" VFATAL", "").replace(" VERROR", ""),
    }
}

fn judge(report: &mut String, case: &str, version: (u32, u32), ours: &Heard, theirs: &Heard) {
    let known: Vec<_> = KNOWN
        .iter()
        .chain(OLDER)
        .filter(|known| [case, "*"].contains(&known.case) && known.applies(version))
        .collect();
    let mut used = vec![false; known.len()];
    for (label, ours, theirs) in pairs(ours, theirs) {
        if ours == theirs {
            continue;
        }
        let found = known
            .iter()
            .position(|k| is_known(k, label, &ours, &theirs));
        match found {
            Some(place) => used[place] = true,
            None => {
                let _ = writeln!(report, "{case}: {label}");
                let _ = writeln!(report, "  PgBouncer: {theirs:#?}\n  pgsluice:  {ours:#?}");
            }
        }
    }
    for (known, used) in known.iter().zip(used) {
        // What is known of all cases need not be in each.
        if !used && known.case != "*" {
            let _ = writeln!(
                report,
                "{case}: {} is no difference: {}",
                known.label, known.why
            );
        }
    }
}

/// What both sides have heard under each label, of which one may come several times; nothing, where
/// a side was not let in and has not asked.
fn pairs<'a>(ours: &'a Heard, theirs: &'a Heard) -> Vec<(&'a str, Vec<String>, Vec<String>)> {
    let mut left: Vec<_> = theirs.iter().collect();
    let mut pairs = Vec::new();
    for (label, heard) in ours {
        let same = left.iter().position(|(other, _)| other == label);
        let other = same.map_or_else(Vec::new, |place| left.remove(place).1.clone());
        pairs.push((&**label, heard.clone(), other));
    }
    let rest = left.into_iter();
    pairs.extend(rest.map(|(label, heard)| (&**label, Vec::new(), heard.clone())));
    pairs
}

fn is_known(known: &Known, label: &str, ours: &[String], theirs: &[String]) -> bool {
    let says = |heard: &[String], part: &str| {
        part.is_empty() || heard.iter().any(|line| line.contains(part))
    };
    known.label == label && says(ours, known.ours) && says(theirs, known.theirs)
}
